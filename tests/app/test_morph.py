"""POST /api/v1/morph."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from tests.app.pictures import dog_photo, draw_face, photo, picture_of
from tests.app.tiny import LATENT

URL = "/api/v1/morph"


@pytest.fixture
def photos():
    return {"friend": photo(), "dog": dog_photo()}


def picture(answer):
    assert answer.status_code == 200, answer.text
    return Image.open(io.BytesIO(answer.content))


def test_a_strip_of_eleven_frames_is_the_default(client, photos):
    answer = client.post(URL, files=photos)
    assert answer.headers["content-type"] == "image/png"
    assert picture(answer).size == (11 * 12, 12)


@pytest.mark.parametrize("steps", [2, 3, 64])
def test_a_strip_is_steps_times_as_wide_as_high(client, photos, steps):
    assert picture(client.post(URL, files=photos, data={"steps": steps})).size == (steps * 12, 12)


@pytest.mark.parametrize("form", ["gif", "webp"])
def test_animations_go_there_and_back(client, photos, form):
    answer = client.post(URL, files=photos, data={"format": form, "steps": 5})
    assert answer.headers["content-type"] == f"image/{form}"
    assert answer.headers["content-disposition"] == f'inline; filename="friend-to-dog.{form}"'
    animation = picture(answer)
    assert (animation.size, animation.n_frames) == ((12, 12), 8)


def test_json_holds_the_frames_and_both_latents(client, photos):
    answer = client.post(URL, files=photos, data={"format": "json", "steps": 4}).json()
    assert [picture_of(url).size for url in answer["frames"]] == [(12, 12)] * 4
    assert answer["model"] == "faces"
    assert answer["walk"] == "linear"
    assert answer["latents"][0] == answer["friend"]["latent"]
    assert answer["latents"][-1] == answer["dog"]["latent"]
    for role in ("friend", "dog"):
        face = answer[role]
        assert len(face["latent"]) == LATENT
        assert picture_of(face["crop"]).size == picture_of(face["reconstruction"]).size == (12, 12)
        assert face["loss"] > 0
        assert 0 <= face["percentile"] <= 100


def test_the_strip_and_the_json_show_the_same(client, photos):
    strip = np.asarray(picture(client.post(URL, files=photos, data={"steps": 3})))
    urls = client.post(URL, files=photos, data={"steps": 3, "format": "json"}).json()["frames"]
    np.testing.assert_array_equal(strip, np.hstack([np.asarray(picture_of(u)) for u in urls]))


def test_a_spherical_walk_takes_another_way_between_the_same_ends(client, photos):
    walks = [
        client.post(URL, files=photos, data={"format": "json", "walk": walk}).json()["latents"]
        for walk in ("linear", "spherical")
    ]
    np.testing.assert_array_equal(np.array(walks)[0, [0, -1]], np.array(walks)[1, [0, -1]])
    assert not np.allclose(walks[0][5], walks[1][5])


def test_another_model_can_be_asked_for(client, photos):
    strip = picture(client.post(URL, files=photos, data={"model": "colour", "steps": 2}))
    assert (strip.size, strip.mode) == ((32, 16), "RGB")


def test_landmarks_say_where_the_face_is(client, photos):
    marks = '{"left_eye": [42, 48], "right_eye": [78, 48], "mouth": [60, 85], "nose": [60, 65]}'
    data = {"format": "json", "steps": 2}
    centred = client.post(URL, files=photos, data=data).json()
    placed = client.post(URL, files=photos, data=data | {"friend_landmarks": marks}).json()
    assert placed["friend"]["crop"] != centred["friend"]["crop"]
    assert placed["dog"] == centred["dog"]


def test_fields_left_empty_count_as_left_out(client, photos):
    data = {"model": "", "friend_landmarks": "", "dog_landmarks": "", "steps": ""}
    assert picture(client.post(URL, files=photos, data=data)).size == (132, 12)


def test_the_same_photos_give_the_same_bytes(client, photos):
    assert client.post(URL, files=photos).content == client.post(URL, files=photos).content


def frames_of(client, files, **fields):
    answer = client.post(URL, files=files, data=fields | {"format": "json"})
    assert answer.status_code == 200, answer.text
    frames = [np.asarray(picture_of(url)).astype(float) for url in answer.json()["frames"]]
    return answer.json(), np.stack(frames)


def aligned(client, photo, species, **fields):
    answer = client.post(
        "/api/v1/align", files={"photo": photo}, data=fields | {"species": species}
    )
    return np.asarray(picture(answer)).astype(float)


def test_a_morph_begins_and_ends_with_the_aligned_photos(client, photos):
    _, frames = frames_of(client, photos, steps=5)
    for k, role, species in ((0, "friend", "person"), (-1, "dog", "dog")):
        np.testing.assert_allclose(frames[k], aligned(client, photos[role], species), atol=1)


def test_without_detail_a_morph_is_the_models_own(client, photos):
    answer, frames = frames_of(client, photos, steps=3, detail=0)
    for k, role in ((0, "friend"), (-1, "dog")):
        redrawn = np.asarray(picture_of(answer[role]["reconstruction"])).astype(float)
        np.testing.assert_allclose(frames[k], redrawn, atol=1)


def test_frames_are_as_large_as_asked_for(client, photos):
    strip = picture(client.post(URL, files=photos, data={"steps": 3, "size": 100}))
    assert strip.size == (300, 100)
    _, frames = frames_of(client, photos, steps=3, size=64, model="colour")
    assert frames.shape == (3, 64, 64, 3)


@pytest.mark.parametrize("model", ["faces", "colour", "digits"])
def test_the_whole_photo_can_be_the_frame(client, photos, model):
    fields = {"steps": 3, "whole_photo": True, "model": model}
    _, frames = frames_of(client, photos, **fields)
    assert frames.shape[:3] == (3, 120, 120)
    original = np.asarray(draw_face().convert("RGB" if model == "colour" else "L")).astype(float)
    assert np.abs(frames[0] - original).mean() < 8
    changed = np.abs(frames[-1] - original).mean(axis=-1) if model == "colour" else frames[-1]
    assert changed.max() > 40


def test_a_whole_photo_is_made_as_small_as_asked_for(client, photos):
    _, frames = frames_of(client, photos, steps=2, whole_photo=True, size=60)
    assert frames.shape == (2, 60, 60)


def test_an_animation_can_hold_its_ends_and_go_one_way(client, photos):
    data = {"format": "gif", "steps": 5, "hold": 3, "ping_pong": False}
    assert picture(client.post(URL, files=photos, data=data | {"hold": 0})).n_frames == 5
    answer, _ = frames_of(client, photos, **(data | {"format": "json"}))
    assert answer["order"] == [0, 0, 0, 0, 1, 2, 3, 4, 4, 4, 4]
    animation = picture(client.post(URL, files=photos, data=data))
    durations = []
    for k in range(animation.n_frames):
        animation.seek(k)
        durations.append(animation.info["duration"])
    assert sum(durations) == 11 * 80


def test_a_gentle_start_is_slower(client, photos):
    eased = frames_of(client, photos, steps=9, easing="smooth")[0]["latents"]
    steady = frames_of(client, photos, steps=9)[0]["latents"]
    start, ways = np.array(steady[0]), [np.array(z[1]) for z in (eased, steady)]
    assert np.linalg.norm(ways[0] - start) < 0.5 * np.linalg.norm(ways[1] - start)


def test_every_walk_joins_the_same_ends(client, photos):
    ends = [
        [frames_of(client, photos, steps=3, walk=walk, model="colour")[1][k] for k in (0, -1)]
        for walk in ("linear", "norm", "principal", "even")
    ]
    for other in ends[1:]:
        np.testing.assert_array_equal(other, ends[0])


def test_a_friend_becomes_a_dog_without_a_photo_of_one(client, photos):
    friend = {"friend": photos["friend"]}
    answer, frames = frames_of(client, friend, model="colour")
    assert answer["dog"] is None
    assert np.abs(frames[0] - np.asarray(picture_of(answer["friend"]["crop"]))).mean() < 3
    assert np.abs(frames[-1] - frames[0]).mean() > 5
    stays, _ = frames_of(client, friend, model="colour", strength=0)
    np.testing.assert_allclose(stays["latents"][-1], stays["latents"][0], atol=1e-6)


def test_a_named_dog_and_a_random_one_can_be_asked_for(client, photos):
    friend = {"friend": photos["friend"]}
    listed = client.get("/api/v1/models").json()["models"]
    names = next(model["dogs"] for model in listed if model["name"] == "colour")
    assert names[0] == "Bella"
    ends = [
        frames_of(client, friend, model="colour", steps=2, **wish)[0]["latents"][-1]
        for wish in ({"dog_name": "Bella"}, {"dog_name": "bella"}, {"seed": 4}, {"seed": 4})
    ]
    assert ends[0] == ends[1]
    assert ends[2] == ends[3] != ends[0]
    nearest = frames_of(client, friend, model="colour", steps=2, dog_name="nearest")
    assert nearest[0]["latents"][-1]


def test_an_animation_is_as_fast_and_goes_as_it_is_asked_to(client, photos):
    order = {"format": "gif", "steps": 4, "fps": 20, "hold": 2, "ping_pong": False}
    played = Image.open(io.BytesIO(client.post(URL, files=photos, data=order).content))
    shown = [(played.seek(i), played.info["duration"])[1] for i in range(played.n_frames)]
    assert sum(shown) == (2 + 4 + 2) * 50  # frames alike are one that stays longer


def test_a_zip_has_the_frames_one_by_one(client, photos):
    answer = client.post(URL, files=photos, data={"format": "zip", "steps": 3})
    assert answer.headers["content-type"] == "application/zip"
    assert zipfile.ZipFile(io.BytesIO(answer.content)).namelist() == ["1.png", "2.png", "3.png"]

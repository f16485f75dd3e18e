"""POST /api/v1/morph."""

import io

import numpy as np
import pytest
from PIL import Image

from tests.app.pictures import dog_photo, photo, picture_of
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

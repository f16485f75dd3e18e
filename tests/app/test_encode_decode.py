"""POST /api/v1/encode and /api/v1/decode, which undo each other as well as the model can."""

import io

import pytest
from PIL import Image

from tests.app.pictures import photo, picture_of
from tests.app.tiny import LATENT


def encode(client, **data):
    answer = client.post("/api/v1/encode", files={"photo": photo()}, data=data)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_photo_has_a_latent_a_reconstruction_and_a_place_among_the_training_pictures(client):
    answer = encode(client)
    assert answer["model"] == "faces"
    assert len(answer["latent"]) == LATENT
    assert picture_of(answer["reconstruction"]).size == (12, 12)
    assert answer["loss"] > 0
    assert 0 <= answer["percentile"] <= 100


def test_a_dogs_landmarks_need_a_nose_and_a_persons_a_mouth(client):
    marks = '{"left_eye": [42, 48], "right_eye": [78, 48], "nose": [60, 65]}'
    assert encode(client, species="dog", landmarks=marks)["latent"]
    files, data = {"photo": photo()}, {"species": "person", "landmarks": marks}
    refused = client.post("/api/v1/encode", files=files, data=data)
    assert refused.status_code == 422
    assert "mouth" in refused.json()["detail"]


def test_decoding_a_photos_latent_gives_its_reconstruction(client):
    face = encode(client)
    body = {"latents": [face["latent"]], "format": "json"}
    answer = client.post("/api/v1/decode", json=body).json()
    assert answer == {"model": "faces", "frames": [face["reconstruction"]]}


@pytest.mark.parametrize(("form", "kind"), [("strip", "PNG"), ("gif", "GIF"), ("webp", "WEBP")])
def test_latents_are_decoded_in_every_format(client, form, kind):
    body = {"latents": [[0.0] * LATENT, [1.0] * LATENT], "model": "colour", "format": form}
    answer = client.post("/api/v1/decode", json=body)
    picture = Image.open(io.BytesIO(answer.content))
    assert picture.format == kind
    assert picture.size == ((32, 16) if form == "strip" else (16, 16))


def test_one_latent_is_one_picture(client):
    answer = client.post("/api/v1/decode", json={"latents": [[0.5] * LATENT]})
    assert Image.open(io.BytesIO(answer.content)).size == (12, 12)


@pytest.mark.parametrize("number", [1e6, -1e6])
def test_the_farthest_latents_still_make_a_picture(client, number):
    body = {"latents": [[number] * LATENT], "format": "gif"}
    assert client.post("/api/v1/decode", json=body).status_code == 200

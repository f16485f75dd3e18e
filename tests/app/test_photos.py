"""Photos as phones and programs make them all show the same face."""

from dataclasses import replace

import numpy as np
import pytest

from app.morphing import Morpher
from app.portraits import Portrait
from tests.app import pictures
from tests.app.pictures import as_bytes, draw_face, photo, picture_of
from vae_core.imaging.landmarks import Landmarks
from vae_core.imaging.photo import read_photo


def crop_of(client, data):
    answer = client.post("/api/v1/encode", files={"photo": data}, data={"model": "colour"})
    assert answer.status_code == 200, answer.text
    return np.asarray(picture_of(answer.json()["crop"]), float)


GREY = draw_face().convert("L")

PHOTOS = {
    "jpeg": lambda: photo(quality=95),
    "progressive jpeg": lambda: photo(quality=95, progressive=True),
    "cmyk jpeg": lambda: pictures.as_bytes(draw_face().convert("CMYK"), quality=95),
    "turned upside down": lambda: pictures.as_phones_send(3),
    "lying on its side": lambda: pictures.as_phones_send(6),
    "large": lambda: pictures.as_bytes(draw_face(2400, 2400)),
    "png with alpha": pictures.with_alpha,
    "png with a palette": lambda: pictures.as_bytes(draw_face().quantize(64), "PNG"),
    "webp": lambda: photo("WEBP", quality=95),
    "avif": lambda: photo("AVIF", quality=95),
    "gif": lambda: photo("GIF"),
    "heic": pictures.HEIC.read_bytes,
}


@pytest.mark.parametrize("kind", PHOTOS)
def test_every_kind_of_photo_is_the_same_face(client, kind):
    expected = crop_of(client, photo("PNG"))
    assert np.abs(crop_of(client, PHOTOS[kind]()) - expected).mean() < 6


@pytest.mark.parametrize("kind", ["8 bit", "16 bit"])
def test_grey_photos_keep_their_shades(client, kind):
    data = pictures.grey_16_bit() if kind == "16 bit" else pictures.as_bytes(GREY, "PNG")
    expected = crop_of(client, pictures.as_bytes(GREY.convert("RGB"), "PNG"))
    assert np.abs(crop_of(client, data) - expected).max() <= 1


@pytest.mark.parametrize(("size", "seen"), [(960, 120), (240, 30), (40, 40)])
def test_a_photo_whose_face_is_known_is_read_once_and_just_large_enough(models, size, seen):
    sizes = []

    def read(data, enough, limits):
        photo = read_photo(data, enough, limits)
        sizes.append(photo.image.size)
        return photo

    eyes = {"left_eye": (size * 0.35, size * 0.4), "right_eye": (size * 0.65, size * 0.4)}
    landmarks = Landmarks(**eyes, nose=(size * 0.5, size * 0.5), mouth=(size * 0.5, size * 0.7))
    portrait = Portrait(as_bytes(draw_face(size, size)), "person", landmarks)
    morpher = replace(Morpher.from_folder(models, "colour"), read=read)
    morpher.encode(portrait)
    assert sizes == [(seen, seen)]

"""PNG files as Pillow, and so everyone, reads them."""

import io

import numpy as np
import pytest
from PIL import Image

from vae_core.imaging.png import write_png


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB")])
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (7, 1), (50, 550), (201, 1000)], ids=str)
def test_every_pixel_comes_back(channels, mode, size, rng):
    picture = rng.integers(0, 256, (*size, channels), np.uint8)
    image = Image.open(io.BytesIO(write_png(picture, {})))
    assert image.mode == mode
    np.testing.assert_array_equal(np.asarray(image).reshape(picture.shape), picture)


def test_texts_are_kept_beside_the_pixels(rng):
    texts = {"Description": "Grüße", "XML:com.adobe.xmp": "<x/>"}
    picture = rng.integers(0, 256, (3, 4, 3), np.uint8)
    image = Image.open(io.BytesIO(write_png(picture, texts)))
    image.load()
    assert {k: str(v) for k, v in image.text.items()} == texts


def test_a_smooth_picture_is_packed_smaller_than_its_pixels():
    ramp = np.linspace(0, 255, 128).astype(np.uint8)
    picture = np.broadcast_to(ramp[:, None, None], (128, 128, 3))
    assert len(write_png(picture, {})) < picture.size / 20

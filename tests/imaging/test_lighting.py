"""Light is taken out before the model looks and given back afterwards."""

import numpy as np
import pytest
from PIL import Image

from vae_core.imaging.align import align, face_frame
from vae_core.imaging.lighting import NEUTRAL, Light, measure_light, middle_weights, restore_light
from vae_core.imaging.photo import Photo

LEVEL = (0.48, 0.17)


@pytest.fixture
def picture(rng):
    smooth = np.kron(rng.uniform(0.3, 0.7, (10, 10, 1)), np.ones((5, 5, 1)))
    return smooth.astype(np.float32)


@pytest.mark.parametrize("channels", [1, 3])
def test_normalised_pictures_have_the_level_asked_for(picture, channels):
    pixels = np.repeat(picture, channels, axis=2)
    normal = measure_light(pixels, LEVEL).normalise(pixels)
    again = measure_light(normal, LEVEL)
    assert again.gain == pytest.approx(1, abs=0.02)
    assert again.offset == pytest.approx(0, abs=0.02)


def test_the_way_back_is_exact_where_nothing_was_cut(picture):
    light = measure_light(picture, LEVEL)
    back = restore_light(light.normalise(picture)[None], light, light)[0]
    np.testing.assert_allclose(back, picture, atol=1e-5)


@pytest.mark.parametrize("change", [lambda x: 0.5 * x, lambda x: 0.3 + 0.6 * x])
def test_darker_and_flatter_copies_look_the_same_to_the_model(picture, change):
    copies = [picture, change(picture).astype(np.float32)]
    seen = [measure_light(p, LEVEL).normalise(p) for p in copies]
    np.testing.assert_allclose(*seen, atol=1e-4)


def test_a_blank_picture_is_not_blown_up():
    blank = np.full((20, 20, 1), 0.9, np.float32)
    seen = measure_light(blank, LEVEL).normalise(blank)
    np.testing.assert_allclose(seen, LEVEL[0], atol=1e-5)


def test_frames_go_from_one_light_to_the_other():
    frames = np.full((3, 2, 2, 1), 0.5, np.float32)
    lit = restore_light(frames, Light(1.0, 0.1), Light(0.4, -0.1))
    np.testing.assert_allclose(lit[:, 0, 0, 0], [0.6, 0.35, 0.1], atol=1e-6)
    assert lit.dtype == np.float32


def test_neutral_light_costs_nothing():
    frames = np.ones((2, 2, 2, 1), np.float32)
    assert restore_light(frames, NEUTRAL, NEUTRAL) is frames


def test_the_weights_sum_to_one_and_peak_on_the_face():
    weights = middle_weights(50, 50)
    assert weights.sum() == pytest.approx(1, abs=1e-5)
    assert np.unravel_index(weights.argmax(), weights.shape)[0] in range(24, 30)


def test_only_a_frame_with_a_level_normalises():
    photo = Photo(Image.new("RGB", (60, 60), (40, 40, 40)), 60, 60)
    plain = align(photo, face_frame(50, 1))
    assert plain.light == NEUTRAL
    np.testing.assert_allclose(plain.pixels, 40 / 255, atol=1e-5)

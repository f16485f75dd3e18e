"""A morph put back into the photo: where it was, soft at its border, and nothing else changed."""

import numpy as np
import pytest
from PIL import Image

from vae_core.imaging.align import Similarity, align, face_frame
from vae_core.imaging.landmarks import Landmarks
from vae_core.imaging.paste import canvas_of, fading, put_back, side_on_canvas
from vae_core.imaging.photo import Photo

FRAME = face_frame(60, channels=3)
FACE = Landmarks((150, 110), (190, 118), nose=(166, 140), mouth=(160, 160))


@pytest.fixture
def photo(rng):
    forms = Image.fromarray(rng.integers(0, 256, (8, 10, 3), np.uint8))
    return Photo(forms.resize((320, 240), Image.Resampling.BICUBIC), 320, 240)


def test_a_face_put_back_unchanged_leaves_the_photo_as_it_was(photo):
    canvas, rate = canvas_of(photo, 3, longest=1000)
    assert (canvas.shape, rate) == ((240, 320, 3), 1)
    crop = align(photo, FRAME, FACE)
    whole = put_back(canvas, crop.pixels[None], crop.to_photo)
    np.testing.assert_allclose(whole[0], canvas, atol=0.05)


def test_another_face_shows_in_the_middle_and_nowhere_outside_the_frame(photo):
    canvas, _ = canvas_of(photo, 3, longest=320)
    crop = align(photo, FRAME, FACE)
    whole = put_back(canvas, np.ones((2, 60, 60, 3), np.float32), crop.to_photo)[1]
    x, y = crop.to_photo.apply(np.array([[30, 30]]))[0].astype(int)
    np.testing.assert_array_equal(whole[y, x], 1)
    changed = np.abs(whole - canvas).max(axis=2) > 0
    rows, columns = np.nonzero(changed)
    inside = crop.to_photo.inverse().apply(np.stack([columns + 0.5, rows + 0.5], axis=1))
    assert inside.min() >= 0
    assert inside.max() <= 60


def test_the_border_is_soft(photo):
    canvas = np.zeros((100, 100, 3), np.float32)
    whole = put_back(canvas, np.ones((1, 40, 40, 3), np.float32), Similarity(2, 10 + 10j))[0]
    assert whole.max() == 1
    assert np.abs(np.diff(whole, axis=0)).max() < 0.15
    assert np.abs(np.diff(whole, axis=1)).max() < 0.15


def test_a_frame_that_leaves_the_photo_is_cut_off():
    canvas = np.zeros((50, 50, 1), np.float32)
    for shift in (-30 - 30j, 40 + 40j, 500 + 0j):
        whole = put_back(canvas, np.ones((1, 40, 40, 1), np.float32), Similarity(1, shift))
        assert whole.shape == (1, 50, 50, 1)
        assert np.isfinite(whole).all()


def test_a_large_photo_is_made_as_small_as_was_asked_for(photo):
    canvas, rate = canvas_of(photo, 1, longest=80)
    assert (canvas.shape, rate) == ((60, 80, 1), 0.25)
    to_photo = align(photo, FRAME, FACE).to_photo
    assert side_on_canvas(FRAME, to_photo, rate) == pytest.approx(15 * to_photo.scale, abs=1)


def test_fading_is_nothing_at_both_ends_and_all_in_the_middle():
    share = fading(np.linspace(-0.2, 1.2, 141))
    assert share[20] == share[120] == 0
    assert (share[[0, -1]] == 0).all()
    assert (share[40:101] == 1).all()

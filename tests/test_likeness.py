"""Recognition by fine features, and structural similarity."""

import numpy as np
import pytest

from vae_core.imaging.align import HEAD_RGB_128, face_frame
from vae_core.likeness import band, cycles_across, face_mask, fine_features, likeness, ssim

FRAME = face_frame(64, channels=3)


@pytest.fixture
def faces(rng):
    """Pictures with features of every size."""
    return rng.random((12, 64, 64, 3)).astype(np.float32)


def test_a_picture_is_recognised_as_itself(faces):
    found = likeness(faces, faces, FRAME)
    assert found.recognised == 1
    assert found.own == pytest.approx(1, abs=1e-5)
    assert found.other < 0.5


def test_exchanged_pictures_are_not(faces):
    assert likeness(faces, np.roll(faces, 1, axis=0), FRAME).recognised == 0


def test_brightness_and_contrast_do_not_count(faces):
    np.testing.assert_allclose(
        fine_features(0.3 * faces + 0.4, FRAME), fine_features(faces, FRAME), atol=1e-4
    )


def test_broad_shading_does_not_count(faces):
    shade = np.linspace(0, 1, 64, dtype=np.float32)[None, None, :, None]
    assert likeness(faces, faces + shade, FRAME).recognised == 1
    assert likeness(faces, 0 * faces + shade, FRAME).recognised < 0.5


def test_what_is_outside_the_face_does_not_count(faces):
    outside = ~face_mask(FRAME)
    changed = faces.copy()
    changed[:, outside] = 0.5
    assert likeness(faces, changed, FRAME).own > 0.7
    assert 0.3 < face_mask(FRAME).mean() < 0.8


def test_a_band_keeps_its_waves_and_no_others():
    x = np.cos(np.pi * (np.arange(64) + 0.5) * 20 / 64)[None, None, :, None] * np.ones(
        (1, 64, 1, 1)
    )
    np.testing.assert_allclose(band(x, 9, 11), x, atol=1e-9)
    np.testing.assert_allclose(band(x, 11, 20), 0, atol=1e-9)


def test_the_fine_bands_are_counted_across_the_face():
    low, high = cycles_across(HEAD_RGB_128)
    assert low == pytest.approx(8 / (2.2 * 0.32))
    assert high == 4 * low


def test_equal_pictures_are_wholly_similar_and_others_less(faces):
    np.testing.assert_allclose(ssim(faces, faces), 1, rtol=1e-5)
    assert (ssim(faces, faces[::-1]) < 0.5).all()


def test_similarity_of_plain_pictures_is_that_of_their_means():
    """Without structure eq. 13 leaves the luminance term."""
    x, y = np.full((2, 1, 16, 16, 1), [[[[[0.2]]]], [[[[0.6]]]]])
    assert ssim(x, y)[0] == pytest.approx((2 * 0.12 + 1e-4) / (0.04 + 0.36 + 1e-4), rel=1e-5)

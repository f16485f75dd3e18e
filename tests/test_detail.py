"""A morph with both photos' detail: exact ends, one creature at a time; without it, the model."""

import numpy as np
import pytest

from vae_core.detail import SHARES, End, Walked, bands_of, compose, lateness, share_passed, sum_of
from vae_core.imaging.warp import enlarge, shrink
from vae_core.metrics import gradient_energy

FACE = np.array([[0.34, 0.40], [0.66, 0.40], [0.50, 0.58], [0.50, 0.72]])
OTHER = np.array([[0.36, 0.42], [0.67, 0.38], [0.52, 0.66], [0.50, 0.82]])
T = np.linspace(0, 1, 9)


@pytest.fixture
def ends(rng):
    return End(photo(rng, 64), FACE), End(photo(rng, 64), OTHER)


@pytest.fixture
def imagined(rng):
    return rng.random((len(T), 32, 32, 3), np.float32)


def each_of(pictures):
    return Walked(pictures, np.eye(len(pictures), dtype=np.float32))


def photo(rng, size, channels=3):
    """Coarse forms and fine grain; it leaves [0, 1], as a photo in the model's light may."""
    forms = enlarge(rng.random((6, 6, channels)).astype(np.float32), size, size)
    grain = rng.standard_normal((size // 2, size // 2, channels)).astype(np.float32)
    return forms + 0.4 * enlarge(grain, size, size)


def test_the_ends_are_the_photos(ends, imagined):
    frames = compose(each_of(imagined), *ends, T)
    assert frames.shape == (9, 64, 64, 3)
    assert frames.dtype == np.float32
    np.testing.assert_allclose(frames[0], ends[0].picture, atol=0.1 / 255)
    np.testing.assert_allclose(frames[-1], ends[1].picture, atol=0.1 / 255)


def test_without_detail_there_is_only_what_was_imagined(ends, imagined):
    frames = compose(each_of(imagined), *ends, T, detail=0)
    for frame, picture in zip(frames, imagined, strict=True):
        np.testing.assert_array_equal(frame, enlarge(picture, 64, 64))


def test_a_walk_s_frames_are_mixtures_of_its_pictures_at_any_size(rng):
    pictures = rng.random((3, 8, 6, 2), np.float32)
    walked = Walked(pictures, np.array([[1, 0, 0], [0.5, 0.25, 0.25]], np.float32))
    mixed = 0.5 * pictures[0] + 0.25 * pictures[1] + 0.25 * pictures[2]
    assert len(walked) == 2
    np.testing.assert_allclose(walked.frames(), [pictures[0], mixed], atol=1e-6)
    np.testing.assert_allclose(walked.frames(slice(1, 2)), [mixed], atol=1e-6)
    np.testing.assert_allclose(
        walked.shrunk(4, 3).frames(), shrink(walked.frames(), 4, 3), atol=1e-6
    )


def test_some_detail_is_that_share_of_the_way_from_none_to_all(ends, imagined):
    none, some, full = (compose(each_of(imagined), *ends, T, detail) for detail in (0, 0.3, 1))
    np.testing.assert_allclose(some, 0.7 * none + 0.3 * full, atol=1e-5)


def test_the_middle_keeps_the_grain_that_an_average_of_both_loses(ends, imagined):
    first, last = (end.picture for end in ends)
    middle = compose(each_of(imagined), *ends, T)[4:5]
    sharp = gradient_energy(np.stack([first, last])).mean()
    assert gradient_energy(middle) > 0.6 * sharp
    assert gradient_energy((first + last)[None] / 2) < 0.6 * sharp


def test_a_morph_of_a_photo_into_itself_stays_that_photo(rng):
    end = End(photo(rng, 48), FACE)
    still = np.repeat(end.picture[None], 3, axis=0)
    np.testing.assert_allclose(
        compose(each_of(still), end, end, np.array([0, 0.4, 1])), still, atol=1e-4
    )


def test_landmarks_of_both_photos_meet_before_they_are_mixed(imagined):
    """Two dots, one for each photo's nose, are never both to be seen."""
    grid = (np.arange(64) + 0.5) / 64
    pictures = [
        np.exp(-((grid[:, None] - y) ** 2 + (grid[None] - x) ** 2) / 0.001)[..., None]
        for x, y in (FACE[2], OTHER[2])
    ]
    ends = (End(p.astype(np.float32), q) for p, q in zip(pictures, (FACE, OTHER), strict=True))
    grey = np.zeros((len(T), 16, 16, 1), np.float32)
    for t, frame in zip(T, compose(each_of(grey), *ends, T), strict=True):
        x, y = (1 - t) * FACE[2] + t * OTHER[2]
        near = (grid[:, None] - y) ** 2 + (grid[None] - x) ** 2 < 0.09**2
        outside = np.abs(frame[..., 0])[~near].max()
        assert outside < 0.1, t


@pytest.mark.parametrize("shape", [(12, 12, 1), (10, 8, 1), (50, 50, 1), (1, 1, 3)])
def test_any_size_will_do_also_without_landmarks(shape, rng):
    nowhere = np.zeros((0, 2))
    first, last = (rng.random(shape, np.float32) for _ in range(2))
    imagined = rng.random((4, *shape), np.float32)
    frames = compose(
        each_of(imagined), End(first, nowhere), End(last, nowhere), np.linspace(0, 1, 4)
    )
    np.testing.assert_allclose(frames[[0, -1]], [first, last], atol=1e-5)


@pytest.mark.parametrize("share", SHARES)
def test_every_place_passes_once_and_wholly(share):
    late = lateness(np.array([0.5, 0.4]), 32, 32)
    passed = np.stack([share_passed(late, t, share) for t in np.linspace(0, 1, 41)])
    assert (passed[0] == 0).all()
    assert (passed[-1] == 1).all()
    assert (np.diff(passed, axis=0) >= -1e-6).all()


def test_the_corners_pass_first_and_the_eyes_last():
    late = lateness(np.array([0.5, 0.4]), 100, 100)[..., 0]
    assert late.argmax() == np.ravel_multi_index((39, 49), late.shape)
    assert late[-1, 0] == late.min()
    assert 0 < late.min() < 0.2
    assert late.max() == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("size", [1, 3, 12, 64])
def test_bands_add_up_to_the_picture(size, rng):
    picture = rng.random((size, size, 2), np.float32)
    bands = bands_of(picture)
    assert len(bands) == len(SHARES)
    np.testing.assert_allclose(sum_of(bands), picture, atol=1e-6)


def test_colours_change_slowly_and_edges_at_once():
    """Half way more places are of a mixed colour than have half of the grain."""
    nowhere = np.zeros((0, 2))
    dark, light = (np.full((64, 64, 1), level, np.float32) for level in (0.2, 0.8))
    grey, half_way = np.full((1, 8, 8, 1), 0.5, np.float32), np.array([0.5])
    flat = compose(each_of(grey), End(dark, nowhere), End(light, nowhere), half_way)[0]
    assert flat[-1, 0] > flat[25, 32]
    mixed = np.abs(flat - 0.5) < 0.25
    grain = 0.1 * (-1.0) ** np.add.outer(np.arange(64), np.arange(64))[..., None].astype(np.float32)
    rough = compose(each_of(grey), End(dark + grain, nowhere), End(light, nowhere), half_way)[0]
    undecided = np.abs(np.abs(rough - flat) - 0.05) < 0.03
    assert mixed.mean() > 0.4 > 0.25 > undecided.mean()

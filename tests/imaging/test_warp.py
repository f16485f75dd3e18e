"""Warps bring landmarks together and leave the rest alone; coarse becomes fine and fine coarse."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vae_core.imaging.warp import ANCHORS, NODES, bilinear, enlarge, pull, shrink, thin_plate, warps

FACE = np.array([[0.34, 0.40], [0.66, 0.40], [0.50, 0.58], [0.50, 0.72]])
OTHER = np.array([[0.30, 0.42], [0.67, 0.38], [0.52, 0.66], [0.50, 0.82]])


def spots(points, size=96):
    """A picture with a soft spot at each point, in a channel of its own."""
    at = (np.arange(size) + 0.5) / size
    return np.stack(
        [np.exp(-((at[:, None] - y) ** 2 + (at[None] - x) ** 2) / 0.002) for x, y in points], axis=2
    ).astype(np.float32)


def centre_of(spot):
    at = (np.arange(len(spot)) + 0.5) / len(spot)
    return [(spot.sum(axis=0) @ at) / spot.sum(), (spot.sum(axis=1) @ at) / spot.sum()]


def test_a_spline_has_its_values_at_its_centres(rng):
    values = rng.standard_normal((4, 2))
    np.testing.assert_allclose(thin_plate(FACE, FACE) @ values, values, atol=1e-3)


def test_a_spline_of_an_affine_map_is_that_map_everywhere(rng):
    centres, places = rng.random((9, 2)), rng.random((30, 2))
    matrix, shift = rng.standard_normal((2, 2)), rng.standard_normal(2)
    np.testing.assert_allclose(
        thin_plate(centres, places) @ (centres @ matrix + shift), places @ matrix + shift, atol=1e-9
    )


def test_landmarks_come_to_lie_where_they_are_wanted():
    moved = pull(spots(OTHER), warps(FACE, OTHER)[0])
    for k, point in enumerate(FACE):
        np.testing.assert_allclose(centre_of(moved[..., k]), point, atol=0.015)


@given(st.sampled_from([(12, 12, 1), (50, 50, 1), (33, 20, 3), (1, 4, 1)]), st.booleans())
def test_a_warp_to_its_own_place_changes_nothing(shape, marked):
    picture = np.random.default_rng(1).random(shape, np.float32)
    points = FACE if marked else np.zeros((0, 2))
    np.testing.assert_allclose(pull(picture, warps(points, points)[0]), picture, atol=2e-5)


def test_the_border_keeps_its_place():
    warp = warps(FACE, OTHER)[0]
    for x, y in ANCHORS:
        node = int(y * (NODES - 1)), int(x * (NODES - 1))
        np.testing.assert_allclose(warp[node], [x, y], atol=2e-3)


def test_landmarks_that_coincide_still_make_a_finite_warp():
    same = FACE.copy()
    same[3] = same[2]
    for warp in warps(same, OTHER, FACE):
        assert np.isfinite(warp).all()
        assert (warp >= 0).all()
        assert (warp <= 1).all()


@pytest.mark.parametrize("sizes", [(5, 7, 11, 20), (6, 6, 48, 48), (8, 8, 8, 8)])
def test_shrinking_is_the_adjoint_of_enlarging_up_to_its_weights(sizes, rng):
    h, w, height, width = sizes
    fine, coarse = rng.random((height, width, 1)), rng.random((h, w, 1))
    ones = enlarge(np.ones((h, w, 1), np.float32), height, width)
    np.testing.assert_allclose(ones, 1, atol=1e-6)
    weight = adjoint(np.ones((height, width, 1)), h, w)
    left = (shrink(fine, h, w) * weight * coarse).sum()
    np.testing.assert_allclose(left, (fine * enlarge(coarse, height, width)).sum(), rtol=1e-5)


def adjoint(fine, h, w):
    """<enlarge(e), fine> for every unit picture e."""
    height, width, _ = fine.shape
    units = np.eye(h * w, dtype=np.float64).reshape(h * w, h, w, 1)
    return np.array([(enlarge(e, height, width) * fine).sum() for e in units]).reshape(h, w, 1)


def test_what_is_smooth_survives_shrinking_and_enlarging():
    picture = spots([(0.5, 0.45)], 64)[:, :, :1] ** 0.05
    np.testing.assert_allclose(enlarge(shrink(picture, 16, 16), 64, 64), picture, atol=0.03)


@pytest.mark.parametrize("shape", [(1, 5, 2), (5, 1, 2), (1, 1, 3), (4, 6, 1)])
def test_a_lookup_is_linear_between_pixels_however_small_a_picture_is(shape, rng):
    picture = rng.random(shape, np.float32)
    y, x = (rng.uniform(0, side - 1, 20) if side > 1 else np.zeros(20) for side in shape[:2])
    h, w = (
        np.maximum(0, 1 - abs(at[:, None] - np.arange(n)))
        for at, n in zip((y, x), shape[:2], strict=True)
    )
    np.testing.assert_allclose(
        bilinear(picture, x, y), np.einsum("nh,hwc,nw->nc", h, picture, w), atol=1e-5
    )


def test_a_place_that_is_none_is_looked_up_all_the_same(rng):
    picture, nowhere = rng.random((4, 4, 3), np.float32), np.full(3, np.nan)
    with np.errstate(invalid="ignore"):
        assert bilinear(picture, nowhere, nowhere).shape == (3, 3)

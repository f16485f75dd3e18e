"""Walks: exact ends, the shape of the trajectory, and latents that are refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from vae_core.errors import ConfigError, LatentsError
from vae_core.latent import WALKS, walk, walk_at

NUMBERS = st.floats(-1e6, 1e6, width=32)
KINDS = st.sampled_from(sorted(WALKS))


@given(KINDS, st.integers(2, 9), hnp.arrays(np.float32, (2, 5), elements=NUMBERS))
def test_both_ends_are_exact_bit_for_bit(kind, steps, ends):
    latents = walk(ends[0], ends[1], steps, kind)
    assert latents.shape == (steps, 5)
    assert latents.dtype == np.float32
    assert latents[0].tobytes() == ends[0].tobytes()
    assert latents[-1].tobytes() == ends[1].tobytes()


@given(
    KINDS.filter(lambda kind: kind != "principal"),
    hnp.arrays(np.float32, (2, 3), elements=NUMBERS),
)
def test_the_way_back_is_the_same_walk(kind, ends):
    there, back = walk(ends[0], ends[1], 7, kind), walk(ends[1], ends[0], 7, kind)
    np.testing.assert_allclose(there, back[::-1], rtol=1e-5, atol=1e-5 * abs(ends).max())


def test_linear_steps_are_equal(rng):
    start, end = rng.standard_normal((2, 4))
    latents = walk(start, end, 5)
    np.testing.assert_allclose(latents[2], (start + end) / 2, rtol=1e-6)
    np.testing.assert_allclose(np.diff(latents, axis=0), [(end - start) / 4] * 4, rtol=1e-5)


def test_spherical_keeps_the_norm_and_turns_by_equal_angles(rng):
    start, end = rng.standard_normal((2, 50))
    end *= np.linalg.norm(start) / np.linalg.norm(end)
    latents = walk(start, end, 8, "spherical")
    norms = np.linalg.norm(latents, axis=1)
    np.testing.assert_allclose(norms, np.linalg.norm(start), rtol=1e-6)
    cosines = (latents[1:] * latents[:-1]).sum(axis=1) / norms[0] ** 2
    np.testing.assert_allclose(cosines, cosines[0], rtol=1e-5)


@pytest.mark.parametrize("factor", [2.0, 1.0, 0.0, -1.0, 1 + 1e-9])
def test_parallel_zero_and_opposite_latents_are_walked_in_a_straight_line(factor, rng):
    start = rng.standard_normal(6)
    spherical = walk(start, factor * start, 5, "spherical")
    np.testing.assert_array_equal(spherical, walk(start, factor * start, 5, "linear"))


def test_a_norm_preserving_walk_is_never_nearer_to_the_origin_than_both_ends(rng):
    start, end = rng.standard_normal((2, 50))
    end *= 2 * np.linalg.norm(start) / np.linalg.norm(end)
    latents = walk(start, end, 9, "norm")
    norms = np.linalg.norm(latents, axis=1) / np.linalg.norm(start)
    np.testing.assert_allclose(norms, np.linspace(1, 2, 9), rtol=1e-6)
    line = walk(start, end, 9)
    cosines = (latents * line).sum(axis=1) / norms / np.linalg.norm(line, axis=1)
    np.testing.assert_allclose(cosines, np.linalg.norm(start), rtol=1e-5)


def test_opposite_ends_of_a_norm_preserving_walk_meet_at_the_origin(rng):
    start = rng.standard_normal(4)
    latents = walk(start, -start, 5, "norm")
    np.testing.assert_allclose(latents[[1, 3]], [start, -start], rtol=1e-5)
    np.testing.assert_allclose(latents[2], 0, atol=1e-7)


def test_a_principal_walk_goes_along_the_first_axis_first_and_the_last_one_last(rng):
    axes = np.linalg.qr(rng.standard_normal((4, 4)))[0]
    start, end = rng.standard_normal((2, 4))
    way = walk_at(start, end, np.linspace(0, 1, 41), "principal", axes) @ axes.T
    passed = (way - axes @ start) / (axes @ (end - start))
    assert (np.diff(passed, axis=0) > -1e-5).all()
    half_way = (passed >= 0.499).argmax(axis=0) / 40
    np.testing.assert_allclose(half_way, [0.25, 0.425, 0.575, 0.75], atol=0.03)


def test_positions_decide_where_on_the_way_a_latent_is(rng):
    start, end = rng.standard_normal((2, 3))
    latents = walk_at(start, end, np.array([0.0, 0.1, 1.0]))
    np.testing.assert_allclose(latents[1], 0.9 * start + 0.1 * end, rtol=1e-5)
    assert latents[2].tobytes() == end.astype(np.float32).tobytes()


def test_two_zero_latents_are_a_walk_that_stays():
    np.testing.assert_array_equal(walk(np.zeros(3), np.zeros(3), 4, "spherical"), np.zeros((4, 3)))


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (np.zeros(3), np.zeros(4)),
        (np.zeros((1, 3)), np.zeros((1, 3))),
        (np.zeros(()), np.zeros(())),
        (np.array([0.0, np.nan]), np.zeros(2)),
        (np.zeros(2), np.array([np.inf, 0.0])),
    ],
)
def test_latents_that_cannot_be_joined_are_refused(start, end):
    with pytest.raises(LatentsError):
        walk(start, end, 3)


def test_a_walk_of_one_step_and_an_unknown_walk_are_refused():
    with pytest.raises(ConfigError, match="at least two"):
        walk(np.zeros(2), np.ones(2), 1)
    with pytest.raises(ConfigError, match="'zigzag'; there are linear, spherical, norm"):
        walk(np.zeros(2), np.ones(2), 3, "zigzag")

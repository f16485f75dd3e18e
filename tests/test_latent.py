"""Walks: exact ends, the shape of the trajectory, and latents that are refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from vae_core.errors import ConfigError, LatentsError
from vae_core.latent import WALKS, walk

NUMBERS = st.floats(-1e6, 1e6, width=32)
KINDS = st.sampled_from(sorted(WALKS))


@given(KINDS, st.integers(2, 9), hnp.arrays(np.float32, (2, 5), elements=NUMBERS))
def test_both_ends_are_exact_bit_for_bit(kind, steps, ends):
    latents = walk(ends[0], ends[1], steps, kind)
    assert latents.shape == (steps, 5)
    assert latents.dtype == np.float32
    assert latents[0].tobytes() == ends[0].tobytes()
    assert latents[-1].tobytes() == ends[1].tobytes()


@given(KINDS, hnp.arrays(np.float32, (2, 3), elements=NUMBERS))
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
    with pytest.raises(ConfigError, match="'zigzag'; there are linear, spherical"):
        walk(np.zeros(2), np.ones(2), 3, "zigzag")

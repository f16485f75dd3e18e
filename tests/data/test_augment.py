"""Training pictures seen otherwise."""

import numpy as np
import pytest

from vae_core.data.augment import Moves, mirrored, moved


def test_mirroring_turns_the_chosen_pictures_and_changes_nothing_else(rng):
    x = rng.random((4, 3, 4, 1), np.float32)
    y = mirrored(x, np.array([True, False, False, True]))
    np.testing.assert_array_equal(y, [x[0, :, ::-1], x[1], x[2], x[3, :, ::-1]])
    assert y.dtype == np.float32


def ramps(n):
    """Pictures whose two channels say where each pixel's centre is: (n, 100, 120, 2)."""
    x, y = np.meshgrid(np.arange(120) + 0.5, np.arange(100) + 0.5)
    return np.tile(np.stack([x, y], axis=2).astype(np.float32) / 120, (n, 1, 1, 1))


def ways(pictures):
    """How moved ramps went, (n, 4): pixels across and down in the middle, degrees, a factor."""
    x, y = np.moveaxis(pictures[:, 20:80, 30:90].astype(float) * 120, 3, 0)
    across, down = (np.gradient(v, axis=2).mean((1, 2)) for v in (x, y))
    shifts = x.mean((1, 2)) - 60, y.mean((1, 2)) - 50
    return np.stack([*shifts, np.degrees(np.arctan2(down, across)), np.hypot(across, down)], axis=1)


def test_pictures_are_moved_each_its_own_way(rng):
    x = ramps(200)
    y = moved(x, Moves(shift=2, turn=4, zoom=0.1), rng.uniform(-1, 1, (200, 4)))
    assert y.dtype == np.float32
    went = ways(y)
    most = np.array([2, 2, 4, 1.1])
    least = np.array([-2, -2, -4, 1 / 1.1])
    wide = most - least
    assert (went < most + 0.03 * wide).all()
    assert (went > least - 0.03 * wide).all()
    assert (went.max(axis=0) > most - 0.1 * wide).all()
    assert (went.min(axis=0) < least + 0.1 * wide).all()
    assert np.abs(np.corrcoef(went.T) - np.eye(4)).max() < 0.3


@pytest.mark.parametrize(
    ("moves", "still"),
    [
        (Moves(shift=3), [False, False, True, True]),
        (Moves(turn=3), [True, True, False, True]),
        (Moves(zoom=0.1), [True, True, True, False]),
    ],
)
def test_a_move_changes_what_it_names_alone(moves, still, rng):
    went = ways(moved(ramps(20), moves, rng.uniform(-1, 1, (20, 4)))) - [0, 0, 0, 1]
    np.testing.assert_array_equal(np.abs(went).max(axis=0) < 0.02, still)


def test_the_border_is_continued(rng):
    x = np.full((20, 30, 30, 1), 0.75, np.float32)
    y = moved(x, Moves(9.5, 30, 0.5), rng.uniform(-1, 1, (20, 4)))
    np.testing.assert_allclose(y, x, atol=1e-6)

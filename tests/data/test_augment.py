"""Training pictures seen otherwise."""

import numpy as np

from vae_core.data.augment import mirror_half, shifted


def test_mirroring_turns_about_half_of_the_pictures_and_changes_nothing_else(rng):
    x = rng.random((400, 3, 4, 1), np.float32)
    y = mirror_half(x, rng)
    same = (y == x).all(axis=(1, 2, 3))
    turned = (y == x[:, :, ::-1]).all(axis=(1, 2, 3))
    assert (same ^ turned).all()
    assert 150 < turned.sum() < 250
    assert y.dtype == np.float32


def test_pictures_are_moved_each_its_own_way_and_their_borders_continued(rng):
    x = rng.random((300, 5, 6, 2), np.float32)
    y = shifted(x, 1, rng)
    wider = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), "edge")
    ways = {(i, j): wider[:, i : i + 5, j : j + 6] for i in range(3) for j in range(3)}
    went = {way: (y == moved).all(axis=(1, 2, 3)) for way, moved in ways.items()}
    assert sum(went.values()).tolist() == [1] * 300
    assert all(10 < same.sum() < 70 for same in went.values())
    assert y.dtype == np.float32


def test_no_pixels_move_nothing(rng):
    x = rng.random((3, 4, 4, 1), np.float32)
    np.testing.assert_array_equal(shifted(x, 0, rng), x)

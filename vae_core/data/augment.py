"""Training pictures, (N, H, W, C), as they might have been taken as well."""

import numpy as np

from vae_core.types import Array, Rng


def mirror_half(x: Array, rng: Rng) -> Array:
    """Mirror each picture of (N, H, W, C) left-right with probability one half."""
    chosen = rng.random(len(x)) < 0.5
    return np.where(chosen[:, None, None, None], x[:, :, ::-1], x)


def shifted(x: Array, most: int, rng: Rng) -> Array:
    """Move each picture of (N, H, W, C) by up to ``most`` pixels; its border is continued."""
    _, height, width, _ = x.shape
    padded = np.pad(x, ((0, 0), (most, most), (most, most), (0, 0)), "edge")
    places = rng.integers(0, 2 * most + 1, (len(x), 2))
    moved = [
        whole[down : down + height, across : across + width]
        for whole, (down, across) in zip(padded, places, strict=True)
    ]
    return np.stack(moved)

"""Training pictures, (N, H, W, C), as they might have been taken as well."""

import cmath
import math
from dataclasses import dataclass

import numpy as np

from vae_core.imaging.align import Similarity, as_matrix
from vae_core.imaging.resample import MARGIN, look_up
from vae_core.types import Array, Rng


def mirror_half(x: Array, rng: Rng) -> Array:
    """Mirror each picture of (N, H, W, C) left-right with probability one half."""
    chosen = rng.random(len(x)) < 0.5
    return np.where(chosen[:, None, None, None], x[:, :, ::-1], x)


@dataclass(frozen=True)
class Moves:
    """How far a picture may be moved: pixels each way, degrees, a part of its size."""

    shift: float = 0.0
    turn: float = 0.0
    zoom: float = 0.0

    def __bool__(self) -> bool:
        return self != Moves()

    def draw(self, middle: complex, rng: Rng) -> Similarity:
        """Return one of them, all equally likely, about a picture's middle."""
        across, down, turn, zoom = rng.uniform(-1, 1, 4)
        factor = cmath.rect((1 + self.zoom) ** zoom, math.radians(self.turn * turn))
        return Similarity(factor, middle - factor * middle + self.shift * complex(across, down))


def moved(x: Array, moves: Moves, rng: Rng) -> Array:
    """Move each picture of (N, H, W, C) float32 its own way; its border is continued."""
    if not moves:
        return x
    _, height, width, _ = x.shape
    reach = math.hypot(height, width) / 2
    beyond = math.ceil(moves.shift + reach * (moves.zoom + math.radians(moves.turn))) + MARGIN
    result = np.empty_like(x)
    for picture, place in zip(x, result, strict=True):
        way = moves.draw(complex(width, height) / 2, rng)
        matrix = as_matrix(Similarity(way.turn, way.shift + complex(beyond, beyond)))
        whole = np.pad(picture, ((beyond, beyond), (beyond, beyond), (0, 0)), "edge")
        for k in range(x.shape[3]):
            place[..., k] = look_up(whole[..., k], matrix, height, width)
    return np.clip(result, 0, 1, out=result)

"""Training pictures, (N, H, W, C), as they might have been taken as well."""

import cmath
import math
from dataclasses import dataclass

import numpy as np

from vae_core.imaging.align import Similarity, as_matrix
from vae_core.imaging.resample import MARGIN, look_up
from vae_core.types import Array


def mirrored(x: Array, chosen: Array) -> Array:
    """Mirror the chosen pictures of (N, H, W, C) left-right; chosen: (N,) bool."""
    return np.where(chosen[:, None, None, None], x[:, :, ::-1], x)


@dataclass(frozen=True)
class Moves:
    """How far a picture may be moved: pixels each way, degrees, a part of its size."""

    shift: float = 0.0
    turn: float = 0.0
    zoom: float = 0.0

    def __bool__(self) -> bool:
        return self != Moves()

    def way(self, middle: complex, drawn: Array) -> Similarity:
        """Return one of them, about a picture's middle; drawn: (4,), each from -1 to 1."""
        across, down, turn, zoom = drawn
        factor = cmath.rect((1 + self.zoom) ** zoom, math.radians(self.turn * turn))
        return Similarity(factor, middle - factor * middle + self.shift * complex(across, down))


def moved(x: Array, moves: Moves, drawn: Array) -> Array:
    """Move each picture of (N, H, W, C) float32 its own way; its border is continued.

    drawn: (N, 4), each from -1 to 1: how much across, down, turned and grown.
    """
    _, height, width, _ = x.shape
    reach = math.hypot(height, width) / 2
    beyond = math.ceil(moves.shift + reach * (moves.zoom + math.radians(moves.turn))) + MARGIN
    result = np.empty_like(x)
    for picture, place, numbers in zip(x, result, drawn, strict=True):
        way = moves.way(complex(width, height) / 2, numbers)
        matrix = as_matrix(Similarity(way.turn, way.shift + complex(beyond, beyond)))
        whole = np.pad(picture, ((beyond, beyond), (beyond, beyond), (0, 0)), "edge")
        for k in range(x.shape[3]):
            place[..., k] = look_up(whole[..., k], matrix, height, width)
    return np.clip(result, 0, 1, out=result)

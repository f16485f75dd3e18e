"""What "good" means, in numbers."""

import itertools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from vae_core.types import Array


def mse_per_picture(x: Array, y: Array) -> Array:
    """Mean square error over each picture's pixels: (N, H, W, C) twice -> (N,)."""
    mse: Array = np.square(x - y).reshape(len(x), -1).mean(axis=1)
    return mse


def gradient_energy(x: Array) -> Array:
    """Mean squared difference of neighbouring pixels, down plus across: (N, H, W, C) -> (N,)."""
    down, across = np.diff(x, axis=1), np.diff(x, axis=2)
    energy: Array = np.square(down).mean(axis=(1, 2, 3)) + np.square(across).mean(axis=(1, 2, 3))
    return energy


def psnr(mse: float) -> float:
    """Peak signal-to-noise ratio in decibels, for pixels in [0, 1]."""
    return float(-10 * np.log10(mse))


@dataclass(frozen=True)
class Histogram:
    """How often which loss occurs. edges: (bins + 1,) rising; counts: (bins,)."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]

    @classmethod
    def from_values(cls, values: Array, bins: int = 60) -> "Histogram":
        """Count values in equal bins from the smallest to the largest."""
        counts, edges = np.histogram(values, bins)
        return cls(tuple(map(float, edges)), tuple(map(int, counts)))

    def check(self) -> None:
        """Raise ValueError unless the edges rise and the counts are of so many bins."""
        rising = all(low < high for low, high in itertools.pairwise(self.edges))
        finite = all(math.isfinite(edge) for edge in self.edges)
        counted = all(isinstance(count, int) and count >= 0 for count in self.counts)
        sized = len(self.edges) == len(self.counts) + 1 > 1
        if not (rising and finite and counted and sized and sum(self.counts) > 0):
            raise ValueError("its histogram is none.")

    def percentile(self, value: float) -> float:
        """Return the share of counted values below ``value``, 0 to 100, linear within a bin."""
        below = np.concatenate([[0.0], np.cumsum(self.counts)])
        share = np.interp(value, self.edges, below / below[-1])
        return float(100 * share)

    def place(self, value: float) -> float:
        """Return where a value is between the first edge and the last, 0 to 1, or at either."""
        return float(np.clip((value - self.edges[0]) / (self.edges[-1] - self.edges[0]), 0, 1))

    def to_json(self) -> dict[str, Any]:
        """Return plain lists."""
        return {"edges": list(self.edges), "counts": list(self.counts)}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Histogram":
        """Undo :meth:`to_json`."""
        return cls(tuple(values["edges"]), tuple(values["counts"]))

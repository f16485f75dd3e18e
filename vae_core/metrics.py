"""What "good" means, in numbers."""

import itertools
import math
from collections.abc import Iterable
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

    def to_json(self) -> dict[str, Any]:
        """Return plain lists."""
        return {"edges": list(self.edges), "counts": list(self.counts)}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Histogram":
        """Undo :meth:`to_json`."""
        return cls(tuple(values["edges"]), tuple(values["counts"]))


@dataclass(frozen=True)
class PrincipalComponents:
    """The linear yardstick of every model. mean: (D,); directions: (K, D), orthonormal rows."""

    mean: Array
    directions: Array

    @classmethod
    def fit(cls, batches: Iterable[Array], components: int) -> "PrincipalComponents":
        """Find the ``components`` directions of largest variance of batches of (n, ...) pictures.

        Memory holds one batch and a (D, D) matrix, however many pictures there are.
        """
        count = 0
        total = products = np.zeros(())
        for batch in batches:
            rows = batch.reshape(len(batch), -1).astype(np.float64)
            count += len(rows)
            total = total + rows.sum(axis=0)
            products = products + rows.T @ rows
        mean = np.asarray(total / count)
        _, vectors = np.linalg.eigh(products / count - np.outer(mean, mean))
        return cls(mean, vectors[:, ::-1][:, :components].T)

    def reconstruct(self, x: Array) -> Array:
        """Project (N, ...) onto the components and back; the same shape."""
        centred = x.reshape(len(x), -1) - self.mean
        rows: Array = self.mean + centred @ self.directions.T @ self.directions
        return rows.reshape(x.shape)

"""Principal components: the linear yardstick of every model, and where some of them start."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np

from vae_core.types import Array, Rng

SPARE_DIRECTIONS = 60
POWER_ITERATIONS = 2


@dataclass(frozen=True)
class PrincipalComponents:
    """The directions of largest variance. mean: (D,); directions: (K, D), orthonormal rows.

    std: (K,), the standard deviations along them.  noise: the variance of what they leave out, for
    each of the other dimensions.
    """

    mean: Array
    directions: Array
    std: Array
    noise: float

    @classmethod
    def fit(cls, batches: Iterable[Array], components: int) -> "PrincipalComponents":
        """Find the ``components`` directions of batches of (n, ...) pictures, exactly.

        Memory holds one batch and a (D, D) matrix, however many pictures there are.
        """
        count = 0
        total = products = np.zeros(())
        for batch in batches:
            rows = flat(batch).astype(np.float64)
            count += len(rows)
            total = total + rows.sum(axis=0)
            products = products + rows.T @ rows
        mean = np.asarray(total / count)
        covariance = products / count - np.outer(mean, mean)
        values, vectors = np.linalg.eigh(covariance)
        return cls(mean, *largest(values, vectors, components, float(np.trace(covariance))))

    @classmethod
    def fit_large(
        cls, batches: Callable[[], Iterable[Array]], components: int, rng: Rng
    ) -> "PrincipalComponents":
        """Find them nearly exactly where (D, D) is too large; ``batches`` is called several times.

        A randomized range finder with power iterations (arXiv:0909.4061, algorithm 4.4).
        """
        sums = [(len(batch), flat(batch).sum(axis=0, dtype=np.float64)) for batch in batches()]
        count = sum(n for n, _ in sums)
        mean = sum(total for _, total in sums) / count
        centre = np.asarray(mean, np.float32)
        span = rng.standard_normal((len(centre), components + SPARE_DIRECTIONS), np.float32)
        for _ in range(POWER_ITERATIONS):
            rows = (flat(batch) - centre for batch in batches())
            span, _ = np.linalg.qr(np.asarray(sum(r.T @ (r @ span) for r in rows)))
        rows = (flat(batch) - centre for batch in batches())
        parts = [
            (np.square(r, dtype=np.float64).sum(), (r @ span).astype(np.float64)) for r in rows
        ]
        covariance = sum(scores.T @ scores for _, scores in parts) / count
        values, vectors = np.linalg.eigh(covariance)
        total = float(sum(squares for squares, _ in parts)) / count
        return cls(mean, *largest(values, span.astype(np.float64) @ vectors, components, total))

    def first(self, components: int) -> "PrincipalComponents":
        """Return the first so many; ``noise`` stays that of all."""
        return replace(self, directions=self.directions[:components], std=self.std[:components])

    def scores(self, x: Array) -> Array:
        """Project (N, ...) onto the components: (N, K)."""
        scores: Array = (flat(x) - self.mean) @ self.directions.T
        return scores

    def reconstruct(self, x: Array) -> Array:
        """Project (N, ...) onto the components and back; the same shape."""
        rows: Array = self.mean + self.scores(x) @ self.directions
        return rows.reshape(x.shape)


def flat(batch: Array) -> Array:
    """(n, ...) -> (n, D)."""
    return batch.reshape(len(batch), -1)


def largest(
    values: Array, vectors: Array, components: int, total: float
) -> tuple[Array, Array, float]:
    """Return directions (K, D), standard deviations (K,) and the noise beside them.

    values: (k,) rising.  vectors: (D, k).  total: the variance in all directions together.
    """
    kept = np.maximum(values[::-1][:components], 0)
    others = len(vectors) - len(kept)
    noise = (total - float(kept.sum())) / others if others else 0.0
    return vectors[:, ::-1][:, :components].T, np.sqrt(kept), noise

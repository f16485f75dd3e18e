"""Large weights, as a few rows are best multiplied by them.

To decode a morph a dozen rows are multiplied by millions of weights, to encode its photos two rows.
A BLAS copies weights into panels before it multiplies, and for so few rows that takes longer than
all else. Where OpenBLAS has kernels that leave it out for small products, a weight is cut into
stretches of columns, each in one piece of memory and small enough: that takes half of the time.
Elsewhere two rows are two vectors, for which nothing is ever copied.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from vae_core.backend import on_cpu
from vae_core.blas import leaves_small_matrices
from vae_core.layers import Chain, Layer, Linear
from vae_core.layers.linear import few_by_many
from vae_core.types import Array, Params

SMALL = 10**6
"""Multiplications; OpenBLAS has its kernels for small products do no more."""

WIDTH, NARROW = 64, 16
"""Columns of a stretch, and the fewest of it that are worth a product of their own."""

FEWEST = 4
"""Rows for which a sum over all stretches is still small."""

LARGE = 1 << 18
"""Weights; fewer stay in the cache, where a copy costs little."""


class Tiled:
    """A matrix, (A, B), that may stand on the right of ``@``: x @ tiled, (N, A) -> (N, B)."""

    __array_ufunc__ = None
    """NumPy's arrays let us answer for them."""

    def __init__(self, matrix: Array) -> None:
        self.matrix = matrix
        inputs, outputs = matrix.shape
        starts = range(0, outputs, WIDTH)
        self.stretches = np.zeros((len(starts), inputs, WIDTH), matrix.dtype)
        for stretch, start in zip(self.stretches, starts, strict=True):
            columns = matrix[:, start : start + WIDTH]
            stretch[:, : columns.shape[1]] = columns

    @property
    def T(self) -> "Turned":  # noqa: N802, as NumPy calls it
        """The transpose."""
        return Turned(self)

    def __rmatmul__(self, x: Array) -> Array:
        inputs, outputs = self.matrix.shape
        width = WIDTH
        while width > NARROW and len(x) * inputs * width > SMALL:
            width //= 2
        if len(x) < 2 or len(x) * inputs * width > SMALL:
            return few_by_many(x, self.matrix)
        split = WIDTH // width
        weights = self.stretches.reshape(-1, inputs, split, width).swapaxes(1, 2)
        y = np.empty((len(x), len(self.stretches) * WIDTH), np.result_type(x, self.matrix))
        places = y.reshape(len(x), -1, split, width).transpose(1, 2, 0, 3)
        np.matmul(x, weights, out=places)
        return y[:, :outputs]


@dataclass(frozen=True)
class Turned:
    """A :class:`Tiled` matrix's transpose, (B, A): dy @ turned, (N, B) -> (N, A)."""

    tiled: Tiled

    __array_ufunc__ = None

    def __rmatmul__(self, dy: Array) -> Array:
        matrix, stretches = self.tiled.matrix, self.tiled.stretches
        if not 1 < len(dy) <= FEWEST:
            return few_by_many(dy, matrix.T)
        whole = np.pad(dy, ((0, 0), (0, -dy.shape[1] % WIDTH)))
        parts = whole.reshape(len(dy), -1, WIDTH).swapaxes(0, 1) @ stretches.swapaxes(1, 2)
        dx: Array = parts.sum(axis=0)
        return dx


@dataclass(frozen=True)
class ByRows:
    """A matrix, (A, B), by which two rows are multiplied one by one: x @ it, (N, A) -> (N, B)."""

    matrix: Array

    __array_ufunc__ = None

    @property
    def T(self) -> "ByRows":  # noqa: N802, as NumPy calls it
        """The transpose."""
        return ByRows(self.matrix.T)

    def __rmatmul__(self, x: Array) -> Array:
        if len(x) == 2:
            return np.concatenate([x[:1] @ self.matrix, x[1:] @ self.matrix])
        return few_by_many(x, self.matrix)


def tiled(chain: Layer, params: Params) -> dict[str, Any]:
    """Return a chain's parameters, its large linear layers' weights laid out for few rows."""
    kind = Tiled if leaves_small_matrices() else ByRows
    layers = chain.layers if isinstance(chain, Chain) else {}
    large = {
        f"{name}.weight"
        for name, layer in layers.items()
        if isinstance(layer, Linear) and layer.inputs * layer.outputs >= LARGE
    }
    return {name: kind(p) if name in large and on_cpu(p) else p for name, p in params.items()}

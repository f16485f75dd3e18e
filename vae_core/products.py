"""Gradients of weights that are not formed yet.

The gradient of a weight is a product of two arrays that the backward pass has anyhow. Written out
it is as large as the weight, and for a small batch most of a step would go by with writing it to
memory and reading it back. So a layer may hand the two factors over instead, and the optimizer
forms the product a few rows at a time, in the cache, where it uses them.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from vae_core.backend import array_module, on_cpu
from vae_core.types import Array, Params

BUSY, TILE = 256, 128
"""Pieces of work that keep a GPU busy, and a side of what one piece gives."""


@dataclass(frozen=True)
class Product:
    """x^T dy, (A, B), as its factors x (N, A) and dy (N, B)."""

    x: Array
    dy: Array

    @property
    def shape(self) -> tuple[int, int]:
        """(A, B)."""
        return self.x.shape[1], self.dy.shape[1]

    def __getitem__(self, rows: slice) -> "Product":
        """Return some of its rows, not formed either."""
        return Product(self.x[:, rows], self.dy)

    def formed(self, out: Array | None = None) -> Array:
        """Return (A, B), written into ``out`` if that is given."""
        array: Array = array_module(self.x).matmul(self.x.T, self.dy, out=out)
        return array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        """Let NumPy's functions take it for the array that it stands for."""
        return self.formed().astype(dtype or self.dy.dtype, copy=False)


Gradient: TypeAlias = Array | Product

Grads: TypeAlias = Mapping[str, Gradient]
"""Gradients under the names of their parameters."""


def formed(grads: Grads) -> Params:
    """Write all products out."""
    return {k: g.formed() if isinstance(g, Product) else g for k, g in grads.items()}


def tall_product(x: Array, dy: Array) -> Array:
    """Return x^T dy, (A, B), of (N, A) and (N, B) with very many rows."""
    return x.T @ dy if on_cpu(x) else product_in_parts(x, dy)


def column_sums(dy: Array) -> Array:
    """(N, B) -> (B,), of very many rows."""
    total: Array = dy.sum(axis=0) if on_cpu(dy) else sums_in_parts(dy)
    return total


def product_in_parts(x: Array, dy: Array) -> Array:
    """Return x^T dy as the sum of the rows' parts' products."""
    parts = _parts(len(x), x.shape[1], dy.shape[1])
    xs, dys = (a.reshape(parts, -1, a.shape[1]) for a in (x, dy))
    total: Array = array_module(x).matmul(xs.transpose(0, 2, 1), dys).sum(axis=0)
    return total


def sums_in_parts(dy: Array) -> Array:
    """Return the sum of the rows' parts' sums."""
    parts = _parts(len(dy), 1, dy.shape[1])
    total: Array = dy.reshape(parts, -1, dy.shape[1]).sum(axis=1).sum(axis=0)
    return total


def _parts(rows: int, a: int, b: int) -> int:
    """Return into how many equal parts a GPU's multiprocessors split rows that give (a, b)."""
    tiles = math.ceil(a / TILE) * math.ceil(b / TILE)
    return math.gcd(rows, 1 << (max(1, BUSY // tiles).bit_length() - 1))


def weighted_sum(grads: Sequence[Gradient], weights: Sequence[float]) -> Gradient:
    """Return the sum of a weight's gradients times numbers; arrays are used up.

    The sum of products is one, of their factors on top of each other.
    """
    if products := [g for g in grads if isinstance(g, Product)]:
        xp = array_module(products[0].x)
        weighted = [w * g.dy for g, w in zip(products, weights, strict=True)]
        return Product(xp.concatenate([g.x for g in products]), xp.concatenate(weighted))
    total, *others = (g for g in grads if not isinstance(g, Product))
    total *= weights[0]
    for other, weight in zip(others, weights[1:], strict=True):
        other *= weight
        total += other
    return total

"""Gradients of weights that are not formed yet.

The gradient of a weight is a product of two arrays that the backward pass has anyhow. Written out
it is as large as the weight, and for a small batch most of a step would go by with writing it to
memory and reading it back. So a layer may hand the two factors over instead, and the optimizer
forms the product a few rows at a time, in the cache, where it uses them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from vae_core.backend import array_module
from vae_core.types import Array, Params


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

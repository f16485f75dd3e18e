"""A 3 x 3 convolution with a quarter of the multiplications (arXiv:1509.09308).

Sixteen neighbouring outputs depend on 6 x 6 inputs. Between fixed linear maps of the inputs, the
kernel and the outputs, 36 products do what 16 times 9 do when each output is computed by itself;
and 36 numbers are copied for sixteen pixels where unfolding copies 144.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from vae_core.backend import on_cpu
from vae_core.layers.conv import Conv2d
from vae_core.patches import zero_padded
from vae_core.types import Array, Cache, Params, Rng

OUT, IN = 4, 6
"""Sides of a tile of outputs, and of the inputs it depends on."""

FEWEST = 32
"""Tiles that make up for mapping the kernel."""


def on_both_sides(matrix: Sequence[Sequence[int]]) -> Array:
    """Return what maps the rows and the columns of a square, laid out in a row."""
    return np.kron(matrix, matrix)


INPUTS = on_both_sides(
    [
        [4, 0, -5, 0, 1, 0],
        [0, -4, -4, 1, 1, 0],
        [0, 4, -4, -1, 1, 0],
        [0, -2, -1, 2, 1, 0],
        [0, 2, -1, -2, 1, 0],
        [0, 4, 0, -5, 0, 1],
    ]
)
KERNEL = (
    on_both_sides([[6, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 24]]) / 24**2
)
OUTPUTS = on_both_sides(
    [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]]
)
"""The article's B^T, (36, 36), G, (36, 9), and A^T, (16, 36), of F(4 x 4, 3 x 3)."""


@dataclass(frozen=True)
class TiledConv2d:
    """What ``Conv2d(inputs, outputs)`` computes: kernel 3, stride 1, pad 1."""

    inputs: int
    outputs: int

    @property
    def plain(self) -> Conv2d:
        """The same without tiles, which a few pixels do not pay for."""
        return Conv2d(self.inputs, self.outputs)

    def init(self, rng: Rng) -> Params:
        """Draw as :class:`Conv2d` does."""
        return self.plain.init(rng)

    def forward(self, params: Params, x: Array) -> tuple[Array, Cache]:
        """(N, H, W, inputs) -> (N, H, W, outputs)."""
        if few_tiles(x):
            return self.plain.forward(params, x)
        seen = seen_by_tiles(x)
        y = convolved(seen, params["weight"], x.shape)
        y += params["bias"]
        return y, seen

    def backward(self, params: Params, cache: Cache, dy: Array) -> tuple[Array, Params]:
        """Return dx, dW and db, each the adjoint of its part of :meth:`forward`."""
        return self.input_grad(params, cache, dy), self.param_grads(params, cache, dy)

    def input_grad(self, params: Params, cache: Cache, dy: Array) -> Array:
        """Dx alone: dy convolved with the kernel turned round."""
        if few_tiles(dy):
            return self.plain.input_grad(params, cache, dy)
        kernel = params["weight"].reshape(9, self.inputs, self.outputs)
        turned = kernel[::-1].transpose(0, 2, 1).reshape(9 * self.outputs, self.inputs)
        return convolved(seen_by_tiles(dy), turned, dy.shape)

    def param_grads(self, params: Params, cache: Cache, dy: Array) -> Params:
        """DW and db alone."""
        if few_tiles(dy):
            return self.plain.param_grads(params, cache, dy)
        seen = cache
        dproducts = apply(OUTPUTS.T, cut(dy, OUT, OUT))
        dkernel = np.matmul(seen.transpose(0, 2, 1), dproducts)
        dweight = apply(KERNEL.T, dkernel).reshape(-1, self.outputs)
        return {"weight": dweight, "bias": dy.reshape(-1, self.outputs).sum(axis=0)}


def few_tiles(x: Array) -> bool:
    """Tell whether (N, H, W, C) makes fewer tiles than are worth it; on a GPU none are."""
    n, height, width, _ = x.shape
    return not on_cpu(x) or bool(n * math.ceil(height / OUT) * math.ceil(width / OUT) < FEWEST)


def convolved(seen: Array, weight: Array, shape: tuple[int, ...]) -> Array:
    """Convolve pictures of a shape, given as :func:`seen_by_tiles`, with (9 C, D): (N, H, W, D)."""
    n, height, width, channels = shape
    outputs = weight.shape[1]
    kernel = apply(KERNEL, weight.reshape(9, channels, outputs))
    tiles = apply(OUTPUTS, np.matmul(seen, kernel))
    down, across = math.ceil(height / OUT), math.ceil(width / OUT)
    grid = tiles.reshape(OUT, OUT, n, down, across, outputs).transpose(2, 3, 0, 4, 1, 5)
    y: Array = grid.reshape(n, down * OUT, across * OUT, outputs)
    return y[:, :height, :width]


def seen_by_tiles(x: Array) -> Array:
    """(N, H, W, C) -> (36, T, C): what each of T tiles sees, mapped."""
    return apply(INPUTS, cut(x, IN, OUT))


def cut(x: Array, side: int, step: int) -> Array:
    """(N, H, W, C) -> (side^2, T, C): squares a ``step`` apart, the border around x zero."""
    _, height, width, channels = x.shape
    before = (side - step) // 2
    after = (before + -height % step, before + -width % step)
    padded = zero_padded(x, before, after)
    squares = sliding_window_view(padded, (side, side), axis=(1, 2))[:, ::step, ::step]
    rows: Array = squares.transpose(4, 5, 0, 1, 2, 3).reshape(side * side, -1, channels)
    return rows


def apply(matrix: Array, rows: Array) -> Array:
    """(m, k), (k, ...) -> (m, ...), of the type of ``rows``."""
    flat = rows.reshape(matrix.shape[1], -1)
    y: Array = matrix.astype(rows.dtype, copy=False) @ flat
    return y.reshape(len(matrix), *rows.shape[1:])

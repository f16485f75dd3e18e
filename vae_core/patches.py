"""Unfold and fold: the adjoint pair on which every convolution stands."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from vae_core import kernels
from vae_core.backend import array_module, on_cpu
from vae_core.types import Array


def grid_size(size: int, kernel: int, stride: int, pad: int) -> int:
    """Return how many patches fit along a side of ``size`` pixels."""
    return (size + 2 * pad - kernel) // stride + 1


def zero_padded(x: Array, before: int, after: tuple[int, int]) -> Array:
    """Put zeros above and left of pictures, (N, H, W, C), and below and right of them.

    ``np.pad`` does that too, and takes as long as the product that follows for a small picture.
    """
    n, height, width, channels = x.shape
    shape = (n, before + height + after[0], before + width + after[1], channels)
    padded = np.zeros(shape, x.dtype)
    padded[:, before : before + height, before : before + width] = x
    return padded


def unfold(x: Array, kernel: int, stride: int, pad: int) -> Array:
    """Copy every patch into a row: (N, H, W, C) -> (N, h, w, k*k*C). A single pixel is its row."""
    if kernel == stride == 1 and pad == 0:
        return x
    n, height, width, channels = x.shape
    h, w = (grid_size(size, kernel, stride, pad) for size in (height, width))
    shape = n, h, w, kernel * kernel * channels
    rows: Array
    if not on_cpu(x):
        rows = array_module(x).empty(shape, x.dtype)
        kernels.unfold()(x, height, width, channels, h, w, kernel, stride, pad, rows)
        return rows
    padded = zero_padded(x, pad, (pad, pad)) if pad else x
    windows = sliding_window_view(padded, (kernel, kernel), axis=(1, 2))[:, ::stride, ::stride]
    rows = windows.transpose(0, 1, 2, 4, 5, 3).reshape(shape)
    return rows


def fold(rows: Array, size: tuple[int, int], kernel: int, stride: int, pad: int) -> Array:
    """Add every row back where it came from: (N, h, w, k*k*C) -> (N, H, W, C).

    The adjoint of :func:`unfold`: <unfold(x), r> == <x, fold(r)> for all x and r.
    """
    if kernel == stride == 1 and pad == 0:
        return rows
    n, h, w, _ = rows.shape
    height, width = size
    if not on_cpu(rows):
        channels = rows.shape[-1] // kernel**2
        x: Array = array_module(rows).empty((n, height, width, channels), rows.dtype)
        kernels.fold()(rows, height, width, channels, h, w, kernel, stride, pad, x)
        return x
    patches = rows.reshape(n, h, w, kernel, kernel, -1)
    shape = (n, height + 2 * pad, width + 2 * pad, patches.shape[-1])
    padded = np.zeros(shape, rows.dtype)
    for i, j in np.ndindex(kernel, kernel):
        rows_of, cols_of = slice(i, i + h * stride, stride), slice(j, j + w * stride, stride)
        padded[:, rows_of, cols_of] += patches[:, :, :, i, j]
    return padded[:, pad : pad + height, pad : pad + width]

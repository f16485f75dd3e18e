"""Fixed linear maps along height and width: smooth resizing, and a spectrum's emphasis."""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from vae_core.backend import array_module, constant
from vae_core.types import Array, Cache, Params, Rng


def along_both(x: Array, rows: Array, columns: Array) -> Array:
    """Multiply height by ``rows`` and width by ``columns``: (N, H, W, C) -> (N, h, w, C).

    rows: (h, H).  columns: (w, W).
    """
    return from_planes(both_sides(to_planes(x), rows, columns))


def both_sides(planes: Array, rows: Array, columns: Array) -> Array:
    """(N, C, H, W) -> (N, C, h, w): every plane times ``rows`` and the transpose of ``columns``."""
    n, channels, height, width = planes.shape
    h, w = len(rows), len(columns)
    matmul = array_module(planes).matmul
    y: Array
    if h < height:  # the cheaper way round
        y = matmul(rows, planes).reshape(-1, width) @ columns.T
        return y.reshape(n, channels, h, w)
    y = matmul(rows, (planes.reshape(-1, width) @ columns.T).reshape(n, channels, height, w))
    return y


def to_planes(x: Array) -> Array:
    """(N, H, W, C) -> (N, C, H, W), contiguous."""
    planes: Array = array_module(x).ascontiguousarray(x.transpose(0, 3, 1, 2))
    return planes


def from_planes(planes: Array) -> Array:
    """(N, C, H, W) -> (N, H, W, C), contiguous."""
    x: Array = array_module(planes).ascontiguousarray(planes.transpose(0, 2, 3, 1))
    return x


def cubic(t: Array) -> Array:
    """Keys' interpolation kernel with a = -1/2 (IEEE TASSP 29(6), 1981, eq. 15)."""
    t = abs(t)
    near = 1.5 * t**3 - 2.5 * t**2 + 1
    far = -0.5 * t**3 + 2.5 * t**2 - 4 * t + 2
    return np.where(t < 1, near, np.where(t < 2, far, 0.0))


@lru_cache(maxsize=16)
def resize_matrix(inputs: int, outputs: int) -> Array:
    """Return (outputs, inputs) float32: each row one output as a mean of inputs.

    Shrinking averages what an output covers; growing interpolates with a cubic kernel, the border
    continued.
    """
    ratio = inputs / outputs
    matrix = box_means(inputs, outputs, ratio) if ratio >= 1 else cubics(inputs, outputs, ratio)
    return matrix.astype(np.float32)


def box_means(inputs: int, outputs: int, ratio: float) -> Array:
    """Return (outputs, inputs): the share of each input in what an output covers."""
    j, i = np.arange(inputs), np.arange(outputs)[:, None]
    overlap = np.minimum(j + 1, (i + 1) * ratio) - np.maximum(j, i * ratio)
    shares: Array = np.clip(overlap, 0, 1) / ratio
    return shares


def cubics(inputs: int, outputs: int, ratio: float) -> Array:
    """Return (outputs, inputs): cubic weights of the four inputs nearest to an output."""
    matrix = np.zeros((outputs, inputs))
    for i, weights in enumerate(matrix):
        centre = (i + 0.5) * ratio - 0.5
        places = math.floor(centre) + np.arange(-1, 3)
        np.add.at(weights, np.clip(places, 0, inputs - 1), cubic(places - centre))
    return matrix


@lru_cache(maxsize=16)
def cosine_matrix(size: int) -> Array:
    """Return the orthonormal DCT-II, (size, size) float64: row k is the cosine of k half waves."""
    k, x = np.arange(size)[:, None], np.arange(size)[None] + 0.5
    basis = np.cos(np.pi * k * x / size) * math.sqrt(2 / size)
    basis[0] /= math.sqrt(2)
    return basis


@lru_cache(maxsize=16)
def emphasis_gains(height: int, width: int, power: float) -> Array:
    """Return (H, W): frequency to ``power``, scaled so that the gains' product is 1.

    The frequency of the constant counts as that of a quarter wave.
    """
    down, across = np.arange(height)[:, None] / height, np.arange(width)[None] / width
    frequency = np.maximum(np.hypot(down, across), 0.5 / max(height, width))
    log = power * np.log(frequency)
    gains: Array = np.exp(log - log.mean())
    return gains


def emphasise(x: Array, power: float) -> Array:
    """Multiply each spatial frequency f by f^power: (N, H, W, C) -> the same.

    Linear and self-adjoint, C^T g C with C the cosine transform; determinant 1; the inverse is
    ``emphasise(x, -power)``.
    """
    _, height, width, _ = x.shape
    down, across, gains = (
        constant(a, x)
        for a in (cosine_matrix(height), cosine_matrix(width), emphasis_gains(height, width, power))
    )
    waves = both_sides(to_planes(x), down, across)
    waves *= gains
    return from_planes(both_sides(waves, down.T, across.T))


@dataclass(frozen=True)
class Resize:
    """(N, H, W, C) -> (N, h, w, C), ``inputs`` (H, W) to ``outputs`` (h, w), by fixed weights."""

    inputs: tuple[int, int]
    outputs: tuple[int, int]

    def init(self, rng: Rng) -> Params:
        """No parameters."""
        return {}

    def matrices(self, x: Array) -> list[Array]:
        """Return what multiplies height and width."""
        sizes = zip(self.inputs, self.outputs, strict=True)
        return [constant(resize_matrix(*pair), x) for pair in sizes]

    def forward(self, params: Params, x: Array) -> tuple[Array, Cache]:
        """Return y = R x S^T."""
        return along_both(x, *self.matrices(x)), None

    def backward(self, params: Params, cache: Cache, dy: Array) -> tuple[Array, Params]:
        """Return dx = R^T dy S."""
        return along_both(dy, *(m.T for m in self.matrices(dy))), {}

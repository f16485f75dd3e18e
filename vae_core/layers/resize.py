"""Fixed linear maps along height and width: smooth resizing, and a spectrum's emphasis."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from vae_core.backend import array_module, constant, on_cpu
from vae_core.types import Array, Cache, Params, Rng

BANDS = 8
"""A resized picture's rows are made in so many stretches: each looks at few rows."""


class Band(NamedTuple):
    """A stretch of a matrix's rows, ``outputs``, and the columns, ``inputs``, where they are not 0.

    weights: (outputs, inputs).
    """

    outputs: slice
    inputs: slice
    weights: Array


def along_both(x: Array, rows: Array, columns: Array) -> Array:
    """Multiply height by ``rows`` and width by ``columns``: (N, H, W, C) -> (N, h, w, C).

    rows: (h, H).  columns: (w, W).
    """
    return from_planes(both_sides(to_planes(x), whole(rows), whole(columns)))


def whole(matrix: Array) -> list[Band]:
    """Return a matrix as one band."""
    return [Band(slice(0, len(matrix)), slice(0, matrix.shape[1]), matrix)]


def placed(bands: Sequence[Band], like: Array) -> list[Band]:
    """Return bands where ``like`` is and of its type."""
    return [band._replace(weights=constant(band.weights, like)) for band in bands]


def both_sides(planes: Array, rows: Sequence[Band], columns: Sequence[Band]) -> Array:
    """(N, C, H, W) -> (N, C, h, w): every plane times ``rows`` and the transpose of ``columns``."""
    if rows[-1].outputs.stop < planes.shape[2]:  # the cheaper way round
        return along_width(along_height(planes, rows), columns)
    return along_height(along_width(planes, columns), rows)


def along_height(planes: Array, rows: Sequence[Band]) -> Array:
    """(N, C, H, W) -> (N, C, h, W)."""
    n, channels, _, width = planes.shape
    xp = array_module(planes)
    dtype = xp.result_type(planes, rows[0].weights)
    y: Array = xp.empty((n, channels, rows[-1].outputs.stop, width), dtype)
    for outputs, inputs, weights in rows:
        xp.matmul(weights, planes[:, :, inputs], out=y[:, :, outputs])
    return y


def along_width(planes: Array, columns: Sequence[Band]) -> Array:
    """(N, C, H, W) -> (N, C, H, w)."""
    flat, xp = planes.reshape(-1, planes.shape[3]), array_module(planes)
    dtype = xp.result_type(planes, columns[0].weights)
    y: Array = xp.empty((len(flat), columns[-1].outputs.stop), dtype)
    for outputs, inputs, weights in columns:
        xp.matmul(flat[:, inputs], weights.T, out=y[:, outputs])
    return y.reshape(*planes.shape[:3], y.shape[1])


def to_planes(x: Array) -> Array:
    """(N, H, W, C) -> (N, C, H, W), contiguous."""
    planes: Array = array_module(x).ascontiguousarray(x.transpose(0, 3, 1, 2))
    return planes


def from_planes(planes: Array) -> Array:
    """(N, C, H, W) -> (N, H, W, C), the planes where they were."""
    return planes.transpose(0, 2, 3, 1)


def cubic(t: Array) -> Array:
    """Keys' interpolation kernel with a = -1/2 (IEEE TASSP 29(6), 1981, eq. 15)."""
    t = abs(t)
    near = 1.5 * t**3 - 2.5 * t**2 + 1
    far = -0.5 * t**3 + 2.5 * t**2 - 4 * t + 2
    return np.where(t < 1, near, np.where(t < 2, far, 0.0))


@lru_cache(maxsize=32)
def resize_matrix(inputs: int, outputs: int) -> Array:
    """Return (outputs, inputs) float32: each row one output as a mean of inputs.

    Shrinking averages what an output covers; growing interpolates with a cubic kernel, the border
    continued.
    """
    ratio = inputs / outputs
    matrix = box_means(inputs, outputs, ratio) if ratio >= 1 else cubics(inputs, outputs, ratio)
    return matrix.astype(np.float32)


@lru_cache(maxsize=32)
def resizing(inputs: int, outputs: int, bands: int, back: bool) -> list[Band]:
    """Return :func:`resize_matrix`, or the way ``back``, its transpose, cut into bands."""
    matrix = resize_matrix(inputs, outputs)
    matrix = np.ascontiguousarray(matrix.T) if back else matrix
    step = math.ceil(len(matrix) / bands)
    result = []
    for start in range(0, len(matrix), step):
        stretch = slice(start, min(start + step, len(matrix)))
        used = np.flatnonzero(matrix[stretch].any(axis=0))
        looked_at = slice(int(used[0]), int(used[-1]) + 1)
        result.append(Band(stretch, looked_at, matrix[stretch, looked_at]))
    return result


def box_means(inputs: int, outputs: int, ratio: float) -> Array:
    """Return (outputs, inputs): the share of each input in what an output covers."""
    j, i = np.arange(inputs), np.arange(outputs)[:, None]
    overlap = np.minimum(j + 1, (i + 1) * ratio) - np.maximum(j, i * ratio)
    shares: Array = np.clip(overlap, 0, 1) / ratio
    return shares


def cubics(inputs: int, outputs: int, ratio: float) -> Array:
    """Return (outputs, inputs): cubic weights of the four inputs nearest to an output."""
    centres = (np.arange(outputs) + 0.5) * ratio - 0.5
    matrix = np.zeros((outputs, inputs))
    for step in (-1, 0, 1, 2):
        places = np.floor(centres).astype(np.intp) + step
        cells = np.arange(outputs), np.clip(places, 0, inputs - 1)
        np.add.at(matrix, cells, cubic(places - centres))
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
    waves = both_sides(to_planes(x), whole(down), whole(across))
    waves *= gains
    return from_planes(both_sides(waves, whole(down.T), whole(across.T)))


@dataclass(frozen=True)
class Resize:
    """(N, H, W, C) -> (N, h, w, C), ``inputs`` (H, W) to ``outputs`` (h, w), by fixed weights."""

    inputs: tuple[int, int]
    outputs: tuple[int, int]

    def init(self, rng: Rng) -> Params:
        """No parameters."""
        return {}

    def forward(self, params: Params, x: Array) -> tuple[Array, Cache]:
        """Return y = R x S^T."""
        return self.resized(x), None

    def backward(self, params: Params, cache: Cache, dy: Array) -> tuple[Array, Params]:
        """Return dx = R^T dy S."""
        return self.resized(dy, back=True), {}

    def resized(self, x: Array, back: bool = False) -> Array:
        """Return R x S^T, or, ``back``, R^T x S, (N, h, w, C), each colour in a plane."""
        sides, bands = zip(self.inputs, self.outputs, strict=True), BANDS if on_cpu(x) else 1
        rows, columns = (placed(resizing(*pair, bands, back), x) for pair in sides)
        return from_planes(both_sides(to_planes(x), rows, columns))

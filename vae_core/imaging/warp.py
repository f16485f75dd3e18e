"""Smooth warps that bring landmarks together, and coarse arrays made fine.

Places are (x, y) in [0, 1], fractions of a picture's width and height.

Pictures are (H, W, C) as everywhere, but what comes out of these functions has each colour in one
piece of memory, as :func:`in_planes` lays it out: NumPy is quickest along long rows.
"""

from functools import lru_cache

import numpy as np

from vae_core.layers.resize import resize_matrix
from vae_core.types import Array

ANCHORS = np.array([[x, y] for x in (0, 0.5, 1) for y in (0, 0.5, 1) if (x, y) != (0.5, 0.5)])
"""Places of the border that stay where they are, (8, 2)."""

NODES = 17
"""Places along a side at which a warp is worked out; between them it is interpolated."""


SLACK = 1e-6
"""How much a spline may miss its values, against how much it bends."""


def thin_plate(centres: Array, places: Array) -> Array:
    """Weights of a thin-plate spline: (..., K, 2), (M, 2) -> (..., M, K).

    ``weights @ values`` is the function of the plane with ``values`` (K, n) at the centres that
    bends least, in the mean square of its second derivatives (Bookstein, IEEE PAMI 11(6), 1989).
    It may miss them by a trifle: centres that coincide would have no answer otherwise.
    """
    *lead, k, _ = centres.shape
    affine = np.concatenate([np.ones((*lead, k, 1)), centres], axis=-1)
    system = np.zeros((*lead, k + 3, k + 3))
    system[..., :k, :k] = bending(centres, centres) + SLACK * np.eye(k)
    system[..., :k, k:], system[..., k:, :k] = affine, affine.swapaxes(-1, -2)
    plane = np.column_stack([np.ones(len(places)), places])
    bent = bending(places, centres)
    rows = np.concatenate([bent, np.broadcast_to(plane, (*bent.shape[:-1], 3))], axis=-1)
    weights: Array = np.linalg.solve(system, rows.swapaxes(-1, -2))[..., :k, :].swapaxes(-1, -2)
    return weights


def bending(p: Array, q: Array) -> Array:
    """r^2 log r^2, r from every p to every q: (..., M, 2), (..., K, 2) -> (..., M, K)."""
    across, down = (p[..., :, None, axis] - q[..., None, :, axis] for axis in (0, 1))
    square = across * across + down * down
    bent: Array = square * np.log(np.maximum(square, 1e-30))
    return bent


def warps(to: Array, *sources: Array) -> list[Array]:
    """Return where each of several pictures is looked up: (..., NODES, NODES, 2) each, x and y.

    What a picture has at its landmarks ``source`` (K, 2) comes to lie at ``to`` (..., K, 2); its
    border keeps its place.
    """
    side = np.linspace(0, 1, NODES)
    grid = np.stack(np.meshgrid(side, side), axis=2).reshape(-1, 2)
    lead = to.shape[:-2]
    anchors = np.broadcast_to(ANCHORS, (*lead, *ANCHORS.shape))
    weights = thin_plate(np.concatenate([to, anchors], axis=-2), grid)
    looked = [weights @ np.concatenate([source, ANCHORS]) for source in sources]
    return [np.clip(places, 0, 1).reshape(*lead, NODES, NODES, 2) for places in looked]


def pull(picture: Array, warp: Array) -> Array:
    """(H, W, C), (..., NODES, NODES, 2) -> (..., H, W, C), looked up bilinearly where it says."""
    h, w = picture.shape[:2]
    if min(h, w) < 2:
        return np.broadcast_to(picture, (*warp.shape[:-3], *picture.shape))
    nodes = np.moveaxis(warp * (w, h) - 0.5, -1, 0).astype(np.float32)
    x, y = from_nodes(h) @ nodes @ from_nodes(w).T
    return bilinear(picture, np.clip(x, 0, w - 1, out=x), np.clip(y, 0, h - 1, out=y))


def bilinear(picture: Array, x: Array, y: Array) -> Array:
    """Interpolate (H, W, C) at pixel indices x and y, (...) both, inside it: (..., C)."""
    h, w, channels = picture.shape
    right, below = min(1, w - 1), min(1, h - 1) * w
    left, top = np.clip(np.floor(x), 0, max(0, w - 2)), np.clip(np.floor(y), 0, max(0, h - 2))
    fx, fy = ((at - whole).astype(np.float32).ravel() for at, whole in ((x, left), (y, top)))
    first = (top * w + left).astype(np.intp).ravel()
    planes = planes_of(picture).reshape(channels, -1)

    def seen(step: int) -> Array:
        found: Array = planes[:, step:].take(first, axis=1, mode="clip")  # quicker; all are inside
        return found

    upper, lower = mix(seen(0), seen(right), fx), mix(seen(below), seen(below + right), fx)
    return np.moveaxis(mix(upper, lower, fy).reshape(channels, *x.shape), 0, -1)


def mix(first: Array, second: Array, share: Array) -> Array:
    """Return ``first`` + ``share`` (``second`` - ``first``), in the place of ``second``."""
    second -= first
    second *= share
    second += first
    return second


@lru_cache(maxsize=8)
def from_nodes(size: int) -> Array:
    """Return the matrix from values at the nodes to those at pixels' centres, (size, NODES)."""
    return straight_between((np.arange(size) + 0.5) / size, NODES)


def straight_between(at: Array, nodes: int) -> Array:
    """Return the matrix from values at nodes, even from 0 to 1, to those at (N,): (N, nodes)."""
    weights: Array = np.maximum(0, 1 - np.abs(at[:, None] * (nodes - 1) - np.arange(nodes)))
    return weights.astype(np.float32)


def enlarge(coarse: Array, height: int, width: int) -> Array:
    """(..., h, w, C) -> (..., height, width, C), smoothly."""
    h, w = coarse.shape[-3:-1]
    if (h, w) == (height, width):
        return coarse
    return both_ways(resize_matrix(h, height), resize_matrix(w, width), coarse)


def shrink(fine: Array, height: int, width: int) -> Array:
    """(..., H, W, C) -> (..., height, width, C), each an average of what it is enlarged to."""
    h, w = fine.shape[-3:-1]
    if (h, w) == (height, width):
        return fine
    return both_ways(shrinking(height, h), shrinking(width, w), fine)


@lru_cache(maxsize=32)
def shrinking(cells: int, size: int) -> Array:
    """Return the transpose of :func:`resize_matrix` with rows that sum to 1, (cells, size)."""
    matrix = resize_matrix(cells, size).T
    rows: Array = matrix / matrix.sum(axis=1, keepdims=True)
    return rows


def both_ways(down: Array, across: Array, x: Array) -> Array:
    """Apply matrices to columns and rows: (h, H), (w, W), (..., H, W, C) -> (..., h, w, C)."""
    return np.moveaxis(down @ planes_of(x) @ across.T, -3, -1)


def in_planes(picture: Array) -> Array:
    """Return (..., H, W, C) that is equal and has each colour in one piece of memory."""
    return np.moveaxis(planes_of(picture), -3, -1)


def planes_of(picture: Array) -> Array:
    """(..., H, W, C) -> (..., C, H, W), not copied if the colours are in planes already."""
    return np.ascontiguousarray(np.moveaxis(picture, -1, -3))

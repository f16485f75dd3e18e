"""What the networks see of a photo: pictures of every size, and upright faces cut out of them."""

import math
from collections.abc import Iterator

import numpy as np
from PIL import Image

from vae_core.finder.network import CELL, READER_FRAME, as_input
from vae_core.imaging.align import Similarity, as_matrix
from vae_core.imaging.resample import cut
from vae_core.patches import zero_padded
from vae_core.types import Array

BASE = 320
"""Pixels of the short side at the finest scale; a face of 8 % of it is the scout's smallest."""

LONGEST = 2 * BASE
"""Pixels of the long side at the finest scale, so that a panorama costs no more than two photos."""

FINDER_SIDE = 512
"""Pixels of the short side that a photo should be read with: the reader looks closer."""

SMALLEST_SIDE = 24
"""Pixels; where the pyramid of halved pictures ends."""


def reduced(image: Image.Image) -> Image.Image:
    """Return a picture that is just large enough for the finder: twice the finest scale."""
    factor = min(image.size) // FINDER_SIDE
    return image.reduce(factor) if factor > 1 else image


def pyramid(image: Image.Image) -> Iterator[Image.Image]:
    """Yield a picture at its finest scale, and halved until it is too small to hold a face."""
    w, h = image.size
    scale = min(BASE / min(w, h), LONGEST / max(w, h), 2.0)
    size = max(1, round(w * scale)), max(1, round(h * scale))
    picture = image.resize(size, Image.Resampling.BILINEAR, reducing_gap=2)
    yield picture
    while min(picture.size) >= 2 * SMALLEST_SIDE:
        picture = picture.reduce(2)
        yield picture


def whole_cells(picture: Image.Image) -> Array:
    """Return (1, H, W, 3) in [-1, 1], filled up with mid grey to whole cells."""
    x = as_input(np.asarray(picture))
    h, w = (-side % CELL for side in x.shape[:2])
    return zero_padded(x[None], 0, (h, w))


def views(image: Image.Image, points: Array, expected: Array) -> tuple[list[Similarity], Array]:
    """Cut out faces (K, 4, 2) so that their landmarks come to the ``expected`` places (4, 2).

    Returns the ways back to the picture and (K, 64, 64, 3) in [-1, 1]. What has strayed from the
    picture is seen at its edge, where it is no face.
    """
    ways = [upright(p, expected).inverse() for p in held_in(image, points)]
    return ways, as_input(np.stack([view(image, way) for way in ways]))


def held_in(image: Image.Image, points: Array) -> Array:
    """Return landmarks (K, 4, 2) with their middles in the picture; most are there already."""
    middle = points.mean(axis=1, keepdims=True)
    held: Array = points + (np.clip(middle, 0, image.size) - middle)
    return held


def view(image: Image.Image, to_image: Similarity) -> Array:
    """Return a candidate as the reader and the gauge see it, (64, 64, 3) uint8.

    Coarser and ten times faster than a model's crop: the networks learned from pictures that were
    shrunk and turned this way.
    """
    size = READER_FRAME.height, READER_FRAME.width
    factor = max(1, math.floor(to_image.scale))
    part, origin = cut(image, as_matrix(to_image), size, factor)
    matrix = as_matrix(Similarity(to_image.turn, to_image.shift - complex(*origin))) / factor
    flat = tuple(matrix.ravel().tolist())
    bilinear = Image.Resampling.BILINEAR
    return np.asarray(Image.fromarray(part).transform(size, Image.Transform.AFFINE, flat, bilinear))


def to_picture(ways: list[Similarity], seen: Array) -> Array:
    """Take landmarks (K, 4, 2) from each view back to the picture."""
    return np.stack([way.apply(points) for way, points in zip(ways, seen, strict=True)])


def upright(points: Array, expected: Array) -> Similarity:
    """Return the similarity that brings landmarks closest to the expected places, (4, 2) both."""
    p, q = points @ np.array([1, 1j]), expected @ np.array([1, 1j])
    dp, dq = p - p.mean(), q - q.mean()
    turn = complex(np.vdot(dp, dq) / max(np.vdot(dp, dp).real, 1e-6))
    if abs(turn) < 1e-6:
        turn = complex(1 / max(math.sqrt(np.vdot(dp, dp).real), 1e-3))
    return Similarity(turn, complex(q.mean() - turn * p.mean()))

"""One antialiased lookup of a part of a picture, at any scale and angle.

A grid is given by a (2, 3) matrix that leads from its coordinates (x, y, 1) to the picture's.
"""

import math

import numpy as np
from PIL import Image, ImageFilter

from vae_core.types import Array

LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""Rec. 601: what JPEG and Pillow call grey."""

SOFT = 0.06
"""How far beyond a photo there is anything sharp to be seen, as a fraction of the crop's width."""

MARGIN = 2
"""Pixels that a bicubic kernel reaches beyond the point it is asked for."""


def resample(
    image: Image.Image, matrix: Array, size: tuple[int, int], channels: int, soft: bool = False
) -> Array:
    """Return (H, W, C) float32 in [0, 1], each pixel the average of what it covers.

    image: RGB.  matrix: (2, 3), a similarity, crop -> image pixels.  size: H and W.  channels: 1
    for grey or 3.  soft: as in :func:`cut`.

    Boxes of whole pixels are averaged first, so that a large photo costs little; what remains to
    be shrunk, less than a factor of two, is sampled twice as densely and averaged.
    """
    height, width = size
    shrink = math.hypot(*matrix[:, 0])
    factor = max(1, math.floor(shrink))
    dense = 2 if shrink > factor else 1
    source, origin = cut(image, matrix, size, factor, soft)
    matrix = np.column_stack([matrix[:, :2] / dense, matrix[:, 2] - origin]) / factor
    fine = (
        look_up(plane, matrix, height * dense, width * dense) for plane in planes(source, channels)
    )
    pixels = np.stack([halved(plane) if dense == 2 else plane for plane in fine], axis=2)
    return np.clip(pixels, 0, 1, out=pixels)


def halved(plane: Array) -> Array:
    """(2 h, 2 w) -> (h, w): the means of boxes, ten times as fast as ``mean()``."""
    rows = plane[::2] + plane[1::2]
    mean: Array = (rows[:, ::2] + rows[:, 1::2]) / np.float32(4)
    return mean


def cut(
    image: Image.Image, matrix: Array, size: tuple[int, int], factor: int, soft: bool = False
) -> tuple[Array, Array]:
    """Cut out what a crop needs, reduced by ``factor``: (h, w, 3) uint8, its origin (2,).

    Outside the image its border is continued; ``soft``: its mirror image, more and more blurred.
    """
    height, width = size
    corners = np.array([[0, width, 0, width], [0, 0, height, height], [1, 1, 1, 1]])
    x, y = matrix @ corners / factor
    left, right = math.floor(x.min()) - MARGIN, math.ceil(x.max()) + MARGIN
    top, bottom = math.floor(y.min()) - MARGIN, math.ceil(y.max()) + MARGIN
    x0, x1 = clip_span(left, right, math.ceil(image.width / factor))
    y0, y1 = clip_span(top, bottom, math.ceil(image.height / factor))
    x_end, y_end = min(x1 * factor, image.width), min(y1 * factor, image.height)
    part = np.asarray(image.reduce(factor, (x0 * factor, y0 * factor, x_end, y_end)))
    beyond = (y0 - top, bottom - y1), (x0 - left, right - x1)
    whole = np.pad(part, (*beyond, (0, 0)), "symmetric" if soft else "edge")
    if soft and np.any(beyond):
        whole = softened(whole, *beyond, SOFT * math.hypot(*matrix[:, 0]) * width / factor)
    return whole, np.array([left, top]) * factor


def softened(pixels: Array, down: tuple[int, int], across: tuple[int, int], reach: float) -> Array:
    """Blur (h, w, 3) uint8 outside a photo, of which so much is above and below, left and right.

    From ``reach`` pixels on, a blur of that radius is all there is.
    """
    rows, columns = (
        outside(n, *sides) for n, sides in zip(pixels.shape, (down, across), strict=False)
    )
    share = np.minimum(1, np.maximum(rows[:, None], columns) / np.float32(reach))[..., None]
    blurred = np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(reach)))
    mixed: Array = np.rint(pixels + share * (blurred.astype(np.float32) - pixels)).astype(np.uint8)
    return mixed


def outside(size: int, before: int, after: int) -> Array:
    """Return how far each of ``size`` rows or columns is from those inside, (size,) float32."""
    at = np.arange(size, dtype=np.float32)
    return np.maximum(np.maximum(before - at, at - (size - 1 - after)), 0)


def clip_span(start: int, stop: int, size: int) -> tuple[int, int]:
    """Return the part of start..stop within 0..size; a crop always holds some of its photo."""
    return max(start, 0), min(stop, size)


def planes(pixels: Array, channels: int) -> list[Array]:
    """(h, w, 3) uint8 -> one grey or three colours, each (h, w) float32 in [0, 1]."""
    colours = pixels * np.float32(1 / 255)
    return [colours @ LUMA] if channels == 1 else list(np.moveaxis(colours, 2, 0))


def look_up(plane: Array, matrix: Array, height: int, width: int) -> Array:
    """Interpolate (h, w) floats at the places of a grid: (height, width).

    Floats, because Pillow's bicubic lookup of 8-bit pixels does not round but cuts off.
    """
    image = Image.fromarray(np.ascontiguousarray(plane))
    return np.asarray(
        image.transform(
            (width, height),
            Image.Transform.AFFINE,
            tuple(matrix.ravel().tolist()),
            Image.Resampling.BICUBIC,
        )
    )

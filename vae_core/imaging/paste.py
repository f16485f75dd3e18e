"""Frames of an aligned face, put back to where the face is in its photo."""

import math

import numpy as np

from vae_core.imaging.align import Frame, Similarity, align
from vae_core.imaging.photo import Photo
from vae_core.imaging.warp import bilinear
from vae_core.timing import smooth
from vae_core.types import Array

FEATHER = 0.2
"""The part of a frame's side over which it fades into the photo."""


def canvas_of(photo: Photo, channels: int, longest: int) -> tuple[Array, float]:
    """Return the whole photo, (H, W, C) in [0, 1], and its size over the photo's.

    Its longer side has ``longest`` pixels, or as many as the photo has if those are fewer.
    """
    rate = min(1.0, longest / max(photo.width, photo.height))
    height, width = (max(1, round(side * rate)) for side in (photo.height, photo.width))
    return align(photo, Frame(height, width, channels)).pixels, rate


def side_on_canvas(frame: Frame, to_photo: Similarity, rate: float) -> int:
    """Return how many pixels of the canvas a frame's longer side covers, rounded up."""
    return math.ceil(max(frame.height, frame.width) * to_photo.scale * rate)


def put_back(canvas: Array, frames: Array, to_canvas: Similarity) -> Array:
    """Blend frames (T, h, w, C) into a photo (H, W, C): (T, H, W, C).

    to_canvas: leads from a frame's pixels to the photo's. Towards its border a frame fades out.
    """
    rows, columns = covered(to_canvas, frames.shape[1:3], canvas.shape[:2])
    x, y = places(to_canvas.inverse(), rows, columns)
    height, width = frames.shape[1:3]
    mask = (fading(x / width) * fading(y / height)).astype(np.float32)[..., None]
    x, y = np.clip(x - 0.5, 0, width - 1), np.clip(y - 0.5, 0, height - 1)
    whole = np.repeat(canvas[None], len(frames), axis=0)
    for picture, frame in zip(whole, frames, strict=True):
        part = picture[rows, columns]
        part += mask * (bilinear(frame, x, y) - part)
    return whole


def covered(
    to_canvas: Similarity, frame: tuple[int, int], canvas: tuple[int, int]
) -> tuple[slice, slice]:
    """Return the rows and columns of the canvas that hold the whole frame, as far as they exist."""
    (h, w), (height, width) = frame, canvas
    corners = to_canvas.apply(np.array([[0, 0], [w, 0], [0, h], [w, h]]))
    left, top = np.floor(np.clip(corners.min(axis=0), 0, [width, height])).astype(int)
    right, bottom = np.ceil(np.clip(corners.max(axis=0), 0, [width, height])).astype(int)
    return slice(int(top), int(bottom)), slice(int(left), int(right))


def places(to_frame: Similarity, rows: slice, columns: slice) -> tuple[Array, Array]:
    """Return where the canvas' pixels lie in the frame, x and y in its pixels, (h, w) both."""
    x, y = np.meshgrid(
        np.arange(columns.start, columns.stop) + 0.5, np.arange(rows.start, rows.stop) + 0.5
    )
    there = to_frame.turn * (x + 1j * y) + to_frame.shift
    return there.real, there.imag


def fading(share: Array) -> Array:
    """Return how much of a frame shows, by the place along one of its sides: 0 at both ends."""
    return smooth(np.minimum(share, 1 - share) / FEATHER)

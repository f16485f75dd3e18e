"""What a model cannot draw, carried over from the photos: the fine detail of both ends.

A morph that fades one photo into another shows two faces at once. Three things keep the middle one
creature. Both photos are warped so that their landmarks meet before anything is mixed. Every place
has a time of its own at which it passes from the friend to the dog, so that hardly any is both: the
surroundings first, the eyes last. And what is mixed is coarse: where a place is on its way, the
coarse band comes from the decoder, while the fine band is a photo's.
"""

from dataclasses import dataclass

import numpy as np

from vae_core.imaging.warp import enlarge, pull, shrink, warps
from vae_core.timing import smooth
from vae_core.types import Array

CELLS = 16
"""Cells along a side of the coarse band: what is larger than two of them is the model's to draw."""

FIRST, LAST = 0.15, 0.85
"""Positions at which the farthest places, and the eyes, are half way."""

REACH = np.array([0.36, 0.28])
"""How far the eyes' late time reaches, across and down, as a fraction of the frame."""

FINE, COARSE = 0.12, 0.2
"""How much of the morph a place takes to pass, in each band."""

MIDDLE = np.array([0.5, 0.4])
"""Where the eyes are taken to be in a frame that knows no landmarks."""


@dataclass(frozen=True)
class End:
    """One end of a morph, in the model's light.

    picture: (H, W, C), not cut to [0, 1].  points: (K, 2) landmarks, eyes first, as fractions of
    width and height; the other end has the same ones.
    """

    picture: Array
    points: Array

    def bands(self) -> tuple[Array, Array]:
        """Return the coarse band, a few cells a side, and the fine one, of the picture's size."""
        h, w, _ = self.picture.shape
        coarse = shrink(self.picture, min(CELLS, h), min(CELLS, w))
        return coarse, self.picture - enlarge(coarse, h, w)

    def reduced(self, height: int, width: int) -> "End":
        """Return the same with a picture of another size."""
        return End(shrink(self.picture, height, width), self.points)


def compose(imagined: Array, first: End, last: End, positions: Array, detail: float = 1.0) -> Array:
    """Draw a morph with both photos' detail: frames (T, H, W, C) as large as the photos.

    imagined: (T, h, w, C), what the decoder makes of every position.  positions: (T,) from 0 to 1.
    detail: 0 leaves the imagined frames as they are, 1 begins and ends with the photos exactly.
    """
    height, width, channels = first.picture.shape
    frames = np.empty((len(imagined), height, width, channels), np.float32)
    blend = Blend(first, last)
    for frame, base, t in zip(frames, imagined, positions, strict=True):
        frame[:] = enlarge(base, height, width)
        if detail > 0:
            frame += np.float32(detail) * (blend.at(float(t), base) - frame)
    return frames


class Blend:
    """The two ends in their bands, and when each place passes from the first to the last."""

    def __init__(self, first: End, last: End) -> None:
        self.ends = first, last
        self.coarse, self.fine = zip(first.bands(), last.bands(), strict=True)
        eyes = (first.points + last.points)[:2].mean(axis=0) / 2 if len(first.points) else MIDDLE
        self.late, self.late_coarse = (
            lateness(eyes, *x.shape[:2]) for x in (first.picture, self.coarse[0])
        )

    def at(self, t: float, base: Array) -> Array:
        """Return the frame at a position, (H, W, C), of what is imagined there, (h, w, C)."""
        points = [end.points for end in self.ends]
        ways = warps((1 - t) * points[0] + t * points[1], *points)
        coarse = [pull(x, way) for x, way in zip(self.coarse, ways, strict=True)]
        fine = [pull(x, way) for x, way in zip(self.fine, ways, strict=True)]
        height, width, _ = fine[0].shape
        low = self.mix_coarse(t, base, *coarse)
        passed = share_passed(self.late, t, FINE)
        frame: Array = enlarge(low, height, width) + fine[0] + passed * (fine[1] - fine[0])
        return frame

    def mix_coarse(self, t: float, base: Array, first: Array, last: Array) -> Array:
        """Go from the first photo to the imagined face, and from there to the last photo."""
        passed = share_passed(self.late_coarse, t, COARSE)
        before, after = np.maximum(0, 1 - 2 * passed), np.maximum(0, 2 * passed - 1)
        seen = shrink(base, *first.shape[:2])
        mixed: Array = before * first + after * last + (1 - before - after) * seen
        return mixed


def lateness(eyes: Array, height: int, width: int) -> Array:
    """Return at which position each place is half way, between FIRST and LAST: (H, W, 1)."""
    x = ((np.arange(width) + 0.5) / width - eyes[0]) / REACH[0]
    y = ((np.arange(height) + 0.5) / height - eyes[1]) / REACH[1]
    near = np.exp(-0.5 * (y[:, None] ** 2 + x[None] ** 2))[..., None]
    late: Array = (FIRST + (LAST - FIRST) * near).astype(np.float32)
    return late


def share_passed(late: Array, t: float, width: float) -> Array:
    """Return how far each place is on its way, 0 to 1; exactly so at both ends of the morph."""
    return smooth((t - late) / np.float32(width) + np.float32(0.5))

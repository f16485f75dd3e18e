"""What a model cannot draw, carried over from the photos: the fine detail of both ends.

A morph that fades one photo into another shows two faces at once. Three things keep the middle one
creature. Both photos are warped so that their landmarks meet before anything is mixed. Every place
has a time of its own at which it passes from the friend to the dog, so that hardly any is both: the
surroundings first, the eyes last. And the coarser a band of the picture is, the longer it takes, by
way of what the decoder imagines: colour and shading change slowly, edges at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vae_core.imaging.warp import enlarge, in_planes, planes_of, pull, shrink, warps
from vae_core.threads import in_threads
from vae_core.timing import smooth
from vae_core.types import Array

CELLS = (4, 12)
"""Cells along a side of the two coarse bands; what is finer is the third."""

SHARES = (0.8, 0.2, 0.12)
"""How much of the morph a place takes to pass, in each band from coarse to fine."""

REACH = np.array([0.50, 0.38])
"""How far the eyes' late time reaches, across and down, as a fraction of the frame."""

AT_ONCE = 200_000
"""Numbers of frames that are drawn in one go: of fewer the interpreter makes more work than they do
themselves, and more do not fit the cache."""

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

    def reduced(self, height: int, width: int) -> "End":
        """Return the same with a picture of another size."""
        return End(shrink(self.picture, height, width), self.points)


@dataclass(frozen=True)
class Walked:
    """What a decoder makes of a walk: every frame a mixture of a few pictures.

    pictures: (K, H, W, C).  shares: (T, K) float32.
    """

    pictures: Array
    shares: Array

    def __len__(self) -> int:
        return len(self.shares)

    def shrunk(self, height: int, width: int) -> "Walked":
        """Return the same with pictures of another size."""
        return Walked(shrink(self.pictures, height, width), self.shares)

    def frames(self, some: slice = slice(None)) -> Array:
        """Return frames, (T, H, W, C)."""
        planes = planes_of(self.pictures)
        mixed = self.shares[some] @ planes.reshape(len(planes), -1)
        return np.moveaxis(mixed.reshape(-1, *planes.shape[1:]), 1, -1)


def bands_of(picture: Array) -> list[Array]:
    """Take pictures (..., H, W, C) apart into bands, coarse to fine, that add up when enlarged.

    A Laplacian pyramid (Burt and Adelson, IEEE COM-31(4), 1983) of few and large steps.
    """
    bands = []
    for cells in reversed(CELLS):
        h, w = picture.shape[-3:-1]
        coarse = shrink(picture, min(cells, h), min(cells, w))
        bands.append(picture - enlarge(coarse, h, w))
        picture = coarse
    return [picture, *reversed(bands)]


def sum_of(bands: list[Array]) -> Array:
    """Put a picture together again: undo :func:`bands_of`."""
    picture = bands[0]
    for band in bands[1:]:
        picture = enlarge(picture, *band.shape[-3:-1]) + band
    return picture


def compose(walked: Walked, first: End, last: End, positions: Array, detail: float = 1.0) -> Array:
    """Draw a morph with both photos' detail: frames (T, H, W, C) as large as the photos.

    walked: what the decoder makes of every position.  positions: (T,) from 0 to 1.
    detail: 0 leaves the decoder's frames as they are, 1 begins and ends with the photos exactly.
    """
    height, width, channels = first.picture.shape
    if detail == 0:
        return enlarge(walked.frames(), height, width)
    planes = np.empty((len(walked), channels, height, width), np.float32)
    frames = np.moveaxis(planes, 1, -1)
    blend = Blend(first, last, positions, walked)

    def draw(some: slice) -> None:
        frames[some] = blend.frames(some)
        if detail < 1:
            plain = enlarge(walked.frames(some), height, width)
            frames[some] = plain + np.float32(detail) * (frames[some] - plain)

    size = max(1, AT_ONCE // first.picture.size)
    in_threads(first.picture.size, draw, [slice(k, k + size) for k in range(0, len(frames), size)])
    return frames


class Blend:
    """The two ends in their bands, on the way from one to the other.

    The coarse bands of all frames are mixed together, the fine band of some frames at a time.
    """

    def __init__(self, first: End, last: End, positions: Array, walked: Walked) -> None:
        """positions: (T,).  walked: what the decoder makes of them."""
        t = positions[:, None, None]
        self.positions = t[..., None].astype(np.float32)
        self.ways = warps((1 - t) * first.points + t * last.points, first.points, last.points)
        eyes = (first.points + last.points)[:2].mean(axis=0) / 2 if len(first.points) else MIDDLE
        both = (bands_of(in_planes(end.picture)) for end in (first, last))
        *coarse, self.fine = zip(*both, strict=True)
        self.late = [lateness(eyes, *pair[0].shape[:2]) for pair in (*coarse, self.fine)]
        *seen, _ = bands_of(walked.shrunk(*coarse[-1][0].shape[:2]).frames())
        every = slice(None)
        bands = zip(coarse, self.late, SHARES, seen, strict=False)
        self.coarse = sum_of([self.mixed(every, *band) for band in bands])

    def mixed(
        self,
        some: slice,
        pair: Sequence[Array],
        late: Array,
        share: float,
        by_way_of: Array | None = None,
    ) -> Array:
        """Return a band of some frames, (N, H, W, C)."""
        first, last = (pull(band, way[some]) for band, way in zip(pair, self.ways, strict=True))
        return pass_over(first, last, share_passed(late, self.positions[some], share), by_way_of)

    def frames(self, some: slice) -> Array:
        """Return some frames, (N, H, W, C)."""
        fine = self.mixed(some, self.fine, self.late[-1], SHARES[-1])
        drawn: Array = enlarge(self.coarse[some], *fine.shape[1:3]) + fine
        return drawn


def pass_over(first: Array, last: Array, passed: Array, by_way_of: Array | None) -> Array:
    """Go from the first to the last as far as ``passed``, 0 to 1, all (N, H, W, C).

    There may be something half way, which is then all there is half way.
    """
    if by_way_of is None:
        direct: Array = first + passed * (last - first)
        return direct
    before, after = np.maximum(0, 1 - 2 * passed), np.maximum(0, 2 * passed - 1)
    mixed: Array = before * first + after * last + (1 - before - after) * by_way_of
    return mixed


def lateness(eyes: Array, height: int, width: int) -> Array:
    """Return how late each place passes, 0 first to 1 last: (H, W, 1), a bell around the eyes."""
    x = ((np.arange(width) + 0.5) / width - eyes[0]) / REACH[0]
    y = ((np.arange(height) + 0.5) / height - eyes[1]) / REACH[1]
    late: Array = np.exp(-0.5 * (y[:, None] ** 2 + x[None] ** 2))[..., None].astype(np.float32)
    return late


def share_passed(late: Array, t: float | Array, share: float) -> Array:
    """Return how far each place is at a position, 0 to 1, when it takes a ``share`` of the morph.

    The first place sets out at once, the last one arrives at the end.
    """
    return smooth((np.float32(t) - np.float32(1 - share) * late) / np.float32(share))

"""A photo as a model sees it: aligned, encoded, and how well the model can show it again."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from vae_core.checkpoint import Checkpoint
from vae_core.detail import End
from vae_core.imaging.align import Crop, align
from vae_core.imaging.landmarks import Landmarks
from vae_core.imaging.lighting import restore_light
from vae_core.imaging.photo import Photo
from vae_core.imaging.portrait import points_in, portrait_of
from vae_core.metrics import mse_per_picture
from vae_core.types import Array


@dataclass(frozen=True)
class Encoded:
    """A photo as a model sees it: the aligned picture, and its latent (Z,).

    portrait: the same face in the photo's own light and as large as frames are wanted, (H, W, C).
    points: its landmarks as fractions of the frame, (K, 2).  shown: what the decoder makes of the
    latent, (H, W, C), if that is known.  How well the model can show it again is worked out when it
    is asked for.
    """

    checkpoint: Checkpoint
    crop: Crop
    latent: Array
    portrait: Array
    points: Array
    shown: Array | None = None

    @cached_property
    def decoded(self) -> Array:
        """(H, W, C) in [0, 1], in the model's light."""
        if self.shown is not None:
            return self.shown
        picture: Array = self.checkpoint.decode(self.latent[None])[0]
        return picture

    @property
    def picture(self) -> Array:
        """The aligned face in the photo's own light, (H, W, C) in [0, 1]."""
        return self.lit(self.crop.pixels)

    @property
    def reconstruction(self) -> Array:
        """What the model makes of it, in the photo's own light, (H, W, C) in [0, 1]."""
        return self.lit(self.decoded)

    def lit(self, pixels: Array) -> Array:
        """Give one picture the photo's light."""
        picture: Array = restore_light(pixels[None], self.crop.light, self.crop.light)[0]
        return picture

    @property
    def end(self) -> End:
        """What a morph begins or ends with: the portrait in the model's light, not cut off."""
        light = self.crop.light
        return End((self.portrait - np.float32(light.offset)) / np.float32(light.gain), self.points)

    @property
    def loss(self) -> float:
        """Mean square error per pixel, in the model's light."""
        return float(mse_per_picture(self.crop.pixels[None], self.decoded[None])[0])

    @property
    def percentile(self) -> float:
        """The share of training pictures, in per cent, that the model reconstructs better."""
        return self.checkpoint.histogram.percentile(self.loss)


class Aligned(NamedTuple):
    """A photo whose face is where a model wants it, and what :class:`Encoded` says besides."""

    crop: Crop
    portrait: Array
    points: Array


def align_photo(
    checkpoint: Checkpoint, photo: Photo, landmarks: Landmarks | None, species: str, side: int = 0
) -> Aligned:
    """Align a photo to the model's frame.

    side: pixels of the longer side of frames, if more than the model's. Without landmarks the
    photo is taken as a centred face crop. Raises LandmarksError.
    """
    frame = checkpoint.frame
    crop = align(photo, frame, landmarks, species)
    portrait = portrait_of(photo, frame, landmarks, species, side)
    return Aligned(crop, portrait, points_in(frame, species, landmarks, crop))


def encode_aligned(checkpoint: Checkpoint, *photos: Aligned) -> list[Encoded]:
    """Encode one or more photos together: what takes longest is to read the weights."""
    latents, pictures = checkpoint.encode_and_show(np.stack([a.crop.pixels for a in photos]))
    shown = [None] * len(photos) if pictures is None else pictures
    return [
        Encoded(checkpoint, aligned.crop, z, aligned.portrait, aligned.points, y)
        for aligned, z, y in zip(photos, latents, shown, strict=True)
    ]


def encode_photo(
    checkpoint: Checkpoint, photo: Photo, landmarks: Landmarks | None, species: str, side: int = 0
) -> Encoded:
    """Align a photo as :func:`align_photo` does, and encode it."""
    (encoded,) = encode_aligned(
        checkpoint, align_photo(checkpoint, photo, landmarks, species, side)
    )
    return encoded

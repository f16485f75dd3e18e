"""From two photos to the frames between them: the whole engine in two functions."""

from dataclasses import dataclass
from functools import cached_property

from vae_core.checkpoint import Checkpoint
from vae_core.imaging.align import Crop, Landmarks, align
from vae_core.imaging.lighting import restore_light
from vae_core.imaging.photo import Photo
from vae_core.latent import walk as walk_latents
from vae_core.metrics import mse_per_picture
from vae_core.types import Array


@dataclass(frozen=True)
class Encoded:
    """A photo as a model sees it: the aligned picture, and its latent (Z,).

    How well the model can show it again is worked out when it is asked for.
    """

    checkpoint: Checkpoint
    crop: Crop
    latent: Array

    @cached_property
    def decoded(self) -> Array:
        """(H, W, C) in [0, 1], in the model's light."""
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
    def loss(self) -> float:
        """Mean square error per pixel, in the model's light."""
        return float(mse_per_picture(self.crop.pixels[None], self.decoded[None])[0])

    @property
    def percentile(self) -> float:
        """The share of training pictures, in per cent, that the model reconstructs better."""
        return self.checkpoint.histogram.percentile(self.loss)


@dataclass(frozen=True)
class Morph:
    """frames: (steps, H, W, C) in [0, 1], decoded from latents: (steps, Z)."""

    frames: Array
    latents: Array
    friend: Encoded
    dog: Encoded


def example_frames(checkpoint: Checkpoint, steps: int, walk: str = "linear") -> Array | None:
    """Decode a walk between the two latents that a checkpoint brings along; None if it has none."""
    ends = checkpoint.metadata.get("example")
    if not ends:
        return None
    return checkpoint.decode(walk_latents(ends["friend"], ends["dog"], steps, walk))


def encode_photo(
    checkpoint: Checkpoint, photo: Photo, landmarks: Landmarks | None, species: str
) -> Encoded:
    """Align a photo to the model's frame and encode it.

    Without landmarks the photo is taken as a centred face crop. Raises LandmarksError.
    """
    crop = align(photo, checkpoint.frame, landmarks, species)
    return Encoded(checkpoint, crop, checkpoint.encode(crop.pixels[None])[0])


def morph(
    checkpoint: Checkpoint, friend: Encoded, dog: Encoded, steps: int = 11, walk: str = "linear"
) -> Morph:
    """Walk from one latent to the other and decode every step; at least two."""
    latents = walk_latents(friend.latent, dog.latent, steps, walk)
    frames = restore_light(checkpoint.decode(latents), friend.crop.light, dog.crop.light)
    return Morph(frames, latents, friend, dog)

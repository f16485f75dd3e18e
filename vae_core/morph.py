"""From two photos to the frames between them: the whole engine in two functions."""

from dataclasses import dataclass

from vae_core.checkpoint import Checkpoint
from vae_core.imaging.align import Crop, Landmarks, align
from vae_core.imaging.lighting import restore_light
from vae_core.imaging.photo import Photo
from vae_core.latent import walk as walk_latents
from vae_core.metrics import mse_per_picture
from vae_core.types import Array


@dataclass(frozen=True)
class Encoded:
    """A photo as a model sees it.

    crop: the aligned picture.  latent: (Z,).  reconstruction: (H, W, C) in [0, 1], in the photo's
    own light.  loss: mean square error per pixel, as the model sees it.  percentile: the share of training pictures, in per cent, that the
    model reconstructs better.
    """

    crop: Crop
    latent: Array
    reconstruction: Array
    loss: float
    percentile: float


@dataclass(frozen=True)
class Morph:
    """frames: (steps, H, W, C) in [0, 1], decoded from latents: (steps, Z)."""

    frames: Array
    latents: Array
    friend: Encoded
    dog: Encoded


def encode_photo(
    checkpoint: Checkpoint, photo: Photo, landmarks: Landmarks | None, species: str
) -> Encoded:
    """Align a photo to the model's frame, encode it, and see how faithful the model is to it.

    Without landmarks the photo is taken as a centred face crop. Raises LandmarksError.
    """
    crop = align(photo, checkpoint.frame, landmarks, species)
    x = crop.pixels[None]
    latent = checkpoint.encode(x)
    reconstruction = checkpoint.decode(latent)
    loss = float(mse_per_picture(x, reconstruction)[0])
    percentile = checkpoint.histogram.percentile(loss)
    restored = restore_light(reconstruction, crop.light, crop.light)[0]
    return Encoded(crop, latent[0], restored, loss, percentile)


def morph(
    checkpoint: Checkpoint, friend: Encoded, dog: Encoded, steps: int = 11, walk: str = "linear"
) -> Morph:
    """Walk from one latent to the other and decode every step; at least two."""
    latents = walk_latents(friend.latent, dog.latent, steps, walk)
    frames = restore_light(checkpoint.decode(latents), friend.crop.light, dog.crop.light)
    return Morph(frames, latents, friend, dog)

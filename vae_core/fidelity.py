"""How faithful reconstructions of held-out faces are, and how the latents are used."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

import numpy as np
from PIL import Image

from vae_core.checkpoint import Checkpoint
from vae_core.data.dataset import Dataset
from vae_core.evaluation import batches
from vae_core.imaging.align import Frame, align
from vae_core.imaging.landmarks import Landmarks
from vae_core.imaging.photo import Photo
from vae_core.layers import output
from vae_core.likeness import likeness, ssim
from vae_core.losses import gaussian_kl_terms
from vae_core.metrics import mse_per_picture, psnr
from vae_core.posterior import DiagonalGaussian
from vae_core.types import Array, scope

Reconstruct: TypeAlias = Callable[[Array], Array]
"""(N, H, W, C) -> (N, H, W, C)."""

ACTIVE = 0.01
"""Variance of a latent's means above which it is active (arXiv:1509.00519, section 5.2)."""


@dataclass(frozen=True)
class Fidelity:
    """One way to reconstruct, on one species' pictures.

    psnr: dB, of the mean square error over all of them.  ssim: its mean.  recognised: the share
    whose nearest original, by the fine features of the face, is their own.
    """

    pictures: int
    psnr: float
    ssim: float
    recognised: float

    def to_json(self) -> dict[str, Any]:
        """Return a plain object."""
        return asdict(self)


def fidelity(reconstruct: Reconstruct, x: Array, frame: Frame) -> Fidelity:
    """Measure reconstructions of (N, H, W, C) in [0, 1], pictures of a ``frame``."""
    y = np.concatenate([np.clip(reconstruct(x[k : k + 100]), 0, 1) for k in range(0, len(x), 100)])
    return Fidelity(
        pictures=len(x),
        psnr=psnr(float(mse_per_picture(x, y).mean())),
        ssim=float(ssim(x, y).mean()),
        recognised=likeness(x, y, frame).recognised,
    )


def held_out(dataset: Dataset, species: str, count: int) -> Array:
    """Return up to ``count`` pictures of a species, (N, H, W, C): the test split's come first."""
    splits = [dataset.indices(split, species) for split in ("test", "validation")]
    return dataset.batch(np.concatenate(splits)[:count])


def reframed(x: Array, frame: Frame, other: Frame) -> Array:
    """Crop pictures of one frame to another that lies inside it: (N, H, W, C) -> (N, h, w, c)."""
    names = ("left_eye", "right_eye", "nose", "mouth")
    places = Landmarks(**{name: frame.point(name) for name in names})
    pixels = np.rint(255 * x).astype(np.uint8)
    images = (Image.fromarray(p.squeeze(-1) if p.shape[-1] == 1 else p) for p in pixels)
    photos = (Photo(image.convert("RGB"), image.width, image.height) for image in images)
    return np.stack([align(photo, other, places, "person").pixels for photo in photos])


@dataclass(frozen=True)
class LatentUse:
    """What the encoder says over many pictures.

    kl: mean nats of each latent, (Z,).  variance: of its means, (Z,).  spread: standard deviation
    of the aggregate posterior, (Z,), 1 where it fits the prior.  offset: its mean, (Z,).
    """

    kl: Array
    variance: Array
    spread: Array
    offset: Array

    @property
    def active(self) -> int:
        """How many latents say something."""
        return int((self.variance > ACTIVE).sum())

    def to_json(self) -> dict[str, Any]:
        """Return plain lists, of four digits."""
        lists = {name: [float(f"{v:.4g}") for v in a] for name, a in asdict(self).items()}
        return lists | {"active": self.active}


def latent_use(checkpoint: Checkpoint, dataset: Dataset, indices: Array) -> LatentUse:
    """Measure the latents of pictures of the size at which a model works."""
    vae, params = checkpoint.vae, scope(checkpoint.params, "encoder")
    assert isinstance(vae.posterior, DiagonalGaussian)
    pairs = [
        vae.posterior.normal(output(vae.encoder, params, x)) for x in batches(dataset, indices)
    ]
    mean, logvar = (np.concatenate(parts) for parts in zip(*pairs, strict=True))
    variance = mean.var(axis=0)
    return LatentUse(
        kl=gaussian_kl_terms(mean, logvar)[0].mean(axis=0),
        variance=variance,
        spread=np.sqrt(variance + np.exp(logvar).mean(axis=0)),
        offset=mean.mean(axis=0),
    )

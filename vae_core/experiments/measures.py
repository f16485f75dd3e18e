"""What the training sweeps measure, on pictures that no model was trained on."""

import math

import numpy as np

from vae_core.bounds import binarised, importance_bound
from vae_core.checkpoint import Checkpoint
from vae_core.collapse import collapse
from vae_core.data.dataset import Dataset
from vae_core.evaluation import losses, pictures_of, sampled_losses
from vae_core.experiments.sweep import Row

DRAWS = 500
BOUND_PICTURES = 2000
"""Of which the bound is measured unless more are asked for; 500 draws of each take their time."""


def reconstruction(checkpoint: Checkpoint, dataset: Dataset) -> Row:
    """Mean square errors per pixel, KL in nats, and how many latents are active, on the test split.

    elbo: of a unit-variance Gaussian at each pixel, without its constant: -(D mse / 2 + KL).
    """
    indices = pictures_of(dataset, "test")
    own = losses(checkpoint, dataset, indices)
    sampled, kl = sampled_losses(checkpoint, dataset, indices)
    elbo = -(0.5 * checkpoint.config.pixels * sampled + kl)
    return {
        "mse": float(own.mean()),
        "mse, drawn latent": float(sampled.mean()),
        "kl": float(kl.mean()),
        "elbo": float(elbo.mean()),
        "active": collapse(checkpoint, dataset, indices).active,
    }


def bounds(checkpoint: Checkpoint, dataset: Dataset, pictures: int = BOUND_PICTURES) -> Row:
    """ELBO and importance-weighted bound in nats, on the first binarised test pictures.

    All models see the same pixels drawn on; the draws of their latents differ.
    """
    indices = pictures_of(dataset, "test")[:pictures]
    rng = np.random.default_rng(0)
    x = dataset.batch(indices)
    x = binarised(x, rng.random(x.shape, x.dtype))
    elbo, bound = (
        np.concatenate(
            [
                importance_bound(checkpoint.vae, checkpoint.params, x[k : k + 100], rng, draws)
                for k in range(0, len(x), 100)
            ]
        )
        for draws in (1, DRAWS)
    )
    return {
        "elbo": float(elbo.mean()),
        f"bound, k = {DRAWS}": float(bound.mean()),
        "standard error": float(bound.std() / math.sqrt(len(bound))),
        "pictures": len(bound),
        "active": collapse(checkpoint, dataset, indices).active,
    }

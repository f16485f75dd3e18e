"""Which latents a model uses: those that the KL has switched off say nothing of the picture."""

from dataclasses import dataclass

import numpy as np

from vae_core.checkpoint import Checkpoint
from vae_core.data.dataset import Dataset
from vae_core.evaluation import batches
from vae_core.posterior import DiagonalGaussian
from vae_core.types import Array, scope

ACTIVE = 0.01
"""The variance of a latent's mean above which it is active; arXiv:1509.00519, section 5.2."""


@dataclass(frozen=True)
class Collapse:
    """What each latent does.

    activity: (Z,), the variance of its mean over the pictures.  kl: (Z,) in nats, its share of
    the KL; None where the posterior does not fall apart into latents.
    """

    activity: Array
    kl: Array | None

    @property
    def active(self) -> int:
        """How many latents vary with the picture."""
        return int((self.activity > ACTIVE).sum())

    @property
    def sentence(self) -> str:
        """The report that ends a training run."""
        said = f"{self.active} of {len(self.activity)} latents are active"
        if self.kl is None:
            return f"{said}."
        shares = np.sort(self.kl)[::-1]
        shown = ", ".join(f"{value:.2f}" for value in shares[:8])
        more = ", ..." if len(shares) > 8 else ""
        return f"{said}; KL {shares.sum():.1f} nats, largest first: {shown}{more}."


def collapse(checkpoint: Checkpoint, dataset: Dataset, indices: Array) -> Collapse:
    """Measure which latents are used on the pictures of ``indices``, (n,)."""
    vae, params = checkpoint.vae, checkpoint.params
    if not isinstance(vae.posterior, DiagonalGaussian):
        z = np.concatenate([checkpoint.encode(x) for x in batches(dataset, indices)])
        return Collapse(z.var(axis=0), None)
    encoder = scope(params, "encoder")
    h = np.concatenate([vae.encoder.forward(encoder, x)[0] for x in batches(dataset, indices)])
    q = vae.posterior.normal(h)
    kl = 0.5 * (q.mean**2 + np.exp(q.logvar) - 1 - q.logvar).mean(axis=0, dtype=np.float64)
    return Collapse(q.mean.var(axis=0), kl)

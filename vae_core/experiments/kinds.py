"""Whether breeds cluster, babies reconstruct best and speckled dogs worst, as the article saw."""

from collections.abc import Callable

import numpy as np

from vae_core.checkpoint import Checkpoint
from vae_core.data.dataset import Dataset
from vae_core.evaluation import fit_pca, losses, pca_losses
from vae_core.experiments.direction import described
from vae_core.experiments.sweep import Experiment, Measured, Row
from vae_core.kinds import BREEDS, KINDS, members
from vae_core.types import Array


def reconstructed(kind: str) -> Callable[[Checkpoint, Dataset], Row]:
    """Return what measures a kind's losses beside those of others like it.

    loss: the median of the mean square error per pixel.  times: over the median of the other
    held-out pictures of the same species from the same sources, of the model and of PCA.  worse
    than: which share of those have a smaller loss than the kind's median.
    """

    def measure(checkpoint: Checkpoint, dataset: Dataset) -> Row:
        own = members(dataset, kind)
        alike = (dataset.split == "test") & np.isin(dataset.origin, dataset.origin[own])
        alike &= dataset.species == dataset.species[own[0]]
        alike[own] = False
        others = np.flatnonzero(alike)
        pca = fit_pca(dataset, checkpoint.config.latent)
        loss, other = (losses(checkpoint, dataset, k) for k in (own, others))
        linear, linear_other = (np.median(pca_losses(pca, dataset, k)) for k in (own, others))
        median = float(np.median(loss))
        return {
            "pictures": len(own),
            "loss": median,
            "times": median / float(np.median(other)),
            "PCA, times": float(linear / linear_other),
            "worse than": float((other < median).mean()),
        }

    return measure


def clustered(by_latents: bool) -> Callable[[Checkpoint, Dataset], Row]:
    """Return what measures how many of each breed lie nearest to their own breed's mean.

    A picture's own place is left out of the means that it is compared with.
    """

    def measure(checkpoint: Checkpoint, dataset: Dataset) -> Row:
        places = {breed: members(dataset, breed) for breed in BREEDS}
        where = np.concatenate(list(places.values()))
        breed = np.repeat(list(places), [len(k) for k in places.values()])
        right = nearest_mean(described(checkpoint, dataset, where, by_latents), breed) == breed
        shares: Row = {name: float(right[breed == name].mean()) for name in places}
        return {"all alike": float(np.mean(list(shares.values()))), **shares}

    return measure


def nearest_mean(z: Array, group: Array) -> Array:
    """Return the group whose mean, without the point itself, is nearest: (n, Z), (n,) -> (n,)."""
    names = np.unique(group)
    distances = np.empty((len(z), len(names)))
    for k, name in enumerate(names):
        inside = (group == name)[:, None]
        means = (z[inside[:, 0]].sum(axis=0) - inside * z) / (inside.sum() - inside)
        distances[:, k] = np.square(z - means).sum(axis=1)
    nearest: Array = names[distances.argmin(axis=1)]
    return nearest


RECONSTRUCTED = Experiment(
    "Do babies reconstruct best, and speckled dogs worst?",
    {kind: Measured(reconstructed(kind)) for kind in KINDS},
    drawn=("times", "PCA, times", "worse than"),
)

CLUSTERS = Experiment(
    "Do breeds cluster?",
    {
        "latents": Measured(clustered(by_latents=True)),
        "PCA": Measured(clustered(by_latents=False)),
    },
    drawn=("all alike",),
)

"""Is there a direction from person to dog? Found on training pictures, tried on held-out ones."""

from collections.abc import Callable

import numpy as np

from vae_core.checkpoint import Checkpoint
from vae_core.data.dataset import Dataset
from vae_core.errors import DataError
from vae_core.evaluation import batches, fit_pca, latents
from vae_core.experiments.sweep import Experiment, Measured, Row
from vae_core.types import Array


def told_apart(by_latents: bool, whitened: bool) -> Callable[[Checkpoint, Dataset], Row]:
    """Return what measures how well one direction tells held-out people from dogs.

    The direction is that between the species' means, of latents or of as many principal
    components of the pixels; whitened, it takes the spread within a species into account (Fisher's
    discriminant). Columns: shares of held-out pictures on the right side of the middle.
    """

    def measure(checkpoint: Checkpoint, dataset: Dataset) -> Row:
        if not {"person", "dog"} <= set(dataset.species):
            raise DataError("People and dogs are told apart in a data set that has both.")
        train, test = dataset.indices("train"), dataset.indices("test")
        known, new = (described(checkpoint, dataset, k, by_latents) for k in (train, test))
        said = says_dog(known, dataset.species[train] == "dog", new, whitened)
        dogs = dataset.species[test] == "dog"
        return {
            "both alike": float((said[dogs].mean() + 1 - said[~dogs].mean()) / 2),
            "dogs": float(said[dogs].mean()),
            "people": float(1 - said[~dogs].mean()),
        }

    return measure


def described(checkpoint: Checkpoint, dataset: Dataset, where: Array, by_latents: bool) -> Array:
    """Return latents, or as many principal components' scores: (n,) places -> (n, Z)."""
    if by_latents:
        return latents(checkpoint, dataset, where)
    pca = fit_pca(dataset, checkpoint.config.latent)
    return np.concatenate([pca.scores(x) for x in batches(dataset, where)])


def says_dog(known: Array, dogs: Array, new: Array, whitened: bool) -> Array:
    """Tell which of ``new``, (m, K), are on the dogs' side: (n, K), (n,) bool -> (m,) bool."""
    dog, person = known[dogs].mean(axis=0), known[~dogs].mean(axis=0)
    way = dog - person
    if whitened:
        within = np.concatenate([known[dogs] - dog, known[~dogs] - person])
        way = np.linalg.solve(within.T @ within / len(within), way)
    nearer: Array = (new - (dog + person) / 2) @ way > 0
    return nearer


DIRECTION = Experiment(
    "Is there a direction from person to dog?",
    {
        "latents, between the means": Measured(told_apart(by_latents=True, whitened=False)),
        "latents, Fisher's": Measured(told_apart(by_latents=True, whitened=True)),
        "PCA, between the means": Measured(told_apart(by_latents=False, whitened=False)),
        "PCA, Fisher's": Measured(told_apart(by_latents=False, whitened=True)),
    },
    drawn=("both alike",),
)

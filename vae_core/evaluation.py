"""How well a model does on pictures it was not trained on."""

import math
from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np

from vae_core.checkpoint import Checkpoint
from vae_core.data.dataset import Dataset, shrunk
from vae_core.errors import DataError
from vae_core.metrics import gradient_energy, mse_per_picture
from vae_core.principal import PrincipalComponents
from vae_core.types import Array

BATCH = 500
LARGEST_EXACT = 4096
"""Values in a picture up to which principal components are computed exactly."""


def pictures_of(dataset: Dataset, split: str) -> Array:
    """Return where a split's pictures are, (n,) integers; DataError if it has none."""
    indices = dataset.indices(split)
    if not len(indices):
        raise DataError(f"The data set has no pictures in its {split} split.")
    return indices


def batches(dataset: Dataset, indices: Array) -> Iterator[Array]:
    """Yield the pictures of ``indices`` in order, (n, H, W, C) float32, n at most ``BATCH``."""
    for start in range(0, len(indices), BATCH):
        yield dataset.batch(indices[start : start + BATCH])


def latents(checkpoint: Checkpoint, dataset: Dataset, indices: Array) -> Array:
    """Encode pictures: (N, Z)."""
    return np.concatenate([checkpoint.encode(x) for x in batches(dataset, indices)])


def losses_at(checkpoint: Checkpoint, dataset: Dataset, indices: Array, z: Array) -> Array:
    """Per-pixel mean square error of each picture, decoded from its latent, z (N, Z): (N,)."""
    pairs = with_latents(dataset, indices, z)
    return np.concatenate([mse_per_picture(x, checkpoint.decode(group)) for x, group in pairs])


def with_latents(dataset: Dataset, indices: Array, z: Array) -> Iterator[tuple[Array, Array]]:
    """Yield the pictures of ``indices`` as :func:`batches` does, with their latents, (n, Z)."""
    groups = (z[k : k + BATCH] for k in range(0, len(z), BATCH))
    return zip(batches(dataset, indices), groups, strict=True)


def losses(checkpoint: Checkpoint, dataset: Dataset, indices: Array) -> Array:
    """Per-pixel mean square error of each picture, decoded from its own latent: (N,)."""
    return losses_at(checkpoint, dataset, indices, latents(checkpoint, dataset, indices))


def sampled_losses(
    checkpoint: Checkpoint, dataset: Dataset, indices: Array, seed: int = 0
) -> tuple[Array, Array]:
    """Return the same from a drawn latent, and the KL in nats: (N,), (N,)."""
    rng = np.random.default_rng(seed)
    vae, params = checkpoint.vae, checkpoint.params
    errors, kls = [], []
    for x in batches(dataset, indices):
        eps = rng.standard_normal((len(x), vae.config.latent), np.float32)
        z, kl = vae.draw(params, x, eps)
        errors.append(mse_per_picture(x, vae.decode(params, z)))
        kls.append(kl)
    return np.concatenate(errors), np.concatenate(kls)


def sharpness_kept(checkpoint: Checkpoint, dataset: Dataset, indices: Array, z: Array) -> float:
    """Return the gradient energy decoded from z (N, Z) over the pictures' own, both summed."""
    own = kept = 0.0
    for x, group in with_latents(dataset, indices, z):
        own += float(gradient_energy(x).sum())
        kept += float(gradient_energy(checkpoint.decode(group)).sum())
    return kept / own


def fit_pca(dataset: Dataset, components: int) -> PrincipalComponents:
    """Fit the linear yardstick on the training split; on large pictures nearly exactly."""
    training = dataset.indices("train")
    if math.prod(dataset.images.shape[1:]) <= LARGEST_EXACT:
        return PrincipalComponents.fit(batches(dataset, training), components)
    rng = np.random.default_rng(0)
    return PrincipalComponents.fit_large(lambda: batches(dataset, training), components, rng)


def pca_losses(pca: PrincipalComponents, dataset: Dataset, indices: Array) -> Array:
    """Per-pixel mean square error of each picture's projection: (N,)."""
    parts = [mse_per_picture(x, pca.reconstruct(x)) for x in batches(dataset, indices)]
    return np.concatenate(parts)


def evaluate(checkpoint: Checkpoint, dataset: Dataset, split: str = "test") -> dict[str, Any]:
    """Compare a model with PCA of as many components, on one split; plain JSON comes back.

    Both see pictures of the size at which the model works; ``mse_in_frame`` is the error at that of
    its frame. ``groups`` holds the mean per species
    and per origin, so that a card can say what the model does badly. Raises DataError for a split
    without pictures, or pictures of another frame.
    """
    whole = checkpoint, dataset
    checkpoint, dataset = at_work(*whole)
    indices = pictures_of(dataset, split)
    z = latents(checkpoint, dataset, indices)
    own = losses_at(checkpoint, dataset, indices, z)
    in_frame = losses_at(*whole, indices, z) if whole[0].config.scale > 1 else own
    sampled, kl = sampled_losses(checkpoint, dataset, indices)
    pca = pca_losses(fit_pca(dataset, checkpoint.config.latent), dataset, indices)
    labels = {"species": dataset.species[indices], "origin": dataset.origin[indices]}
    return {
        "split": split,
        "pictures": len(indices),
        "mse": float(own.mean()),
        "mse_in_frame": float(in_frame.mean()),
        "mse_sampled": float(sampled.mean()),
        "kl": float(kl.mean()),
        "sharpness": sharpness_kept(checkpoint, dataset, indices, z),
        "pca_components": checkpoint.config.latent,
        "pca_mse": float(pca.mean()),
        "groups": {
            f"{kind} {label}": group(own, pca, values == label)
            for kind, values in labels.items()
            for label in sorted(set(values))
        },
    }


def at_work(checkpoint: Checkpoint, dataset: Dataset) -> tuple[Checkpoint, Dataset]:
    """Return a model and a data set as the model's networks see pictures; DataError."""
    if dataset.frame != checkpoint.frame:
        raise DataError(f"The data set was prepared for another frame than {checkpoint.name} has.")
    scale = checkpoint.config.scale
    return checkpoint.inner, shrunk(dataset, scale) if scale > 1 else dataset


def group(own: Array, pca: Array, chosen: Array) -> dict[str, Any]:
    """Return one row of the table: how many pictures, the model's error, PCA's."""
    return {
        "pictures": int(chosen.sum()),
        "mse": float(own[chosen].mean()),
        "pca_mse": float(pca[chosen].mean()),
    }


Example: TypeAlias = dict[str, list[float]]

EXAMPLES = 60
"""Pictures of a species, of typical loss, among which an example is looked for."""


def example_latents(z: Array, species: Array, losses: Array, checkpoint: Checkpoint) -> Example:
    """Return latents of a person, ``friend``, and of a ``dog`` who do not exist.

    Each is the mean of a training picture's latent and its two nearest neighbours', the one that
    decodes to most contrast among pictures of a typical loss. z: (N, Z), species and losses: (N,),
    of the training split. Without both species there is no example.
    """
    if not {"person", "dog"} <= set(species):
        return {}
    return {
        name: blend(z[species == kind], losses[species == kind], checkpoint)
        for name, kind in (("friend", "person"), ("dog", "dog"))
    }


def blend(z: Array, losses: Array, checkpoint: Checkpoint) -> list[float]:
    """Return the example of one species, (Z,) as a list."""
    typical = np.argsort(abs(losses - np.percentile(losses, 30)))[:EXAMPLES]
    near = [np.argsort(np.square(z - z[k]).sum(axis=1))[:3] for k in typical]
    blends = np.stack([z[k].mean(axis=0) for k in near])
    best = gradient_energy(checkpoint.decode(blends)).argmax()
    return [round(float(v), 5) for v in blends[best]]

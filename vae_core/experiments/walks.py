"""The ways from one latent to another, on the same pairs of held-out pictures."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from vae_core.checkpoint import Checkpoint
from vae_core.data.dataset import Dataset
from vae_core.directions import squared_distances
from vae_core.evaluation import latents, pictures_of
from vae_core.experiments.sweep import Experiment, Measured, Row
from vae_core.latent import WALKS as KINDS
from vae_core.latent import walk_at
from vae_core.metrics import gradient_energy
from vae_core.principal import PrincipalComponents
from vae_core.timing import even_positions
from vae_core.types import Array

PAIRS, FRAMES, TRIED = 24, 11, 81
NEIGHBOURS = 4000
"""Training latents among which the nearest one is looked for."""


def measure_walk(kind: str) -> Callable[[Checkpoint, Dataset], Row]:
    """Return what measures one kind of walk: medians over the pairs.

    largest step: between two frames, root mean square over the pixels, and over the mean one.
    sharpness of the middle: its gradient energy over the ends'.  distance to the data: from the
    middle latent to the nearest training picture's, over the same for held-out pictures.
    """

    def measure(checkpoint: Checkpoint, dataset: Dataset) -> Row:
        known, axes = known_latents(checkpoint, dataset)
        ends = pairs(checkpoint, dataset)
        routes = [route(checkpoint, start, end, kind, axes) for start, end in ends]
        frames = np.stack([checkpoint.decode(z) for z in routes])
        steps = np.sqrt(np.square(np.diff(frames, axis=1)).mean(axis=(2, 3, 4)))
        sharp = np.stack([gradient_energy(f) for f in frames])
        middles = np.stack([z[FRAMES // 2] for z in routes])
        own = nearest(ends.reshape(-1, ends.shape[2]), known)
        measured = {
            "largest step": steps.max(axis=1),
            "over the mean step": steps.max(axis=1) / steps.mean(axis=1),
            "sharpness of the middle": sharp[:, FRAMES // 2] / sharp[:, [0, -1]].mean(axis=1),
            "distance to the data": nearest(middles, known) / np.median(own),
        }
        return {name: float(np.median(values)) for name, values in measured.items()}

    return measure


def route(checkpoint: Checkpoint, start: Array, end: Array, kind: str, axes: Array) -> Array:
    """Return the latents of one walk, (FRAMES, Z); an even one has its pace set by its frames."""
    where = np.linspace(0, 1, FRAMES)
    if kind == "even":
        tried = np.linspace(0, 1, TRIED)
        frames = checkpoint.decode(walk_at(start, end, tried, kind))
        where = even_positions(where, tried, frames)
    return walk_at(start, end, where, kind, axes)


def known_latents(checkpoint: Checkpoint, dataset: Dataset) -> tuple[Array, Array]:
    """Return latents of training pictures, (n, Z), and all their principal axes, (Z, Z)."""
    chosen = np.random.default_rng(0).permutation(dataset.indices("train"))[:NEIGHBOURS]
    z = latents(checkpoint, dataset, chosen)
    return z, PrincipalComponents.fit([z], z.shape[1]).directions


def pairs(checkpoint: Checkpoint, dataset: Dataset) -> Array:
    """Return the latents of held-out pictures two by two, (PAIRS, 2, Z), each pair of two kinds.

    Kinds are species, or else digits.
    """
    test = np.random.default_rng(1).permutation(pictures_of(dataset, "test"))
    kinds = dataset.species if len(set(dataset.species)) > 1 else dataset.label
    differing = [(a, b) for a, b in pairwise(test) if kinds[a] != kinds[b]][:PAIRS]
    z = checkpoint.encode(dataset.batch(np.array(differing).ravel()))
    return z.reshape(len(differing), 2, -1)


def nearest(z: Array, known: Array) -> Array:
    """Return the distance of each latent to the nearest known one: (n, Z), (m, Z) -> (n,)."""
    distances: Array = np.sqrt(np.maximum(squared_distances(z, known), 0).min(axis=1))
    return distances


WALKS = Experiment(
    "Which way from one latent to another?",
    {kind: Measured(measure_walk(kind)) for kind in KINDS},
    drawn=("over the mean step", "sharpness of the middle", "distance to the data"),
)

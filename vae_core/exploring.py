"""Ways to wander through latent space from a face: what people vary by, towards dogs, at random."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from vae_core.directions import random_dog, species_in
from vae_core.errors import ConfigError
from vae_core.types import Array, Rng

COUNT = 8
"""Directions of people's own that are offered."""

PRIOR = "prior"
"""The name of what latents are drawn from when it is neither people nor dogs."""


@dataclass(frozen=True)
class Directions:
    """Where to go from a face.

    start: people's mean, (Z,).  own: what people's latents vary by most, (K, Z), each row one
    standard deviation long.  dog: from people's mean to dogs', (Z,).
    """

    start: Array
    own: Array
    dog: Array


def directions_in(metadata: Mapping[str, Any]) -> Directions:
    """Read what a checkpoint's metadata knows; ConfigError if it knows nothing of dogs."""
    species = species_in(metadata)
    people, dogs = species["person"], species["dog"]
    return Directions(people.mean, people.factor.T[:COUNT], dogs.mean - people.mean)


def draw(metadata: Mapping[str, Any], of: str, count: int, size: int, rng: Rng) -> Array:
    """Draw latents of a species, or of the prior N(0, 1): (count, size); ConfigError."""
    if of == PRIOR:
        return rng.standard_normal((count, size))
    species = species_in(metadata)
    if of not in species:
        raise ConfigError(f"There is nothing called {of!r} to draw from.")
    if of == "dog":
        return np.stack([random_dog(metadata, rng) for _ in range(count)])
    return np.stack([species[of].sample(rng) for _ in range(count)])

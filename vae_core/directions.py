"""What a model knows of people and of dogs as such: means, spreads, and the way between them.

All of it is computed from the latents of training pictures and kept in a checkpoint's metadata:
``species`` holds a Gaussian for each species, ``dogs`` a few latents with names.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from vae_core.errors import ConfigError
from vae_core.types import Array, Rng

RANK = 48
"""Directions of a species' own in which its latents are known to vary together."""

KINDS = 32
"""Directions, the strongest, by which dogs are told apart when some are chosen to have names."""

ROUNDS = 30
"""Of moving the centres of kinds."""

NAMES = (
    "Bella",
    "Bruno",
    "Coco",
    "Daisy",
    "Fritz",
    "Luna",
    "Max",
    "Molly",
    "Oscar",
    "Rocky",
    "Ruby",
    "Toby",
)
NEIGHBOURS = 3
"""Pictures that a named dog is the mean of, so that it is none of them."""

OWN = 0.6
"""Of its species' variety, that a random dog has beside the two it is between."""

NEAREST = "nearest"
"""The name that stands for the named dog most like the friend."""


@dataclass(frozen=True)
class Species:
    """N(mean, factor factor^T + diag(scale^2)): mean (Z,), factor (Z, R), scale (Z,)."""

    mean: Array
    factor: Array
    scale: Array

    @classmethod
    def fit(cls, z: Array, rank: int = RANK) -> "Species":
        """Take mean and variances of latents (N, Z), and their ``rank`` strongest directions."""
        mean = z.mean(axis=0, dtype=np.float64)
        centred = z - mean
        covariance = centred.T @ centred / len(z)
        values, vectors = np.linalg.eigh(covariance)
        factor = vectors[:, ::-1][:, :rank] * np.sqrt(np.maximum(values[::-1][:rank], 0))
        rest = np.diag(covariance) - np.square(factor).sum(axis=1)
        return cls(mean, factor, np.sqrt(np.maximum(rest, 0)))

    def sample(self, rng: Rng, spread: float = 1.0) -> Array:
        """Draw one latent, (Z,), ``spread`` times as far from the mean as the species' are.

        It varies along the known directions only: the rest is each picture's own, and noise there
        is noise in the picture.
        """
        drawn: Array = self.mean + spread * self.factor @ rng.standard_normal(self.factor.shape[1])
        return drawn

    def covariance(self) -> Array:
        """(Z, Z)."""
        matrix: Array = self.factor @ self.factor.T + np.diag(np.square(self.scale))
        return matrix

    def to_json(self) -> dict[str, Any]:
        """Return plain lists, of as many digits as latents need."""
        return {
            "mean": rounded(self.mean),
            "factor": [rounded(row) for row in self.factor],
            "scale": rounded(self.scale),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Species":
        """Undo :meth:`to_json`."""
        return cls(*(np.array(values[name]) for name in ("mean", "factor", "scale")))


def rounded(values: Array) -> list[float]:
    """Return numbers of four digits."""
    return [float(f"{v:.4g}") for v in values]


def describe_species(z: Array, labels: Array) -> dict[str, Any]:
    """Return the ``species`` and ``dogs`` of a checkpoint's metadata, plain JSON.

    z: (N, Z) latents of training pictures.  labels: (N,) ``person`` or ``dog``. Without both
    species there is neither.
    """
    if not {"person", "dog"} <= set(labels):
        return {}
    species = {name: Species.fit(z[labels == name]) for name in ("person", "dog")}
    return {
        "species": {name: known.to_json() for name, known in species.items()},
        "dogs": named_dogs(z[labels == "dog"], species["dog"]),
    }


def species_of(metadata: Mapping[str, Any], latent: Array, usual: str) -> str:
    """Return whose face a latent (Z,) is, by the nearer mean; the usual one where none is known."""
    known = metadata.get("species") or {usual: {"mean": latent}}
    away = [
        (float(np.linalg.norm(latent - np.asarray(known[name]["mean"]))), name) for name in known
    ]
    return str(min(away)[1])


def named_dogs(z: Array, dogs: Species) -> dict[str, list[float]]:
    """Return a few dogs of different kinds, of latents (N, Z): name -> (Z,).

    Each is the mean of a kind's most typical picture and that one's neighbours, as far from the
    mean dog as dogs are.
    """
    strength = np.linalg.norm(dogs.factor[:, :KINDS], axis=0)
    scores = (z - dogs.mean) @ (dogs.factor[:, :KINDS] / np.maximum(strength, 1e-9) ** 2)
    count = min(len(NAMES), len(z))
    centres = kinds(scores, count, np.random.default_rng(0))
    typical = squared_distances(scores, centres).argmin(axis=0)
    near = [
        squared_distances(scores, scores[k, None])[:, 0].argsort()[:NEIGHBOURS] for k in typical
    ]
    blends = z[near].mean(axis=1) - dogs.mean
    usual = np.median(np.linalg.norm(z - dogs.mean, axis=1))
    blends *= usual / np.maximum(np.linalg.norm(blends, axis=1, keepdims=True), 1e-12)
    return {name: rounded(dogs.mean + blend) for name, blend in zip(NAMES, blends, strict=False)}


def kinds(points: Array, count: int, rng: Rng) -> Array:
    """Return the centres (count, D) of that many groups of points (N, D).

    Lloyd's algorithm (IEEE Trans. Inf. Theory 28(2), 1982) from points drawn one after another,
    each the likelier the farther it is from those before (k-means++, SODA 2007).
    """
    centres = points[:1]
    while len(centres) < count:
        far = np.maximum(squared_distances(points, centres).min(axis=1), 0) + 1e-12
        centres = np.vstack([centres, points[rng.choice(len(points), p=far / far.sum())]])
    for _ in range(ROUNDS):
        group = squared_distances(points, centres).argmin(axis=1)
        members = [points[group == k] for k in range(count)]
        pairs = zip(members, centres, strict=True)
        centres = np.stack([own.mean(axis=0) if len(own) else old for own, old in pairs])
    return centres


def squared_distances(points: Array, others: Array) -> Array:
    """(N, D), (K, D) -> (N, K)."""
    squares = np.square(points).sum(axis=1)[:, None] + np.square(others).sum(axis=1)
    distances: Array = squares - 2 * points @ others.T
    return distances


def spread(species: Species) -> Array:
    """Return the standard deviation of every latent, (Z,), nowhere zero."""
    deviation: Array = np.sqrt(np.maximum(np.diag(species.covariance()), 1e-12))
    return deviation


def species_in(metadata: Mapping[str, Any]) -> dict[str, Species]:
    """Read what a checkpoint's metadata knows; ConfigError if it knows nothing of dogs."""
    if "species" not in metadata:
        raise ConfigError("This model knows no dogs of its own; please add a photo of the dog.")
    return {name: Species.from_json(value) for name, value in metadata["species"].items()}


def doggify(z: Array, people: Species, dogs: Species, strength: float = 1.0) -> Array:
    """Go from a person (Z,) in the direction from people's mean to dogs': (Z,).

    strength: 0 stays, 1 goes as far as the means are apart.
    """
    moved: Array = z + strength * (dogs.mean - people.mean)
    return moved


def principal_axes(metadata: Mapping[str, Any]) -> Array | None:
    """Return the axes along which latents vary most, (Z, Z) rows; None if nothing is known.

    They are the eigenvectors of the covariance of people and dogs together, as many of each.
    """
    if "species" not in metadata:
        return None
    people, dogs = (species_in(metadata)[name] for name in ("person", "dog"))
    apart = (dogs.mean - people.mean) / 2
    within = (people.covariance() + dogs.covariance()) / 2
    axes: Array = np.linalg.eigh(within + np.outer(apart, apart))[1].T[::-1]
    return axes


@dataclass(frozen=True)
class Wish:
    """Which dog is wished for when there is no photo of one.

    name: a named dog, or ``nearest``.  seed: a dog drawn by that number.  Without both, the friend
    as a dog, ``strength`` of the way from people to dogs.
    """

    strength: float = 1.0
    name: str = ""
    seed: int | None = None


def imagine_dog(metadata: Mapping[str, Any], friend: Array, wish: Wish) -> Array:
    """Return the latent (Z,) of the dog that is wished for, given the friend's (Z,).

    Raises ConfigError when the model knows no dogs, or none of that name.
    """
    species = species_in(metadata)
    own = doggify(friend, species["person"], species["dog"], wish.strength)
    if wish.name:
        return dog_named(metadata, wish.name, own, spread(species["dog"]))
    if wish.seed is not None:
        return random_dog(metadata, np.random.default_rng(wish.seed))
    return own


def random_dog(metadata: Mapping[str, Any], rng: Rng) -> Array:
    """Draw a dog between two of the named ones, with something of its own: (Z,).

    Dogs come in kinds, so one normal distribution of all of them has its most likely ones where
    there are none. Raises ConfigError when the model knows no dogs.
    """
    dogs = species_in(metadata)["dog"]
    named = np.array(list(metadata["dogs"].values())) - dogs.mean
    first, second = named[rng.integers(len(named), size=2)]
    share = rng.uniform()
    between = (1 - share) * first + share * second
    between *= np.linalg.norm(first) / max(float(np.linalg.norm(between)), 1e-12)
    drawn: Array = between + dogs.sample(rng, OWN)
    return drawn


def dog_named(metadata: Mapping[str, Any], name: str, own: Array, scale: Array) -> Array:
    """Return a named dog's latent (Z,), or that nearest to ``own``; ConfigError."""
    if name.casefold() == NEAREST:
        dogs = map(np.array, metadata["dogs"].values())
        return min(dogs, key=lambda dog: float(np.square((dog - own) / scale).sum()))
    return known_dog(metadata, name)


def known_dog(metadata: Mapping[str, Any], name: str) -> Array:
    """Return the latent (Z,) of the dog of that name; ConfigError if there is none."""
    dogs = {key.casefold(): np.array(value) for key, value in metadata.get("dogs", {}).items()}
    if name.casefold() not in dogs:
        names = ", ".join(metadata.get("dogs", {}))
        raise ConfigError(f"There is no dog of that name; there are {names}, and {NEAREST}.")
    return dogs[name.casefold()]

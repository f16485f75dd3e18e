"""What a figure is drawn from, and what it gives."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from vae_core.checkpoint import Checkpoint
from vae_core.data.dataset import Dataset
from vae_core.errors import ConfigError, DataError
from vae_core.evaluation import fit_pca, losses, pictures_of
from vae_core.evaluation import latents as latents_of
from vae_core.principal import PrincipalComponents
from vae_core.types import Array

DOTS = 5000
"""Held-out pictures that a figure shows, at most."""


class Drawn(NamedTuple):
    """A figure, and an animation beside it, (T, H, W, C), where there is one."""

    figure: Any
    frames: Array | None = None


@dataclass(frozen=True)
class Exhibit:
    """What is shown: models, the data set they are of, and photos by name, (H, W, C) each.

    logs: the training log of every model that left one, a dict a step.
    """

    models: tuple[Checkpoint, ...]
    dataset: Dataset
    photos: Mapping[str, Array] = field(default_factory=dict)
    logs: Mapping[str, list[dict[str, float]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for model in self.models:
            if model.frame != self.dataset.frame:
                raise DataError(f"The data set was prepared for another frame than {model.name}.")

    @property
    def rng(self) -> np.random.Generator:
        """The same numbers for every figure, so that all show the same pictures."""
        return np.random.default_rng(6)

    @cached_property
    def test(self) -> Array:
        """Where held-out pictures are, at most ``DOTS``, in random order."""
        return self.rng.permutation(pictures_of(self.dataset, "test"))[:DOTS]

    @cached_property
    def groups(self) -> Array:
        """The digit, or else the species, of every picture of ``test``: strings."""
        labels = self.dataset.label[self.test].astype(str)
        return np.where(labels == "-1", self.dataset.species[self.test], labels)

    def pictures(self, places: Array) -> Array:
        """Read pictures of ``test``: (n,) places in it -> (n, H, W, C)."""
        return self.dataset.batch(self.test[places])

    def encode(self, model: Checkpoint) -> Array:
        """Return the mean latents of ``test``: (N, Z)."""
        return latents_of(model, self.dataset, self.test)

    @cached_property
    def own(self) -> Array:
        """The first model's losses of ``test``: (N,)."""
        return losses(self.models[0], self.dataset, self.test)

    @cached_property
    def pca(self) -> PrincipalComponents:
        """The principal components of the training pictures: as many as the largest latent."""
        return fit_pca(self.dataset, max((m.config.latent for m in self.models), default=2))


def new_figure(rows: int, columns: int, width: float, height: float) -> tuple[Any, Any]:
    """Return a figure and its axes, (rows, columns); ConfigError without matplotlib."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ConfigError("Figures need matplotlib: install the extra `figures`.") from error
    figure = Figure(figsize=(width, height), layout="constrained", dpi=110)
    return figure, figure.subplots(rows, columns, squeeze=False)

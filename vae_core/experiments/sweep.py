"""What an experiment is: named cells, each of which becomes a row of the table."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from vae_core.checkpoint import Checkpoint
from vae_core.data.dataset import Dataset
from vae_core.evaluation import fit_pca, pca_losses, pictures_of
from vae_core.model import VAEConfig
from vae_core.training import TrainSettings

Row: TypeAlias = dict[str, float | int | str]
"""Measured numbers by column."""


class Lab(Protocol):
    """Where an experiment takes place."""

    @property
    def dataset(self) -> Dataset:
        """The pictures."""
        ...

    def model(self) -> Checkpoint:
        """Return the trained model that is looked at; ConfigError if none was given."""
        ...

    def train(self, name: str, config: VAEConfig, settings: TrainSettings) -> Checkpoint:
        """Return a model trained so, from disk if it is there; an unfinished run goes on."""
        ...


Measure: TypeAlias = Callable[[Checkpoint, Dataset], Row]


class Cell(Protocol):
    """One row in the making."""

    def row(self, lab: Lab, name: str) -> Row:
        """Train what must be trained, and measure."""
        ...


@dataclass(frozen=True)
class Trained:
    """A cell that trains a model first."""

    config: VAEConfig
    settings: TrainSettings
    measure: Measure

    def row(self, lab: Lab, name: str) -> Row:
        """Train and measure, with the number of parameters and the seconds that training took."""
        checkpoint = lab.train(name, self.config, self.settings)
        size = {"parameters": sum(p.size for p in checkpoint.params.values())}
        return size | self.measure(checkpoint, lab.dataset) | {"seconds": seconds_of(checkpoint)}


@dataclass(frozen=True)
class Measured:
    """A cell that looks at a model there is."""

    measure: Measure

    def row(self, lab: Lab, name: str) -> Row:
        """Measure."""
        return self.measure(lab.model(), lab.dataset)


@dataclass(frozen=True)
class Principal:
    """A cell that takes principal components instead of a model: the linear yardstick."""

    components: int

    def row(self, lab: Lab, name: str) -> Row:
        """Fit and measure, with how many numbers the components are."""
        begun = time.monotonic()
        pca = fit_pca(lab.dataset, self.components)
        seconds = round(time.monotonic() - begun)
        mse = pca_losses(pca, lab.dataset, pictures_of(lab.dataset, "test")).mean()
        size = pca.directions.size + pca.mean.size
        return {"parameters": size, "mse": float(mse), "seconds": seconds}


@dataclass(frozen=True)
class Experiment:
    """A question, and the cells whose rows answer it.

    drawn: the columns that the figure shows, as bars.  against: columns against which the first of
    those is drawn instead, as lines of the rows whose names are alike up to their last part.
    """

    question: str
    cells: Mapping[str, Cell]
    drawn: tuple[str, ...]
    against: tuple[str, ...] = ()


def seconds_of(checkpoint: Checkpoint) -> int:
    """Return how long a model's training took, whatever else the machine did meanwhile."""
    return int(checkpoint.metadata.get("seconds", 0))

"""Training a VAE by one of the presets, and measuring what came of it."""

from collections.abc import Iterator
from dataclasses import asdict, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from vae_core.checkpoint import Checkpoint, save_checkpoint
from vae_core.collapse import collapse
from vae_core.commands.card import write_card
from vae_core.commands.job import provenance
from vae_core.data.dataset import Dataset, open_dataset, shrunk
from vae_core.directions import describe_species
from vae_core.distributed import ALONE, Team
from vae_core.errors import ConfigError
from vae_core.evaluation import evaluate, example_latents, latents, losses_at, pictures_of
from vae_core.metrics import Histogram
from vae_core.model import VAE, build_vae, cast
from vae_core.presets import preset_named
from vae_core.refine import Refinement, error_variance, step_lengths
from vae_core.train_state import TrainState
from vae_core.training import Progress, TrainSettings, new_state, train

MEASURED = 1000
"""Training pictures, in order, by which it is measured how latents are to be refined."""

DRAWERS = 8
"""Processes that draw batches of moved pictures for a GPU: one alone takes several steps' time."""


class VAEJob:
    """A preset on a prepared data set; ConfigError when the two do not fit.

    device: where the steps are computed.  team: the processes that take them together.
    """

    def __init__(
        self,
        name: str,
        data: Path,
        changes: dict[str, Any],
        device: str = "cpu",
        team: Team = ALONE,
    ) -> None:
        self.device, self.team = device, team
        self.name, self.preset = name, preset_named(name)
        self.settings: TrainSettings = replace(self.preset.training, **changes)
        self.dataset: Dataset = open_dataset(data)
        if self.dataset.frame != self.preset.frame:
            raise ConfigError(
                f"{data} was prepared for another frame than {name} uses. "
                f"Run `prepare` with the frame that this preset names: {self.preset.frame}."
            )
        pictures_of(self.dataset, "test")  # the card needs some: better said now than after hours

    @cached_property
    def vae(self) -> VAE:
        """The functions that are trained: the model's, on pictures of the size it works at."""
        return build_vae(self.preset.model.inner)

    @cached_property
    def pictures(self) -> Dataset:
        """The data set as the functions that are trained want it."""
        scale = self.preset.model.scale
        return shrunk(self.dataset, scale) if scale > 1 else self.dataset

    def identity(self) -> dict[str, Any]:
        """Return settings, model and data, each field by itself: later versions may have more."""
        model = {f"model {name}": str(v) for name, v in self.vae.config.to_json().items()}
        data = {name: self.dataset.header[name] for name in ("name", "counts")}
        return asdict(self.settings) | model | {"data": data}

    def new_state(self) -> TrainState:
        """Draw parameters."""
        return new_state(self.vae, self.settings, self.pictures)

    def train(self, state: TrainState) -> Iterator[Progress]:
        """Take the steps that ``state`` still lacks.

        A GPU needs no second worker, but processes that move pictures: that takes longer.
        """
        state.move(self.device)
        if self.device == "cpu":
            return train(self.vae, self.pictures, self.settings, state, self.team)
        alone, drawers = replace(self.settings, workers=1), DRAWERS if self.settings.moves else 0
        return train(self.vae, self.pictures, alone, state, self.team, drawers)

    def checkpoint(self, name: str, state: TrainState) -> Checkpoint:
        """Return the trained model, its numbers as they will be stored."""
        preset = self.preset
        params = cast(cast(state.params, preset.stored))
        metadata = provenance(self.name, state)
        if preset.refinement_steps:
            x = self.pictures.batch(self.pictures.indices("train")[:MEASURED])
            variance = error_variance(self.vae, params, x, np.random.default_rng(0))
            lengths = step_lengths(self.vae, params, x)
            how = Refinement(preset.refinement_steps, lengths, variance)
            metadata["refinement"] = how.to_json()
        return Checkpoint(name, preset.model, preset.frame, params, metadata)

    def finish(self, out: Path, state: TrainState) -> str:
        """Measure the trained model on held-out pictures; write checkpoint and card."""
        state.move("cpu")
        bare = self.checkpoint(out.stem, state)
        indices = self.dataset.indices("train")
        z, species = latents(bare, self.dataset, indices), self.dataset.species[indices]
        training = losses_at(bare, self.dataset, indices, z)
        test = evaluate(bare, self.dataset)
        metadata = bare.metadata | {
            "settings": asdict(self.settings),
            "dataset": {k: self.dataset.header[k] for k in ("name", "terms", "counts")},
            "train_mse": float(losses_at(bare.inner, self.pictures, indices, z).mean()),
            "losses": test,
            "histogram": Histogram.from_values(training).to_json(),
            "example": example_latents(z, species, training, bare),
        }
        metadata |= describe_species(z, species)
        checkpoint = replace(bare, metadata=metadata)
        save_checkpoint(out, replace(checkpoint, params=cast(bare.params, self.preset.stored)))
        write_card(out, checkpoint)
        return (
            f"{out}: mean square error per pixel {test['mse']:.5f} on {test['pictures']} test "
            f"pictures (PCA with {test['pca_components']} components: {test['pca_mse']:.5f}).\n"
            + collapse(bare.inner, self.pictures, pictures_of(self.pictures, "test")).sentence
        )

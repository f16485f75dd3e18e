"""Training the finder, choosing its threshold, and measuring it."""

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from vae_core.commands.finder_card import card
from vae_core.commands.job import provenance, write_digest
from vae_core.errors import ConfigError
from vae_core.finder.evaluation import annotated, found, invented, recall, views
from vae_core.finder.faces import fit_boxes
from vae_core.finder.find import Finder
from vae_core.finder.network import SPECIES, tensor_shapes
from vae_core.finder.renewal import renewed
from vae_core.finder.training import (
    READER_BATCH,
    first_params,
    new_finder_state,
    open_crop_set,
    train_finder,
    train_on_crops,
)
from vae_core.model import cast
from vae_core.optim import Adam
from vae_core.tensor_file import read_tensors, write_tensors
from vae_core.train_state import TrainState
from vae_core.training import Progress, TrainSettings
from vae_core.types import Array, Params, unscope

FINDER = TrainSettings(steps=18_500, batch=16, lr=1e-3, lr_schedule="cosine")
PRACTICE = {
    "scout": TrainSettings(steps=15_000, batch=32, lr=1e-3, lr_schedule="cosine"),
    "reader": TrainSettings(steps=41_000, batch=256, lr=1e-3, lr_schedule="warm_cosine"),
    "gauge": TrainSettings(steps=12_000, batch=48, lr=1e-3, lr_schedule="cosine"),
}
"""How each network is trained when it is trained alone."""

KEPT = 0.99
"""Share of validation faces that the threshold lets pass."""


class FinderJob:
    """The finder on a folder made by ``compose``."""

    def __init__(
        self,
        data: Path,
        changes: dict[str, Any],
        start: Path | None,
        keep: float = 0.0,
        device: str = "cpu",
        renew: int = 0,
    ) -> None:
        self.settings = replace(FINDER, **changes)
        if device != "cpu":
            raise ConfigError("Scout and reader begin on a CPU; leave --device out.")
        if start is not None or keep:
            raise ConfigError("Scout and reader begin from nothing; leave --start and --keep out.")
        if renew:
            raise ConfigError("Only a reader that is trained alone has its pictures made anew.")
        if self.settings.beta:
            raise ConfigError("The finder has no KL term; leave --beta out.")
        self.scout, self.reader = open_crop_set(data, "scout"), open_crop_set(data, "reader")

    def identity(self) -> dict[str, Any]:
        """Return settings and data."""
        return asdict(self.settings) | {"data": self.scout.header}

    def new_state(self) -> TrainState:
        """Draw the parameters of both networks."""
        return new_finder_state(self.settings)

    def train(self, state: TrainState) -> Iterator[Progress]:
        """Take the steps that ``state`` still lacks."""
        return train_finder(self.scout, self.reader, self.settings, state)

    def finish(self, out: Path, state: TrainState) -> str:
        """Write scout and reader, for the gauge's training to complete."""
        pictures = f"{self.scout.header['scout']:,} and {self.reader.header['reader']:,}"
        batches = f"{self.settings.batch} and {READER_BATCH * self.settings.batch}"
        lesson = told("scout and reader", self.settings, state, batches, pictures)
        header = {"lessons": [lesson], "dataset": self.scout.header}
        return write(out, state.params, header)


class CropJob:
    """One network of a finder alone, from what there is of it already.

    keep: how much of the old network there is in the new one. Weights midway between those before
    and after some more training judge better than either (arXiv:2109.01903).
    device: where the steps are computed.  renew: by how many processes the reader's pictures are
    made anew meanwhile (:mod:`vae_core.finder.renewal`).
    """

    def __init__(
        self,
        kind: str,
        data: Path,
        changes: dict[str, Any],
        start: Path | None,
        keep: float = 0.0,
        device: str = "cpu",
        renew: int = 0,
    ) -> None:
        if renew < 0:
            raise ConfigError("What --renew says is a number of processes: 0 or more.")
        if renew and kind != "reader":
            raise ConfigError("Only the reader's pictures are made anew; leave --renew out.")
        if start is None:
            raise ConfigError(f"The {kind} goes on from other networks; name them with --start.")
        if not 0 <= keep < 1:
            raise ConfigError("What --keep says is a share: 0 or more, and less than 1.")
        self.kind, self.keep, self.device, self.renew = kind, keep, device, renew
        self.settings = replace(PRACTICE[kind], **changes)
        self.folder, self.data = data, open_crop_set(data, kind)
        tensors, header = read_tensors(start)
        self.networks = cast({n: p for n, p in tensors.items() if not n.startswith("boxes.")})
        self.metadata = header["metadata"]
        own = {n: shape for n, shape in tensor_shapes().items() if n.startswith(f"{kind}.")}
        if keep and not own.items() <= {n: p.shape for n, p in self.networks.items()}.items():
            raise ConfigError(f"There is no {kind} like this yet to keep; leave --keep out.")

    def identity(self) -> dict[str, Any]:
        """Return settings and data."""
        return asdict(self.settings) | {"data": self.data.header}

    def new_state(self) -> TrainState:
        """Begin from the network as it is; from a new one where there is none."""
        params = first_params(self.kind, self.settings.seed, self.networks)
        return TrainState(params, Adam().init(params))

    def train(self, state: TrainState) -> Iterator[Progress]:
        """Take the steps that ``state`` still lacks."""
        with self.renewal(state.step) as tell:
            state.move(self.device)
            for progress in train_on_crops(self.kind, self.data, self.settings, state):
                tell(state.params)
                yield progress

    def renewal(self, step: int) -> AbstractContextManager[Callable[[Params], None]]:
        """Return what makes the pictures anew, told of the parameters; nothing unless asked for."""
        if not self.renew:
            return nullcontext(lambda params: None)
        finder = Finder(self.networks, {}, 1.0, {})
        return renewed(self.folder, self.data.header, finder, self.renew, self.settings.seed + step)

    def finish(self, out: Path, state: TrainState) -> str:
        """Write all the networks; as a finder, with its card, once they are three."""
        state.move("cpu")
        count = f"{self.data.header[self.kind]:,}"
        lesson = told(self.kind, self.settings, state, str(self.settings.batch), count)
        lesson["kept"] = self.keep
        dataset, terms = self.metadata["dataset"], self.data.header["terms"]
        if terms not in dataset["terms"]:
            dataset = dataset | {"terms": f"{dataset['terms']} {terms}"}
        metadata = {"lessons": [*self.metadata["lessons"], lesson], "dataset": dataset}
        others = {n: p for n, p in self.networks.items() if not n.startswith(f"{self.kind}.")}
        networks = others | {
            name: p + np.float32(self.keep) * (self.networks[name] - p) if self.keep else p
            for name, p in state.params.items()
        }
        complete = any(name.startswith("gauge.") for name in networks)
        return (write_finder if complete else write)(out, networks, metadata)


def told(
    networks: str, settings: TrainSettings, state: TrainState, batch: str, pictures: str
) -> dict[str, Any]:
    """Return what a finder's metadata tells of one training run."""
    own = {"networks": networks, "batch": batch, "pictures": pictures}
    return provenance(networks, state) | {"settings": asdict(settings)} | own


def write(out: Path, networks: Params, metadata: dict[str, Any]) -> str:
    """Write networks that are no finder yet."""
    write_tensors(out, networks, {"threshold": 1.0, "metadata": metadata})
    return f"{out}: scout and reader; `train --preset gauge` completes the finder."


def write_finder(out: Path, networks: Params, metadata: dict[str, Any]) -> str:
    """Choose the threshold on the validation split, measure, write the finder and its card."""
    photos = Path(metadata["dataset"]["photos"])
    params = {name: p.astype(np.float16) for name, p in networks.items()}
    exact = {name: p.astype(np.float32) for name, p in params.items()}
    boxes = learn_boxes(photos)
    threshold = choose_threshold(Finder(exact, boxes, 0.0, {}), photos)
    measured = measure(Finder(exact, boxes, threshold, {}), photos)
    metadata = metadata | {"measured": measured}
    tensors = params | unscope({k: w.astype(np.float32) for k, w in boxes.items()}, "boxes")
    write_tensors(out, tensors, {"threshold": threshold, "metadata": metadata})
    out.with_suffix(".md").write_text(card(metadata, threshold, params, write_digest(out)))
    return (
        f"{out}: {100 * measured['people']['found']:.1f} % of people and "
        f"{100 * measured['dogs']['found']:.1f} % of roughly frontal dogs found."
    )


def learn_boxes(photos: Path) -> dict[str, Array]:
    """Learn from the training scenes which box belongs to which landmarks."""
    scenes = [s for s in annotated(photos, "scenes.csv", "train") if s.points is not None]
    both = [(s.species, s.points, s.box) for s in scenes if s.box is not None]
    return {
        name: fit_boxes(
            np.array([points for species, points, _ in both if species == name]),
            np.array([box for species, _, box in both if species == name]),
        )
        for name in SPECIES
    }


def choose_threshold(finder: Finder, photos: Path) -> float:
    """Return the highest score that ``KEPT`` of the validation faces reach, as often as seen.

    finder: with a threshold of 0. The photos without a face are too few to choose by.
    """
    scenes = [s for s in annotated(photos, "scenes.csv", "validation") if s.points is not None]
    faces = [found(finder, view) for scene in scenes for view in views(scene)]
    scores = sorted((face.score if face else 0.0 for face in faces), reverse=True)
    return math.floor(100 * scores[math.ceil(KEPT * len(scores)) - 1]) / 100 if scores else 0.5


def measure(finder: Finder, photos: Path) -> dict[str, Any]:
    """Return recalls, landmark errors and invented faces on the test scenes."""
    scenes = list(annotated(photos, "scenes.csv", "test"))
    dogs = [s for s in scenes if s.species == "dog"]
    return {
        "people": recall(finder, [s for s in scenes if s.species == "person"]),
        "dogs": recall(finder, [s for s in dogs if s.points is not None]),
        "all_dogs": recall(finder, dogs),
        "none": invented(finder, [s for s in scenes if s.species == "none"]),
    }

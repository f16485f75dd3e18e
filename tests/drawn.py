"""A data set that tests draw for themselves, and a model small enough to learn it at once."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from vae_core.data import Sample, write_dataset
from vae_core.data.dataset import Dataset
from vae_core.imaging.align import face_frame
from vae_core.kinds import KINDS
from vae_core.model import VAEConfig
from vae_core.presets import Preset
from vae_core.training import TrainSettings
from vae_core.types import Array, Rng

FRAME = face_frame(12, channels=1)
CONFIG = VAEConfig((12, 12, 1), latent=3, hidden=(9,))
SETTINGS = TrainSettings(
    steps=24,
    batch=8,
    lr=5e-3,
    lr_schedule="cosine",
    beta=0.5,
    beta_schedule="delayed_ramp",
    mirror=True,
    seed=3,
)
PRESET = Preset("drawn blobs, for tests", FRAME, CONFIG, SETTINGS)

CONV_FRAME = face_frame(16, channels=1)
CONV = VAEConfig(
    (16, 16, 1),
    latent=3,
    hidden=(8,),
    blocks=(1,),
    scale=2,
    likelihood="coloured",
    architecture="conv",
)
CONV_PRESET = Preset(
    "drawn blobs in miniature, their latents refined, for tests",
    CONV_FRAME,
    CONV,
    TrainSettings(steps=24, batch=8, lr=5e-3, seed=3),
    refinement_steps=2,
    stored="float16",
)


def draw_picture(rng: Rng, size: int) -> Array:
    """A soft spot of random place, width and brightness: (size, size, 1) uint8."""
    y, x = np.mgrid[:size, :size]
    (cy, cx), radius, peak = rng.uniform(3, 9, 2), rng.uniform(1.5, 3), rng.uniform(120, 250)
    spot = peak * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * radius**2))
    return spot.astype(np.uint8)[:, :, None]


def draw_dataset(directory: Path, train: int = 40, test: int = 10, size: int = 12) -> Dataset:
    """Write a prepared data set with so many pictures in its splits, half of them "dogs"."""
    rng = np.random.default_rng(1)
    samples = [
        Sample(
            name=f"{split}-{i}",
            read=lambda: draw_picture(rng, size),
            species=("person", "dog")[i % 2],
            split=split,
            origin="drawn",
        )
        for split, count in (("train", train), ("test", test))
        for i in range(count)
    ]
    frame = face_frame(size, channels=1)
    return write_dataset(directory, frame, samples, "drawn", "Drawn by a test; do as you like.")


def named(dataset: Dataset, kinds: Iterable[str]) -> Dataset:
    """Call the first held-out pictures as two of each kind are called, and all of them dogs."""
    index, where = dataset.index.read_text(), iter(dataset.indices("test"))
    for kind in kinds:
        for stem in KINDS[kind].split()[:2]:
            index = index.replace(f"{dataset.name[next(where)]},", f"somewhere/{stem}.jpg,")
    renamed = dataset.index.with_name("renamed.csv")
    renamed.write_text(index)
    return replace(dataset, index=renamed, species=np.full(len(dataset), "dog"))

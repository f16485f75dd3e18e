"""The shipped models on pictures they were not trained on, and how much chance there is in it."""

import argparse
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.report import ROOT, table
from vae_core.checkpoint import Checkpoint, load_checkpoint
from vae_core.data.dataset import open_dataset
from vae_core.errors import DataError
from vae_core.evaluation import evaluate, losses, pictures_of, sampled_losses
from vae_core.model import build_vae
from vae_core.presets import PRESETS
from vae_core.training import new_state, train

PICTURES = {"mnist": "mnist", "mnist-ramp": "mnist", "classic": "classic"}
"""Which prepared folder each model was trained on: those that ``models/train.sh`` makes."""

DIGITS = ("mnist", "mnist-ramp")

BARS = {
    ("mnist", "mean"): "0.0408 ± 0.0015",
    ("mnist-ramp", "mean"): "0.0440",
    ("mnist-ramp", "drawn"): "0.0465",
    ("classic", "mean"): "below PCA",
}


class Errors(NamedTuple):
    """Mean square error per pixel of the test split, from the mean and from a drawn latent."""

    mean: float
    drawn: float


def run(options: argparse.Namespace) -> str:
    tables = [shipped_table(options.data)]
    if options.seeds:
        tables.append(seeds_table(options.data, options.seeds))
    return "\n\n".join(tables)


def shipped_table(data: Path) -> str:
    head = ["mean square error per pixel, test split", "pictures", "model", "PCA, as many", "bar"]
    return table(head, [row for name in PICTURES for row in model_rows(name, data)])


def model_rows(name: str, data: Path) -> Iterator[list[str]]:
    """Yield the rows of a shipped model, or one that says what is missing."""
    path, pictures = ROOT / "models" / f"{name}.safetensors", data / PICTURES[name]
    if not path.exists():
        yield [f"{name}: not there, `make train` makes it", *[""] * 4]
        return
    try:
        result = evaluate(load_checkpoint(path), open_dataset(pictures))
    except DataError as error:
        yield [f"{name}: {error} `make train` prepares it; `--data` names its place", *[""] * 4]
    else:
        yield from result_rows(name, result)


def result_rows(name: str, result: dict[str, Any]) -> Iterator[list[str]]:
    """Yield the errors from the mean latent, from a drawn one, and those of each species."""
    yield row(f"{name}, mean latent", result, BARS.get((name, "mean"), ""))
    drawn = {"pictures": result["pictures"], "mse": result["mse_sampled"]}
    yield row(f"{name}, drawn latent", drawn, BARS.get((name, "drawn"), ""))
    species = {k: v for k, v in result["groups"].items() if k.startswith("species ")}
    if len(species) > 1:
        for label, group in species.items():
            yield row(f"{name}, {label}, mean latent", group, "")


def row(label: str, result: dict[str, Any], bar: str) -> list[str]:
    pca = f"{result['pca_mse']:.5f}" if "pca_mse" in result else ""
    return [label, f"{result['pictures']:,}", f"{result['mse']:.5f}", pca, bar]


def seeds_table(data: Path, seeds: int) -> str:
    """Train the digits' models anew, with other random numbers each time."""
    rows = []
    for name in DIGITS:
        errors = [train_once(name, data / PICTURES[name], seed) for seed in range(seeds)]
        columns = zip(Errors._fields, zip(*errors, strict=True), strict=True)
        rows.append([name, *(seeds_cell(name, kind, values) for kind, values in columns)])
    head = f"trained anew from {seeds} seeds: mean, standard deviation"
    return table([head, "mean latent", "drawn latent"], rows)


def seeds_cell(name: str, kind: str, values: Sequence[float]) -> str:
    spread = statistics.stdev(values) if len(values) > 1 else 0.0
    bar = BARS.get((name, kind))
    return f"{statistics.mean(values):.5f}, {spread:.5f}{f' (bar {bar})' if bar else ''}"


def train_once(name: str, pictures: Path, seed: int) -> Errors:
    """Train a preset and measure it; nothing is written."""
    preset, dataset = PRESETS[name], open_dataset(pictures)
    vae, settings = build_vae(preset.model), replace(preset.training, seed=seed)
    state = new_state(vae, settings)
    for _ in train(vae, dataset, settings, state):
        pass
    checkpoint = Checkpoint(name, preset.model, preset.frame, state.params, {})
    indices = pictures_of(dataset, "test")
    drawn, _ = sampled_losses(checkpoint, dataset, indices)
    return Errors(float(losses(checkpoint, dataset, indices).mean()), float(drawn.mean()))

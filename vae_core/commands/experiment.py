"""``python -m vae_core experiment``: run a sweep, and leave a table and a figure."""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vae_core.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from vae_core.collapse import collapse
from vae_core.commands.job import provenance
from vae_core.commands.run_folder import RunFolder
from vae_core.commands.train import run_job
from vae_core.data.dataset import Dataset, open_dataset
from vae_core.errors import ConfigError
from vae_core.evaluation import pictures_of
from vae_core.exhibit import new_figure
from vae_core.experiments import EXPERIMENTS, Experiment, Row, experiment_named
from vae_core.experiments.table import comma_separated, draw_lines, draw_rows, markdown
from vae_core.model import VAE, VAEConfig, build_vae
from vae_core.train_state import TrainState
from vae_core.training import Progress, TrainSettings, new_state, train


def add_command(subparsers: Any) -> None:
    """Describe ``experiment``."""
    parser = subparsers.add_parser("experiment", help="run a sweep; leave a table and a figure")
    questions = "; ".join(f"{name}: {e.question}" for name, e in EXPERIMENTS.items())
    parser.add_argument("name", metavar="NAME", help=questions)
    parser.add_argument("--data", required=True, type=Path, help="folder made by `prepare`")
    parser.add_argument("--model", type=Path, help="checkpoint, for an experiment that trains none")
    parser.add_argument("--only", nargs="+", help="these rows alone; the table has what is there")
    parser.add_argument("--out", required=True, type=Path, help="folder; NAME is made inside")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Make the rows that are missing, then the table; status 1 when a signal asked to stop."""
    experiment = experiment_named(args.name)
    unknown = set(args.only or ()) - experiment.cells.keys()
    if unknown:
        raise ConfigError(f"{args.name} has no {unknown}; it has {', '.join(experiment.cells)}.")
    bench = Bench(args.out / args.name, open_dataset(args.data), args.model)
    rows: dict[str, Row] = {}
    try:
        for name, cell in experiment.cells.items():
            if not args.only or name in args.only or bench.row_file(name).exists():
                rows[name] = bench.row(name, lambda n=name, c=cell: c.row(bench, n))
    except StoppedError:
        return 1
    write_table(args.out / args.name, rows, experiment)
    return 0


class StoppedError(Exception):
    """A signal asked to stop; what was done is saved."""


@dataclass(frozen=True)
class Bench:
    """A folder where an experiment keeps its models and rows."""

    folder: Path
    dataset: Dataset
    model_file: Path | None

    def row_file(self, name: str) -> Path:
        """Return where a finished row is kept."""
        return self.folder / "rows" / f"{name}.json"

    def row(self, name: str, make: Any) -> Row:
        """Read a row, or make and keep it."""
        path = self.row_file(name)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.with_suffix(".tmp")
            temporary.write_text(json.dumps(make()))
            temporary.replace(path)
        row: Row = json.loads(path.read_text())
        return row

    def model(self) -> Checkpoint:
        """Load the model that is looked at."""
        if self.model_file is None:
            raise ConfigError("This experiment looks at a trained model; give --model.")
        checkpoint = load_checkpoint(self.model_file)
        if checkpoint.frame != self.dataset.frame:
            raise ConfigError(f"The pictures are of another frame than {checkpoint.name}.")
        return checkpoint

    def train(self, name: str, config: VAEConfig, settings: TrainSettings) -> Checkpoint:
        """Train what is not trained yet."""
        path = self.folder / f"{name}.safetensors"
        if not path.exists():
            job = CellJob(name, config, settings, self.dataset)
            print(f"{name}:", file=sys.stderr)
            if not run_job(job, path, RunFolder(path)):
                raise StoppedError
        return load_checkpoint(path)


@dataclass(frozen=True)
class CellJob:
    """The training of one cell's model."""

    name: str
    config: VAEConfig
    settings: TrainSettings
    dataset: Dataset

    def __post_init__(self) -> None:
        if self.dataset.images.shape[1:] != self.config.image:
            raise ConfigError(f"The experiment's models want pictures of {self.config.image}.")

    @property
    def vae(self) -> VAE:
        """The functions that are trained."""
        return build_vae(self.config)

    def identity(self) -> dict[str, Any]:
        """Return settings, model and data."""
        data = {name: self.dataset.header[name] for name in ("name", "counts")}
        return asdict(self.settings) | {"model": str(self.config), "data": data}

    def new_state(self) -> TrainState:
        """Draw parameters."""
        return new_state(self.vae, self.settings, self.dataset)

    def train(self, state: TrainState) -> Iterator[Progress]:
        """Take the steps that ``state`` still lacks."""
        return train(self.vae, self.dataset, self.settings, state)

    def finish(self, out: Path, state: TrainState) -> str:
        """Write the model; report what its latents do."""
        metadata = provenance("experiment", state) | {"settings": asdict(self.settings)}
        checkpoint = Checkpoint(self.name, self.config, self.dataset.frame, state.params, metadata)
        save_checkpoint(out, checkpoint)
        return collapse(checkpoint, self.dataset, pictures_of(self.dataset, "test")).sentence


def write_table(folder: Path, rows: dict[str, Row], experiment: Experiment) -> None:
    """Write table.csv, table.md and figure.png; print the table."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "table.csv").write_text(comma_separated(rows))
    (folder / "table.md").write_text(markdown(rows))
    print(markdown(rows), end="")
    drawing(rows, experiment).savefig(folder / "figure.png", bbox_inches="tight")


def drawing(rows: dict[str, Row], experiment: Experiment) -> Any:
    """Return the experiment's figure."""
    drawn, against = experiment.drawn, experiment.against
    if against:
        figure, axes = new_figure(1, len(against), 6 * len(against), 4.5)
        for ax, column in zip(axes[0], against, strict=True):
            draw_lines(ax, rows, drawn[0], column)
        return figure
    figure, axes = new_figure(1, len(drawn), 5 * len(drawn), 1 + 0.35 * len(rows))
    for ax, column in zip(axes[0], drawn, strict=True):
        draw_rows(ax, rows, column)
    for ax in axes[0, 1:]:
        ax.set_yticklabels([])
    return figure

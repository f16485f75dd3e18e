"""``python -m vae_core figures``: the article's figures, of our models or of yours."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from vae_core.checkpoint import load_checkpoint
from vae_core.commands.morph import FINDER, seat
from vae_core.data.dataset import open_dataset
from vae_core.errors import ConfigError, DataError
from vae_core.exhibit import Drawn, Exhibit
from vae_core.finder.find import Finder
from vae_core.gallery import GALLERY
from vae_core.imaging.align import Frame, align
from vae_core.imaging.render import render_gif
from vae_core.types import Array


def add_command(subparsers: Any) -> None:
    """Describe ``figures``."""
    parser = subparsers.add_parser("figures", help="draw the article's figures")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(GALLERY))
    parser.add_argument("--all", action="store_true", help="all that these models and data allow")
    parser.add_argument("--model", nargs="+", type=Path, default=[], help="checkpoints to compare")
    parser.add_argument("--data", required=True, type=Path, help="folder made by `prepare`")
    parser.add_argument("--photo", nargs="+", type=Path, default=[], help="for histogram, cover")
    parser.add_argument("--out", required=True, type=Path, help="folder")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write NAME.png for every figure, and NAME.gif where something moves.

    With ``--all``, a figure that lacks what it needs is told about and left out.
    """
    unknown = set(args.names) - set(GALLERY)
    if unknown or not (args.names or args.all):
        raise ConfigError(f"Name a figure, or give --all; there are {', '.join(GALLERY)}.")
    exhibit = exhibit_of(args)
    args.out.mkdir(parents=True, exist_ok=True)
    for name in GALLERY if args.all else args.names:
        try:
            write_figure(args.out / name, drawn(name, exhibit))
        except DataError as error:
            if not args.all:
                raise
            print(f"{name}: {error}", file=sys.stderr)
    return 0


def drawn(name: str, exhibit: Exhibit) -> Drawn:
    """Draw a figure; DataError when it shows a model and there is none."""
    if name != "samples" and not exhibit.models:
        raise DataError(f"The figure {name} shows a model; give --model.")
    return GALLERY[name](exhibit)


def exhibit_of(args: argparse.Namespace) -> Exhibit:
    """Load models, data set, logs and photos."""
    models = tuple(load_checkpoint(path) for path in args.model)
    dataset = open_dataset(args.data)
    logs = {model.name: read_log(path) for model, path in zip(models, args.model, strict=True)}
    photos = cropped(args.photo, dataset.frame) if args.photo else {}
    return Exhibit(models, dataset, photos, logs)


def read_log(checkpoint: Path) -> list[dict[str, float]]:
    """Return the training log that was left beside a checkpoint, a dict a step; [] without one."""
    log = checkpoint.with_suffix(".run") / "log.jsonl"
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def cropped(paths: list[Path], frame: Frame) -> dict[str, Array]:
    """Find the face in every photo, and align it: (H, W, C) by the photo's name."""
    finder = Finder.from_file(FINDER) if FINDER.exists() else None
    seats = {path.stem: seat(path, None, "person", finder) for path in paths}
    return {
        name: align(photo, frame, landmarks, species).pixels
        for name, (photo, landmarks, species) in seats.items()
    }


def write_figure(path: Path, result: Drawn) -> None:
    """Write PATH.png, and PATH.gif."""
    result.figure.savefig(path.with_suffix(".png"), bbox_inches="tight")
    print(path.with_suffix(".png"))
    if result.frames is not None:
        path.with_suffix(".gif").write_bytes(render_gif(result.frames))

"""``python -m vae_core sample``: a sheet of people and dogs that a model imagines."""

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from vae_core.checkpoint import load_checkpoint
from vae_core.commands.morph import MODEL
from vae_core.directions import random_dog, species_in
from vae_core.errors import ConfigError
from vae_core.imaging.render import render_png, side_by_side


def add_command(subparsers: Any) -> None:
    """Describe ``sample``."""
    parser = subparsers.add_parser("sample", help="draw people and dogs who do not exist")
    parser.add_argument("--out", required=True, type=Path, help="PNG")
    parser.add_argument("--model", type=Path, default=MODEL, help="checkpoint")
    parser.add_argument("--rows", type=int, default=4, help="of each species")
    parser.add_argument("--columns", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Decode latents drawn from what a model knows of each species; the first drawn are shown."""
    if min(args.rows, args.columns) < 1:
        raise ConfigError("A sheet has at least one row and one column.")
    checkpoint, rng = load_checkpoint(args.model), np.random.default_rng(args.seed)
    people, shown = species_in(checkpoint.metadata)["person"], args.rows * args.columns
    drawn = [people.sample(rng) for _ in range(shown)]
    drawn += [random_dog(checkpoint.metadata, rng) for _ in range(shown)]
    frames = checkpoint.decode(np.array(drawn, np.float32))
    sheet = [side_by_side(row) for row in np.split(frames, 2 * args.rows)]
    args.out.write_bytes(render_png(np.concatenate(sheet)))
    return 0

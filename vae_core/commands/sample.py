"""``python -m vae_core sample``: a sheet of people and dogs that a model imagines."""

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from vae_core.checkpoint import load_checkpoint
from vae_core.commands.morph import MODEL
from vae_core.directions import species_in
from vae_core.errors import ConfigError
from vae_core.imaging.render import render_png, side_by_side

KINDS = ("person", "dog")


def add_command(subparsers: Any) -> None:
    """Describe ``sample``."""
    parser = subparsers.add_parser("sample", help="draw people and dogs who do not exist")
    parser.add_argument("--out", required=True, type=Path, help="PNG")
    parser.add_argument("--model", type=Path, default=MODEL, help="checkpoint")
    parser.add_argument("--rows", type=int, default=4, help="of each species")
    parser.add_argument("--columns", type=int, default=8)
    parser.add_argument("--spread", type=float, default=1.0, help="1: as unlike as training's")
    parser.add_argument("--seed", type=int, default=0)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Decode latents drawn from what a model knows of each species; the first drawn are shown."""
    if min(args.rows, args.columns) < 1 or args.spread < 0:
        raise ConfigError("A sheet has at least one row and one column, and no negative spread.")
    checkpoint, rng = load_checkpoint(args.model), np.random.default_rng(args.seed)
    species = species_in(checkpoint.metadata)
    rows = [
        [species[kind].sample(rng, args.spread) for _ in range(args.columns)]
        for kind in KINDS
        for _ in range(args.rows)
    ]
    sheet = [side_by_side(checkpoint.decode(np.array(row, np.float32))) for row in rows]
    args.out.write_bytes(render_png(np.concatenate(sheet)))
    return 0

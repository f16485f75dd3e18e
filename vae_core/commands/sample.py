"""``python -m vae_core sample``: a sheet of people and dogs that a model imagines."""

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from vae_core.checkpoint import load_checkpoint
from vae_core.commands.morph import MODEL
from vae_core.errors import ConfigError
from vae_core.exploring import draw
from vae_core.imaging.render import in_rows, render_png


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
    shown, size = args.rows * args.columns, checkpoint.config.latent
    drawn = [draw(checkpoint.metadata, of, shown, size, rng) for of in ("person", "dog")]
    frames = checkpoint.decode(np.concatenate(drawn).astype(np.float32))
    args.out.write_bytes(render_png(in_rows(frames, args.columns)))
    return 0

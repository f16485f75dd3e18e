"""``python -m vae_core example``: the morph of a person and a dog who do not exist."""

import argparse
from pathlib import Path
from typing import Any

from vae_core.checkpoint import load_checkpoint
from vae_core.commands.morph import MODEL, RENDERERS, renderer_of, write_frames
from vae_core.errors import ConfigError
from vae_core.latent import WALKS
from vae_core.morph import example_frames
from vae_core.timing import playing_order


def add_command(subparsers: Any) -> None:
    """Describe ``example``."""
    parser = subparsers.add_parser(
        "example", help="draw the morph of a person and a dog who do not exist, from a model alone"
    )
    parser.add_argument("--out", required=True, type=Path, help=", ".join(RENDERERS))
    parser.add_argument("--model", type=Path, default=MODEL, help="checkpoint")
    parser.add_argument("--steps", type=int, default=11)
    parser.add_argument("--walk", choices=WALKS, default="linear")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Decode a walk between the two latents that the checkpoint brings."""
    renderer_of(args.out)
    frames = example_frames(load_checkpoint(args.model), args.steps, args.walk)
    if frames is None:
        raise ConfigError(f"{args.model} brings no example: it was not trained on people and dogs.")
    write_frames(args.out, frames, playing_order(args.steps))
    return 0

"""``python -m vae_core evaluate``: a model's losses on held-out pictures, as a table or as JSON."""

import argparse
import json
from pathlib import Path
from typing import Any

from vae_core.checkpoint import load_checkpoint
from vae_core.commands.card import group_row
from vae_core.data.dataset import open_dataset
from vae_core.evaluation import evaluate


def add_command(subparsers: Any) -> None:
    """Describe ``evaluate``."""
    parser = subparsers.add_parser("evaluate", help="measure a model on pictures it has not seen")
    parser.add_argument("--model", required=True, type=Path, help="checkpoint")
    parser.add_argument("--data", required=True, type=Path, help="folder made by `prepare`")
    parser.add_argument("--split", default="test", choices=("train", "validation", "test"))
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the losses beside those of PCA with as many components."""
    result = evaluate(load_checkpoint(args.model), open_dataset(args.data), args.split)
    print(json.dumps(result, indent=2) if args.json else table(result))
    return 0


def table(result: dict[str, Any]) -> str:
    """Return the Markdown table of an evaluation."""
    pictures = f"all ({result['pictures']})"
    rows = [
        f"| mean square error per pixel, {result['split']} | model "
        f"| PCA, {result['pca_components']} components |",
        "|---|---|---|",
        f"| {pictures}, mean latent | {result['mse']:.5f} | {result['pca_mse']:.5f} |",
        f"| {pictures}, drawn latent | {result['mse_sampled']:.5f} | |",
        *map(group_row, result["groups"].items()),
    ]
    return "\n".join(rows)

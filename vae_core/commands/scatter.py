"""``python -m vae_core scatter``: where digits that a model has not seen are in its plane."""

import argparse
import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np

from vae_core.checkpoint import Checkpoint, load_checkpoint
from vae_core.data.dataset import pixels_of
from vae_core.data.sample import Sample
from vae_core.data.sources import mnist
from vae_core.errors import ConfigError

SHARE = 1.0
"""Per cent of the points that may lie beyond either side of the plane."""


def add_command(subparsers: Any) -> None:
    """Describe ``scatter``."""
    parser = subparsers.add_parser("scatter", help="say where test digits are in a model's plane")
    parser.add_argument("--model", required=True, type=Path, help="checkpoint with two latents")
    parser.add_argument("--data", required=True, type=Path, help="folder with MNIST's files")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--out", required=True, type=Path, help="JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Encode the first digits of the test split and write their places."""
    tested = (sample for sample in mnist(args.data) if sample.split == "test")
    samples = list(itertools.islice(tested, args.count))
    found = scatter(load_checkpoint(args.model), samples)
    checksum = args.model.with_name(f"{args.model.name}.sha256").read_text(encoding="utf-8")
    found["model_sha256"] = checksum.split()[0]
    args.out.write_text(json.dumps(found, separators=(",", ":")) + "\n", encoding="utf-8")
    return 0


def scatter(checkpoint: Checkpoint, samples: list[Sample]) -> dict[str, Any]:
    """Return ``labels``, ``points`` (x, y), and the ``extent`` in which nearly all of them are.

    The extent is (left, right), (bottom, top). Raises ConfigError unless there are two latents.
    """
    if checkpoint.config.latent != 2:
        raise ConfigError(f"{checkpoint.name} has {checkpoint.config.latent} latents, not two.")
    pictures = np.stack([pixels_of(sample, checkpoint.frame) for sample in samples])
    z = checkpoint.encode(np.multiply(pictures, 1 / 255, dtype=np.float32))
    low, high = np.percentile(z, [SHARE, 100 - SHARE], axis=0)
    return {
        "labels": [sample.label for sample in samples],
        "points": [[round(float(v), 3) for v in point] for point in z],
        "extent": [[round(float(v), 3) for v in side] for side in zip(low, high, strict=True)],
    }

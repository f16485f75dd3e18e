"""``python -m vae_core evaluate-morph``: how good the morphs of held-out photos are."""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from vae_core.checkpoint import Checkpoint, load_checkpoint
from vae_core.commands.morph import FINDER, MODEL
from vae_core.finder.find import Finder
from vae_core.imaging.render import render_png, side_by_side
from vae_core.judges import SIDE, DogJudge, DoubleJudge, single_or_double, train_double_judge
from vae_core.latent import WALKS
from vae_core.morph import Manner
from vae_core.morph_evaluation import (
    Pictures,
    Report,
    collected,
    held_out_pairs,
    judged_pictures,
    measure,
    summary,
)
from vae_core.timing import EASINGS
from vae_core.types import Array

SHEET = 24
"""Morphs on the sheet, at most."""

HELD_OUT = 500
"""Single test pictures that the judges are tried on."""

SHOWN = 9
"""Frames of each morph on the sheet, at most."""


def add_command(subparsers: Any) -> None:
    """Describe ``evaluate-morph``."""
    parser = subparsers.add_parser("evaluate-morph", help="measure the morphs of held-out photos")
    parser.add_argument("--model", type=Path, default=MODEL, help="checkpoint")
    parser.add_argument("--photos", required=True, type=Path, help="a folder with landmarks.csv")
    parser.add_argument("--pairs", type=int, default=100, help="friends and dogs")
    parser.add_argument("--steps", type=int, default=17, help="frames of a morph")
    parser.add_argument("--walk", choices=WALKS, default="linear")
    parser.add_argument("--easing", choices=EASINGS, default="linear")
    parser.add_argument("--detail", type=float, default=1.0)
    parser.add_argument("--size", type=int, default=0, help="pixels of a frame's longer side")
    parser.add_argument("--pictures", type=int, default=8000, help="that the judges learn from")
    parser.add_argument("--judge-steps", type=int, default=5000, help="of the double judge")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="PNG: a sheet of the first 24 morphs")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Train both judges, morph random pairs of the test split, and print what they say."""
    checkpoint = load_checkpoint(args.model)
    training, held_out = (
        collected(judged_pictures(args.photos, checkpoint.frame, split, count, args.seed))
        for split, count in (("train", args.pictures), ("test", HELD_OUT))
    )
    doubles, dogs = train_judges(training, args.judge_steps, args.seed)
    reports = reports_of(args, checkpoint, doubles, dogs)
    result = summary(reports) | judged(held_out, doubles, dogs)
    if args.out:
        args.out.write_bytes(render_png(sheet(reports[:SHEET])))
    print(json.dumps(result, indent=2) if args.json else table(result))
    return 0


def reports_of(
    args: argparse.Namespace, checkpoint: Checkpoint, doubles: DoubleJudge, dogs: DogJudge
) -> list[Report]:
    """Morph and measure as many pairs as are asked for."""
    finder = Finder.from_file(FINDER) if FINDER.exists() else None
    manner = Manner(args.steps, args.walk, args.easing, args.detail)
    side = max(args.size, SIDE)
    pairs = held_out_pairs(checkpoint, args.photos, args.pairs, finder, side, args.seed)
    return [measure(checkpoint, pair, manner, doubles, dogs) for pair in pairs]


def train_judges(training: Pictures, steps: int, seed: int) -> tuple[DoubleJudge, DogJudge]:
    """Train both on the same pictures."""
    *_, (_, doubles) = train_double_judge(training.x, steps, seed)
    return doubles, DogJudge.fit(training.x, training.dogs)


def judged(held_out: Pictures, doubles: DoubleJudge, dogs: DogJudge) -> dict[str, float]:
    """Say how far the judges are to be trusted, on single test pictures."""
    right = (dogs.odds(held_out.x) > 0) == (held_out.dogs > 0)
    x, double = single_or_double(held_out.x, 2 * len(held_out.x), np.random.default_rng(0))
    told = (doubles.odds(x) > 0) == (double > 0)
    return {
        "single_double": float((doubles.odds(held_out.x) > 0).mean()),
        "doubles_told": float(told.mean()),
        "species_right": float(right.mean()),
    }


def sheet(reports: list[Report]) -> Array:
    """Lay morphs out below each other: (n H, m W, C)."""
    steps = len(reports[0].frames)
    shown = np.unique(np.linspace(0, steps - 1, min(SHOWN, steps)).round().astype(int))
    return np.concatenate([side_by_side(report.frames[shown]) for report in reports])


def table(result: dict[str, Any]) -> str:
    """Return the Markdown table."""
    rows = [
        f"| {result['morphs']} morphs of test photos | measured | bar |",
        "|---|---|---|",
        f"| ends: largest difference from the photos | {result['ends'] * 255:.3f}/255 | 1/255 |",
        f"| sharpness of the middle over the ends', mean | {result['sharpness']:.2f} | 0.6 |",
        f"| the same, least sharp morph | {result['least_sharp']:.2f} | |",
        f"| middle frames called double | {result['double']:.1%} | at most 20 % |",
        f"| cross-dissolve's called double | {result['dissolve_double']:.1%} | at least 80 % |",
        f"| single test pictures called double | {result['single_double']:.1%} | |",
        f"| single and doubled test pictures told apart | {result['doubles_told']:.1%} | |",
        f"| walks along which dogness rises | {result['rising']:.1%} | at least 95 % |",
        f"| single test pictures whose species is told | {result['species_right']:.1%} | |",
        f"| largest change between frames over the mean | {result['evenness']:.2f} | |",
    ]
    return "\n".join(rows)

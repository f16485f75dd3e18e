"""``python -m vae_core compose``: make the finder's training pictures from annotated photos."""

import argparse
import json
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any

from vae_core.finder.find import Finder
from vae_core.finder.mining import mined
from vae_core.finder.scenery import Scenery, load_scenery
from vae_core.finder.training_sets import composed, make_set


def add_command(subparsers: Any) -> None:
    """Describe ``compose``."""
    parser = subparsers.add_parser(
        "compose", help="make the finder's training pictures from annotated photos"
    )
    parser.add_argument(
        "--photos", required=True, type=Path, help="folder with landmarks.csv and scenes.csv"
    )
    parser.add_argument(
        "--others", type=Path, metavar="DIR", help="folder with animals that are no dogs"
    )
    parser.add_argument("--out", required=True, type=Path, metavar="DIR")
    parser.add_argument("--terms", required=True, help="where the photos come from, on what terms")
    parser.add_argument("--scout", type=int, default=60_000, help="pictures for the scout")
    parser.add_argument("--reader", type=int, default=70_000, help="composed candidates")
    parser.add_argument("--gauge", type=int, default=60_000, help="faces for the gauge")
    parser.add_argument("--mined", type=int, default=0, help="candidates that a finder named")
    parser.add_argument("--finder", type=Path, help="whose candidates are mined")
    parser.add_argument("--seed", type=int, default=1)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Compose the sets that are asked for, and write down what they are made of."""
    args.out.mkdir(parents=True, exist_ok=True)
    total = args.reader + args.mined
    scenery = load_scenery(args.photos, "train", args.others)
    sets = (
        ("scout", args.scout, composed(scenery, "scout", args.scout, args.seed)),
        ("reader", total, reader_examples(args, scenery)),
        ("gauge", args.gauge, composed(scenery, "gauge", args.gauge, args.seed)),
    )
    for kind, count, examples in sets:
        if count:
            make_set(args.out, kind, with_progress(examples, kind, count), count)
    header = {
        "photos": str(args.photos),
        "others": str(args.others or ""),
        "scout": args.scout,
        "reader": total,
        "gauge": args.gauge,
        "mined": args.mined,
        "seed": args.seed,
        "terms": args.terms,
    }
    (args.out / "finder.json").write_text(json.dumps(header, indent=2))
    return 0


def reader_examples(args: argparse.Namespace, scenery: Scenery) -> Iterable[Any]:
    """Yield the composed candidates, then the mined ones."""
    examples: Iterable[Any] = composed(scenery, "reader", args.reader, args.seed)
    if args.mined:
        found = mined(scenery, Finder.from_file(args.finder), args.seed)
        examples = chain(examples, islice(found, args.mined))
    return examples


def with_progress(examples: Iterable[Any], kind: str, total: int) -> Iterator[Any]:
    """Pass examples on and say how far it is."""
    for k, example in enumerate(examples, start=1):
        if k % 1000 == 0 or k == total:
            print(f"\r{kind}: {k} of {total}", end="\n" if k == total else "", flush=True)
        yield example

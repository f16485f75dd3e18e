"""``python -m vae_core prepare``: folders of pictures -> a prepared data set."""

import argparse
import functools
import itertools
import math
import re
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from vae_core.data.dataset import Dataset, write_dataset
from vae_core.data.sample import Sample
from vae_core.data.sources import SOURCES, pictures
from vae_core.errors import DataError, PhotoError
from vae_core.finder.faces import Face
from vae_core.finder.find import Finder
from vae_core.imaging.align import (
    DIGIT_28,
    FACE_GREY_50,
    FACE_LIGHT,
    HEAD_RGB_128,
    Frame,
    face_frame,
)
from vae_core.imaging.landmarks import Landmarks
from vae_core.imaging.photo import Photo

if TYPE_CHECKING:
    SubParsers = argparse._SubParsersAction[argparse.ArgumentParser]

FRAMES = {"face50": FACE_GREY_50, "head128": HEAD_RGB_128, "digit28": DIGIT_28}
CHANNELS = {"grey": 1, "rgb": 3}
SAME_FACE = 0.4
"""Eye distances by which the finder and a source may differ about one face."""

FACE = re.compile(r"face:([1-9]\d{1,3}):(grey|rgb)")


def add_command(subparsers: "SubParsers") -> None:
    """Add ``prepare``; its ``run`` takes the parsed arguments and returns the exit status."""
    parser = subparsers.add_parser(
        "prepare", help="make a data set of pictures", description="Make a data set of pictures."
    )
    parser.add_argument(
        "--source",
        nargs=2,
        action="append",
        required=True,
        metavar=("LAYOUT", "DIR"),
        help=f"a folder and how it is laid out: {', '.join(SOURCES)}; may be repeated",
    )
    parser.add_argument(
        "--frame",
        type=parse_frame,
        default=FACE_GREY_50,
        metavar="FRAME",
        help="face50 (default), head128, digit28, or face:SIZE:grey|rgb",
    )
    parser.add_argument("--name", required=True, help="what the data set is called")
    parser.add_argument(
        "--terms", required=True, help="where the pictures come from and what may be done with them"
    )
    parser.add_argument(
        "--limit-origin",
        type=parse_limit,
        action="append",
        default=[],
        metavar="ORIGIN=N",
        help="take at most N training pictures of an origin, other splits thinned alike",
    )
    parser.add_argument(
        "--finder", type=Path, metavar="FILE", help="align by this finder, as the server does"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--force", action="store_true", help="replace a data set of that name")
    parser.set_defaults(run=prepare)


def prepare(args: argparse.Namespace) -> int:
    """Prepare as the arguments say and tell what came of it. Raises DataError."""
    limits = dict(args.limit_origin)
    samples: Iterable[Sample] = itertools.chain.from_iterable(
        read_source(layout, Path(directory), limits) for layout, directory in args.source
    )
    if args.finder is not None:
        samples = relocated(samples, Finder.from_file(args.finder))
    dataset = write_dataset(
        args.out, args.frame, with_progress(samples), args.name, args.terms, args.force
    )
    print(summary(dataset))
    return 0


def read_source(layout: str, directory: Path, limits: Mapping[str, int]) -> Iterable[Sample]:
    """Return the samples of a folder. Raises DataError."""
    if layout not in SOURCES:
        raise DataError(f"There is no layout {layout!r}; there are {', '.join(SOURCES)}.")
    return pictures(directory, limits) if layout == "pictures" else SOURCES[layout](directory)


def relocated(samples: Iterable[Sample], finder: Finder) -> Iterator[Sample]:
    """Give every sample the landmarks that a finder sees, where it sees the same face.

    What a source marked stays when the finder sees nothing of that species there. A source
    without landmarks gets those of the surest face of its species. Two processes search.
    """
    global _search
    _search = list(samples), finder
    with get_context("fork").Pool(2) as pool:
        found = pool.imap(_locate, range(len(_search[0])), chunksize=32)
        for sample, landmarks in zip(_search[0], found, strict=True):
            yield replace(sample, landmarks=landmarks)


_search: tuple[list[Sample], Finder] | None = None


def _locate(k: int) -> Landmarks | None:
    assert _search is not None
    samples, finder = _search
    return located(samples[k], finder)


def located(sample: Sample, finder: Finder) -> Landmarks | None:
    """Return where the finder sees a sample's face, or where its source marked it."""
    try:
        photo = sample.read()
    except (PhotoError, OSError):
        return sample.landmarks
    if not isinstance(photo, Photo):
        return sample.landmarks
    faces = [face for face in finder.find(photo) if face.species == sample.species]
    return nearest(faces, sample.landmarks) or sample.landmarks


def nearest(faces: list[Face], marked: Landmarks | None) -> Landmarks | None:
    """Return the landmarks of the face that was marked, or of the first if none was."""
    for face in faces:
        if marked is None or eyes_apart(face.landmarks, marked) < SAME_FACE:
            return face.landmarks
    return None


def eyes_apart(a: Landmarks, b: Landmarks) -> float:
    """Return how far both eyes are from the others' on average, in eye distances of ``b``."""
    size = math.dist(b.left_eye, b.right_eye)
    return (math.dist(a.left_eye, b.left_eye) + math.dist(a.right_eye, b.right_eye)) / (2 * size)


def with_progress(samples: Iterable[Sample]) -> Iterator[Sample]:
    """Pass samples on, telling on stderr how many there were and how fast."""
    tell = functools.partial(print, end="", flush=True, file=sys.stderr)
    start = last = time.monotonic()
    count = 0
    for count, sample in enumerate(samples, 1):
        yield sample
        now = time.monotonic()
        if now - last > 0.5:
            tell(f"\r{count:,} pictures, {count / (now - start):,.0f} a second ")
            last = now
    tell(f"\r{count:,} pictures in {time.monotonic() - start:.1f} s           \n")


def summary(dataset: Dataset) -> str:
    """Return a few lines: how many pictures of what, in which split."""
    header = dataset.header
    lines = [f"{header['name']}: {len(dataset):,} pictures, {header['skipped']:,} skipped"]
    for split, by_species in header["counts"].items():
        counts = ", ".join(f"{count:,} {species}" for species, count in by_species.items())
        lines.append(f"  {split:<11} {counts or 'none'}")
    return "\n".join(lines)


def parse_frame(text: str) -> Frame:
    """face50 | digit28 | face:SIZE:grey|rgb -> Frame."""
    if text in FRAMES:
        return FRAMES[text]
    match = FACE.fullmatch(text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is none of {', '.join(FRAMES)}, face:SIZE:rgb")
    return face_frame(int(match[1]), CHANNELS[match[2]], FACE_LIGHT)


def parse_limit(text: str) -> tuple[str, int]:
    """ORIGIN=N -> (ORIGIN, N)."""
    origin, equals, number = text.partition("=")
    if not (origin and equals and number.isdecimal()):
        raise argparse.ArgumentTypeError(f"{text!r} is not like cat2dog=300")
    return origin, int(number)

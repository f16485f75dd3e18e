"""The reader's pictures are made anew while it learns, so that it practises on today's mistakes.

Processes compose pictures, and mine others with the reader of the moment; each new one takes the
place of the oldest of its kind in the files that are trained on. What is learned depends on how
fast the processes are: only a set that is left alone gives the same reader twice.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count, cycle, pairwise
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from vae_core.finder.find import Finder
from vae_core.finder.mining import mined_examples
from vae_core.finder.scenery import Scenery, load_scenery
from vae_core.finder.training_sets import reader_example
from vae_core.model import cast
from vae_core.tensor_file import read_tensors, write_tensors
from vae_core.types import Array, Params

NEWS = 20.0
"""Seconds after which the miners are given the reader as it is by then."""

MINERS = 5
"""Processes that mine, for each that composes: that is several times faster."""

LOOKED_FOR = 16
"""Pictures that a miner searches before it looks for a newer reader."""


@dataclass(frozen=True)
class Share:
    """The pictures of a set that one process makes anew. mined: by what means."""

    number: int
    first: int
    end: int
    mined: bool


def shares(total: int, mined: int, processes: int) -> list[Share]:
    """Give every process as many pictures of its kind as any other. The mined ones come last.

    Of a set of one kind all processes make that; one process alone makes the composed ones.
    """
    composers = max(1, processes // (1 + MINERS)) if mined else processes
    if mined == total:
        composers = 0
    miners = processes - composers
    edges = [
        *np.linspace(0, total - mined, composers + 1).astype(int)[:-1],
        *np.linspace(total - mined, total, miners + 1).astype(int),
    ]
    return [
        Share(k, int(first), int(end), k >= composers)
        for k, (first, end) in enumerate(pairwise(edges))
    ]


@contextmanager
def renewed(
    folder: Path, header: dict[str, Any], start: Finder, processes: int, seed: int
) -> Iterator[Callable[[Params], None]]:
    """Make the reader's pictures in a folder anew; yield what is to be told its parameters.

    header: of the set, as ``compose`` wrote it.  start: whose candidates are mined to begin with.
    seed: a new one each time, or the same pictures are made again.
    """
    others = Path(header["others"]) if header["others"] else None
    scenery = load_scenery(Path(header["photos"]), "train", others)
    news, context = folder / "reader-now.safetensors", get_context("fork")
    makers = [
        context.Process(target=renew, args=(folder, scenery, start, news, share, seed), daemon=True)
        for share in shares(header["reader"], header["mined"], processes)
    ]
    news.unlink(missing_ok=True)
    told = time.monotonic()

    def tell(params: Params) -> None:
        nonlocal told
        if time.monotonic() - told > NEWS:
            write_tensors(news, params, {})
            told = time.monotonic()

    for maker in makers:
        maker.start()
    try:
        yield tell
    finally:
        for maker in makers:
            maker.kill()  # who trains has told them to hear no other signal
        for maker in makers:
            maker.join()
        news.unlink(missing_ok=True)


def renew(
    folder: Path, scenery: Scenery, finder: Finder, news: Path, share: Share, seed: int
) -> None:
    """Replace the pictures of a share, again and again, as long as there is who trains on them."""
    parent = os.getppid()
    pixels = np.load(folder / "reader.npy", mmap_mode="r+")
    faces = np.load(folder / "reader-faces.npy", mmap_mode="r+")
    examples = (
        mined_meanwhile(scenery, finder, news, share.number, seed)
        if share.mined
        else composed_meanwhile(scenery, share.number, seed)
    )
    for k, (picture, record) in zip(cycle(range(share.first, share.end)), examples, strict=False):
        pixels[k], faces[k] = picture, record
        if os.getppid() != parent:
            return


def composed_meanwhile(scenery: Scenery, number: int, seed: int) -> Iterator[tuple[Array, Array]]:
    """Yield composed examples without end."""
    for k in count():
        yield reader_example(np.random.default_rng([seed, number, k]), scenery)


def mined_meanwhile(
    scenery: Scenery, finder: Finder, news: Path, number: int, seed: int
) -> Iterator[tuple[Array, Array]]:
    """Yield mined examples without end, with the newest reader that there is."""
    read = 0.0
    for k in count():
        if k % LOOKED_FOR == 0 and (written := changed(news)) > read:
            read, reader = written, cast(read_tensors(news)[0])
            finder = replace(finder, params=finder.params | reader)
        yield from mined_examples(np.random.default_rng([seed, number, k]), scenery, finder)


def changed(path: Path) -> float:
    """Return when a file was last written; 0 where there is none."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0

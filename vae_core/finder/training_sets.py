"""The finder's training pictures on disk: composed once, by several processes, then only read.

``scout.npy`` (K, 128, 128, 3) and ``reader.npy`` (K, 64, 64, 3) are uint8; beside each stands a
structured array of what is in them. Picture k depends on the seed and k alone.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from vae_core.finder.compose import Composed, Placed, add_face, background, choose, compose, relit
from vae_core.finder.faces import spread
from vae_core.finder.network import (
    GAUGE_FRAME,
    GAUGE_POINTS,
    READER_FRAME,
    READER_POINTS,
    SPECIES,
)
from vae_core.finder.scenery import Scenery
from vae_core.types import Array, Rng

SCOUT_SIZE = 128
FACES = 3
"""At most, in one scout picture."""

SMALLEST, LARGEST = 7.0, 90.0
"""Spread in pixels of composed faces; the scout answers for a part of this range only."""

FACE = np.dtype(
    [
        ("species", "i1"),  # index into SPECIES, -1: no face
        ("centre", "f4", 2),
        ("size", "f4"),
        ("weight", "f4"),  # of the landmarks; 0: there are none
        ("points", "f4", (4, 2)),
        ("sure", "?"),  # False: neither asked for nor forbidden
    ]
)

READER_SPREAD, GAUGE_SPREAD = float(spread(READER_POINTS)), float(spread(GAUGE_POINTS))


def scout_example(rng: Rng, scenery: Scenery) -> tuple[Array, Array]:
    """Return a picture, (128, 128, 3) uint8, and its faces, (3,) FACE."""
    composed = compose(rng, scenery, SCOUT_SIZE, SMALLEST, LARGEST)
    return composed.pixels, as_records(composed)


def as_records(composed: Composed) -> Array:
    """Return the faces as (3,) FACE."""
    records = np.zeros(FACES, FACE)
    records["species"] = -1
    for k, face in enumerate(composed.faces[:FACES]):
        records[k] = as_record(face)
    return records


def as_record(face: Placed) -> Array:
    """Return a face as () FACE."""
    record = np.zeros((), FACE)
    record["species"], record["sure"] = SPECIES.index(face.species), face.sure
    record["centre"], record["size"] = face.centre, face.size
    if face.points is not None:
        record["weight"], record["points"] = face.weight, face.points
    return record


def reader_example(rng: Rng, scenery: Scenery) -> tuple[Array, Array]:
    """Return a candidate, (64, 64, 3) uint8, and what it is, () FACE.

    A face stands about where the scout would have put it: off by up to a third of its size, turned
    up to 30 degrees. One candidate in four is wrong: no face, or one far from its place or size.
    """
    size = READER_FRAME.width
    canvas = background(rng, scenery, size)
    record = np.zeros((), FACE)
    record["species"] = -1
    kind = rng.choice(["face", "misplaced", "empty"], p=[0.75, 0.15, 0.1])
    if kind == "empty":
        return relit(rng, canvas), record
    picture = choose(rng, scenery, 0.35)
    offset = rng.uniform(-1, 1, 2) * 0.3
    factor = np.exp(rng.uniform(-0.35, 0.35))
    if kind == "misplaced":
        direction = rng.uniform(0, 2 * np.pi)
        offset = np.array([np.cos(direction), np.sin(direction)]) * rng.uniform(0.8, 1.8)
        factor = np.exp(rng.uniform(-1.2, 1.2))
    place = READER_POINTS.mean(axis=0) + offset * READER_SPREAD
    face = add_face(rng, canvas, picture, READER_SPREAD * factor, place, max_turn=0.7)
    return relit(rng, canvas), as_record(face) if kind == "face" else record


def gauge_example(rng: Rng, scenery: Scenery) -> tuple[Array, Array]:
    """Return a face, (64, 64, 3) uint8, off by as much as the reader leaves it, and () FACE."""
    canvas = background(rng, scenery, GAUGE_FRAME.width)
    picture = choose(rng, scenery, 0.3)
    while picture.points is None:
        picture = choose(rng, scenery, 0.3)
    place = GAUGE_POINTS.mean(axis=0) + rng.uniform(-0.1, 0.1, 2) * GAUGE_SPREAD
    size = GAUGE_SPREAD * np.exp(rng.uniform(-0.13, 0.13))
    face = add_face(rng, canvas, picture, size, place, max_turn=0.25)
    return relit(rng, canvas), as_record(face)


EXAMPLES: dict[str, Callable[[Rng, Scenery], tuple[Array, Array]]] = {
    "scout": scout_example,
    "reader": reader_example,
    "gauge": gauge_example,
}


def make_set(out: Path, kind: str, examples: Iterable[tuple[Array, Array]], count: int) -> None:
    """Write ``count`` examples, (S, S, 3) and FACE records, to ``KIND.npy`` and beside it."""
    size = SCOUT_SIZE if kind == "scout" else READER_FRAME.width
    path = out / f"{kind}.npy"
    pixels = np.lib.format.open_memmap(path, "w+", np.uint8, (count, size, size, 3))
    faces = []
    for k, (picture, records) in enumerate(islice(examples, count)):
        pixels[k] = picture
        faces.append(records)
    pixels.flush()
    np.save(out / f"{kind}-faces.npy", np.stack(faces))


def composed(scenery: Scenery, kind: str, count: int, seed: int) -> Iterator[Any]:
    """Yield ``count`` composed examples, in the order of their numbers, made by two processes."""
    with workers(scenery) as pool:
        yield from pool.map(partial(_example, kind, seed), range(count), chunksize=64)


@contextmanager
def workers(scenery: Scenery) -> Iterator[ProcessPoolExecutor]:
    """Start two processes that share one scenery; one that dies is an error and no endless wait."""
    global _scenery
    _scenery = scenery
    with ProcessPoolExecutor(2, get_context("fork")) as pool:
        yield pool


_scenery: Scenery | None = None


def shared_scenery() -> Scenery:
    """Return the scenery that :func:`workers` loaded for its processes."""
    assert _scenery is not None
    return _scenery


def _example(kind: str, seed: int, k: int) -> tuple[Array, Array]:
    return EXAMPLES[kind](np.random.default_rng([seed, k]), shared_scenery())

"""Examples for the reader from the scout's own candidates: its near misses and its mistakes."""

from collections.abc import Iterator
from functools import partial
from itertools import count

import numpy as np
from PIL import Image

from vae_core.finder.compose import Composed, Placed, compose, whole_scene
from vae_core.finder.faces import spread
from vae_core.finder.find import READINGS, Finder
from vae_core.finder.network import READER_POINTS
from vae_core.finder.scenery import Scenery
from vae_core.finder.training_sets import FACE, as_record, shared_scenery, workers
from vae_core.finder.views import upright, view
from vae_core.types import Array, Rng

MOST = 8
"""Candidates of one picture that are shown to the reader."""

ROUND = 512
"""Pictures that are searched before it is seen whether more are needed."""

CANVAS = 256
"""Pixels along a side of the composed pictures that are searched."""


def mined(scenery: Scenery, finder: Finder, seed: int) -> Iterator[tuple[Array, Array]]:
    """Yield examples without end, found by two processes."""
    with workers(scenery) as pool:
        for start in count(0, ROUND):
            jobs = range(start, start + ROUND)
            for examples in pool.map(partial(_mine, finder, seed), jobs, chunksize=16):
                yield from examples


def _mine(finder: Finder, seed: int, k: int) -> list[tuple[Array, Array]]:
    return list(mined_examples(np.random.default_rng([seed, k]), shared_scenery(), finder))


def mined_examples(rng: Rng, scenery: Scenery, finder: Finder) -> Iterator[tuple[Array, Array]]:
    """Yield (64, 64, 3) uint8 and a FACE record for each candidate in one random picture."""
    composed = (
        whole_scene(rng, scenery)
        if rng.random() < 0.6
        else compose(rng, scenery, CANVAS, smallest=11.0, largest=90.0)
    )
    image = Image.fromarray(composed.pixels)
    points = finder.candidates(image).best(MOST).points
    for _ in range(READINGS if len(points) else 0):
        moved, scores = finder.look(image, points)
        for candidate, score in zip(points, scores.max(axis=1), strict=True):
            record = judged(candidate, composed)
            if record is not None and worth_showing(rng, record, float(score)):
                yield example(image, candidate, record)
        points = moved


def worth_showing(rng: Rng, record: Array, score: float) -> bool:
    """Keep every face, every mistake, and few of what the reader refuses already."""
    return bool(record["species"] >= 0 or score > 0.05 or rng.random() < 0.15)


def example(image: Image.Image, points: Array, record: Array) -> tuple[Array, Array]:
    """Return the reader's picture of a candidate, uint8, and its record in its pixels."""
    way = upright(points, READER_POINTS)
    if record["weight"] > 0:
        record["points"] = way.apply(record["points"])
    return view(image, way.inverse()), record


def judged(points: Array, composed: Composed) -> Array | None:
    """Return what a candidate truly is, in the picture's pixels; None where that is doubtful."""
    record = np.zeros((), FACE)
    record["species"] = -1
    centre, size = points.mean(axis=0), float(spread(points))
    for face in composed.faces:
        distance = float(np.hypot(*(centre - face.centre))) / face.size
        ratio = abs(np.log(size / face.size))
        if face.sure and distance < tolerance(face) and ratio < 0.5:
            return as_record(face)
        if distance < 1.2 and (ratio < 1.0 or not face.sure):
            return None
    return record


def tolerance(face: Placed) -> float:
    """How far off a candidate may be, in spreads; a head box says less than landmarks do."""
    return 0.45 if face.points is not None else 0.6

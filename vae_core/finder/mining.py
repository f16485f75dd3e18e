"""Examples for the reader from the scout's own candidates: its near misses and its mistakes."""

from collections.abc import Iterator
from functools import partial
from itertools import count
from pathlib import Path

import numpy as np
from PIL import Image

from vae_core.finder.compose import Composed, Placed, compose, whole_scene
from vae_core.finder.faces import spread
from vae_core.finder.find import Candidates, Finder, upright
from vae_core.finder.network import READER_FRAME
from vae_core.finder.scenery import Scenery
from vae_core.finder.training_sets import FACE, as_record, shared_scenery, workers
from vae_core.imaging.align import as_matrix
from vae_core.imaging.resample import resample
from vae_core.types import Array, Rng

ROUND = 512
"""Pictures that are searched before it is seen whether more are needed."""

CANVAS = 256
"""Pixels along a side of the composed pictures that are searched."""


def mined(data: Path, split: str, finder: Finder, seed: int) -> Iterator[tuple[Array, Array]]:
    """Yield examples without end, found by two processes; half of the mistakes, all the faces."""
    with workers(data, split) as pool:
        for start in count(0, ROUND):
            jobs = range(start, start + ROUND)
            for k, examples in enumerate(pool.imap(partial(_mine, finder, seed), jobs, 16)):
                for j, (pixels, record) in enumerate(examples):
                    if record["species"] >= 0 or (k + j) % 2:
                        yield pixels, record


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
    found = list(finder.scout(image))
    candidates = Candidates(
        np.concatenate([c.heat for c in found]), np.concatenate([c.points for c in found])
    ).best(6)
    for points in candidates.points:
        record = judged(points, composed)
        if record is not None:
            to_image = upright(points).inverse()
            size = READER_FRAME.height, READER_FRAME.width
            pixels = resample(image, as_matrix(to_image), size, channels=3)
            if record["weight"] > 0:
                record["points"] = upright(points).apply(record["points"])
            yield np.rint(pixels * 255).astype(np.uint8), record


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

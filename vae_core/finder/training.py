"""Training the finder: scout and reader side by side on two threads; each network alone."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from vae_core.backend import array_module, on_cpu
from vae_core.errors import DataError
from vae_core.finder.losses import cross_entropy, heat_loss, point_loss
from vae_core.finder.network import (
    GAUGE_POINTS,
    SPECIES,
    as_input,
    build_gauge,
    build_reader,
    build_scout,
)
from vae_core.finder.targets import (
    ScoutTargets,
    mirror_faces,
    point_targets,
    reader_targets,
    scout_targets,
)
from vae_core.layers import param_grads
from vae_core.model import cast
from vae_core.optim import Adam
from vae_core.products import Grads
from vae_core.threads import drawn_ahead
from vae_core.train_state import TrainState
from vae_core.training import Progress, TrainSettings, averaged, batch_at
from vae_core.types import Array, Params, Rng, joined, scope, unscope

RARE = -4.0
"""Heat logit to begin with: hardly any cell holds a face (arXiv:1708.02002, section 3.3)."""

READER_BATCH = 3
"""Reader pictures per scout picture: they cost a third."""

THREADS = 2
"""That train the scout, when it is alone."""


class FinderLosses(NamedTuple):
    """total is the sum of the others, each averaged over its batch."""

    total: float
    heat: float
    scout_points: float
    species: float
    reader_points: float


@dataclass(frozen=True)
class CropSet:
    """Composed pictures of one kind, uint8 (K, S, S, 3), and their FACE records: memory maps.

    header: where the photos are, how many pictures were composed and mined, terms.
    """

    header: dict[str, Any]
    pixels: Array
    faces: Array


def open_crop_set(directory: Path, kind: str) -> CropSet:
    """Map what ``python -m vae_core compose`` wrote for the ``scout``, ``reader`` or ``gauge``."""
    try:
        return CropSet(
            json.loads((directory / "finder.json").read_text()),
            np.load(directory / f"{kind}.npy", mmap_mode="r"),
            np.load(directory / f"{kind}-faces.npy", mmap_mode="r"),
        )
    except (OSError, ValueError) as error:
        raise DataError(f"{directory} holds no pictures for the {kind}: {error}.") from error


def new_finder_state(settings: TrainSettings) -> TrainState:
    """Draw float32 parameters of both networks from the settings' seed."""
    rng = np.random.default_rng(settings.seed)
    params = joined(scout=new_scout(rng), reader=build_reader().init(rng))
    return TrainState(cast(params), Adam().init(cast(params)))


def new_scout(rng: Rng) -> Params:
    """Draw the scout's parameters; it expects hardly any face."""
    params = build_scout().init(rng)
    params["heads.bias"][: len(SPECIES)] = RARE
    return params


def scout_step(params: Params, x: Array, faces: Array) -> tuple[float, float, Grads]:
    """Return heat loss, landmark loss and the gradients, for (N, H, W, 3) in [-1, 1]."""
    scout, species = build_scout(), len(SPECIES)
    y, cache = scout.forward(params, x)
    xp = array_module(x)
    target = ScoutTargets(*map(xp.asarray, scout_targets(faces, *y.shape[1:3])))
    heat, dheat = heat_loss(y[..., :species], target.heat, target.heat_weight)
    points, dpoints = point_loss(y[..., species:], target.offsets, target.offset_weight)
    dy = xp.concatenate([dheat, 10 * dpoints], axis=-1)
    grads = param_grads(scout, params, cache, dy)
    return heat, points, grads


def reader_step(params: Params, x: Array, faces: Array) -> tuple[float, float, Grads]:
    """Return cross entropy, landmark loss and the gradients, for (N, 64, 64, 3) in [-1, 1]."""
    reader, kinds = build_reader(), 1 + len(SPECIES)
    y, cache = reader.forward(params, x)
    xp = array_module(x)
    classes, offsets, weights = map(xp.asarray, reader_targets(faces))
    species, dspecies = cross_entropy(y[:, :kinds], classes)
    points, dpoints = point_loss(y[:, kinds:], offsets, weights)
    dy = xp.concatenate([dspecies, 20 * dpoints], axis=1)
    grads = param_grads(reader, params, cache, dy)
    return species, points, grads


def shared_scout_step(params: Params, x: Array, faces: Array) -> tuple[float, float, Grads]:
    """Return the mean of what :func:`scout_step` does to two shares; threads do it on a CPU."""
    count = min(THREADS, len(x))
    shares = np.array_split(x, count), np.array_split(faces, count)
    with ThreadPoolExecutor(count) as pool:
        share = pool.map if on_cpu(x) else map
        heats, points, grads = zip(*share(partial(scout_step, params), *shares), strict=True)
    return sum(heats) / count, sum(points) / count, averaged(grads, [1 / count] * count)


class CropLosses(NamedTuple):
    """total is the sum of the others; species is the scout's heat; the gauge knows no species."""

    total: float
    species: float
    points: float


def gauge_step(params: Params, x: Array, faces: Array) -> tuple[float, float, Grads]:
    """Return 0, as the gauge knows no species, landmark loss and gradients, as reader_step."""
    gauge = build_gauge()
    y, cache = gauge.forward(params, x)
    targets = map(array_module(x).asarray, point_targets(faces, GAUGE_POINTS))
    points, dpoints = point_loss(y, *targets)
    return 0.0, points, param_grads(gauge, params, cache, 20 * dpoints)


@dataclass(frozen=True)
class Lesson:
    """How a network learns from crops.

    step: its losses and gradients.  covered: the share of pictures of which a part is covered.
    decay: the share of a weight, times the learning rate, that it forgets at every step.
    """

    step: Callable[[Params, Array, Array], tuple[float, float, Grads]]
    covered: float
    decay: float


NEW: dict[str, Callable[[Rng], Params]] = {
    "scout": new_scout,
    "reader": lambda rng: build_reader().init(rng),
    "gauge": lambda rng: build_gauge().init(rng),
}

LESSONS = {
    "scout": Lesson(shared_scout_step, 0.0, 0.0),
    "reader": Lesson(reader_step, 0.5, 0.05),
    "gauge": Lesson(gauge_step, 0.0, 0.0),
}


def first_params(kind: str, seed: int, known: Params) -> Params:
    """Return a network's float32 parameters: known ones where they fit, else drawn from the seed.

    known: tensors by their full names. A network whose layers have changed keeps the others.
    """
    drawn = NEW[kind](np.random.default_rng(seed))
    params = cast(unscope(drawn, kind))
    fitting = {n: p.copy() for n, p in known.items() if n in params and p.shape == params[n].shape}
    return params | cast(fitting)


def train_on_crops(
    kind: str, data: CropSet, settings: TrainSettings, state: TrainState
) -> Iterator[Progress]:
    """Go on with one network alone; as :func:`train_finder`."""
    lesson, optimizer = LESSONS[kind], Adam()
    xp = array_module(next(iter(state.params.values())))
    steps = range(state.step, settings.steps)
    crops = drawn_ahead(partial(crops_of, data, settings, lesson.covered), steps)
    for step, (x, faces) in zip(steps, crops, strict=True):
        params, lr = scope(state.params, kind), settings.lr_at(step)
        species, points, grads = lesson.step(params, as_input(xp.asarray(x)), faces)
        optimizer.update(state.params, unscope(grads, kind), state.adam, lr)
        shrink(params, lr * lesson.decay)
        yield Progress(step + 1, CropLosses(species + points, species, points), 0.0, lr)


def crops_of(
    data: CropSet, settings: TrainSettings, covered: float, step: int
) -> tuple[Array, Array]:
    """Return a step's batch, uint8, a share of its pictures covered in part, and its faces."""
    rng = np.random.default_rng([settings.seed, step])
    x, faces = batch_of(data, settings, step, rng)
    return erased(x, covered, rng), faces


def shrink(params: Params, share: float) -> None:
    """Pull every weight towards zero, apart from the gradient (arXiv:1711.05101), in place."""
    for name, p in params.items():
        if name.endswith("weight"):
            p *= 1 - share


def erased(x: Array, share: float, rng: Rng) -> Array:
    """Cover a random rectangle of that share of the pictures with one grey (arXiv:1708.04896).

    x: (N, H, W, C) uint8, changed in place. A face that is known by one feature alone must be known
    by another one as well.
    """
    size = x.shape[1]
    for k in np.flatnonzero(rng.random(len(x)) < share):
        height, width = rng.integers(size // 6, size // 2, 2)
        top, left = rng.integers(0, size - height), rng.integers(0, size - width)
        x[k, top : top + height, left : left + width] = rng.integers(0, 256)
    return x


def batch_of(data: CropSet, settings: TrainSettings, step: int, rng: Rng) -> tuple[Array, Array]:
    """Return a step's batch, uint8, all mirrored or none, and its faces."""
    order = np.sort(batch_at(step, len(data.pixels), settings))
    x, records = data.pixels[order], data.faces[order]
    if rng.random() < 0.5:
        x, records = x[:, :, ::-1], mirror_faces(records, x.shape[2])
    return x, records


def train_finder(
    scout: CropSet, reader: CropSet, settings: TrainSettings, state: TrainState
) -> Iterator[Progress]:
    """Take the steps that ``state`` still lacks, changing it in place; yield after each one."""
    optimizer = Adam()
    reader_settings = TrainSettings(batch=READER_BATCH * settings.batch, seed=settings.seed)
    with ThreadPoolExecutor(2) as pool:
        for step in range(state.step, settings.steps):
            rng = np.random.default_rng([settings.seed, step])
            lr = settings.lr_at(step)
            seen, shown = batch_of(scout, settings, step, rng)
            read, named = batch_of(reader, reader_settings, step, rng)
            first = pool.submit(scout_step, scope(state.params, "scout"), as_input(seen), shown)
            second = pool.submit(reader_step, scope(state.params, "reader"), as_input(read), named)
            heat, scout_points, scout_grads = first.result()
            species, reader_points, reader_grads = second.result()
            grads = joined(scout=scout_grads, reader=reader_grads)
            optimizer.update(state.params, grads, state.adam, lr)
            total = heat + scout_points + species + reader_points
            losses = FinderLosses(total, heat, scout_points, species, reader_points)
            yield Progress(step + 1, losses, 0.0, lr)

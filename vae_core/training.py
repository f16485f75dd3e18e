"""Training is a generator of Progress: whoever drives it prints, saves, plots or stops.

Every random number of step t comes from a generator seeded with (seed, t), and every epoch's order
from (seed, epoch). A resumed run therefore equals an uninterrupted one bit for bit.
"""

import math
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, Protocol

import numpy as np

from vae_core.backend import array_module
from vae_core.blas import one_thread
from vae_core.bounds import binarised, bound_and_grads
from vae_core.data.augment import Moves, mirrored, moved
from vae_core.data.dataset import Dataset
from vae_core.distributed import ALONE, Team
from vae_core.errors import ConfigError, DataError
from vae_core.linear_start import linear_start, pace_of
from vae_core.model import VAE, Losses, cast
from vae_core.optim import Adam
from vae_core.products import Grads, weighted_sum
from vae_core.schedules import schedule_named
from vae_core.threads import drawn_ahead, drawn_by_processes
from vae_core.train_state import TrainState
from vae_core.types import Array, Params

START_PICTURES = 8000
"""Pictures that the linear start looks at: all of them are more than memory wants to hold."""


@dataclass(frozen=True)
class TrainSettings:
    """How to train. beta is in standard units: per example, summed over pixels and latents."""

    steps: int = 10_000
    batch: int = 32
    lr: float = 1e-3
    lr_schedule: str = "constant"
    beta: float = 0.0
    beta_schedule: str = "constant"
    mirror: bool = False
    """Show every picture left-right mirrored half of the time."""
    shift: float = 0.0
    """Show every picture moved by up to so many pixels, each way and at random."""
    turn: float = 0.0
    """The same, turned by up to so many degrees."""
    zoom: float = 0.0
    """The same, larger or smaller by up to this part of its size."""
    draws: int = 1
    """Latents per picture and step; more than one train for the importance-weighted bound."""
    binarise: bool = False
    """Draw every pixel on or off anew each step, on with its brightness as probability."""
    linear_start: bool = False
    """Begin as the best linear autoencoder; see :mod:`vae_core.linear_start`."""
    linear_pace: float = 1.0
    """Times the learning rate, for the parameters that the linear start sets."""
    workers: int = 1
    """Threads that share a batch. How it is cut decides the last bits of the sums."""
    seed: int = 0

    def __post_init__(self) -> None:
        schedule_named(self.lr_schedule)
        schedule_named(self.beta_schedule)
        whole = min(self.steps, self.draws, self.workers) >= 1 and self.workers <= self.batch
        never = self.beta, self.shift, self.turn, self.zoom, self.seed
        if not (whole and 0 < self.lr < math.inf and all(0 <= v < math.inf for v in never)):
            raise ConfigError(
                "steps, batch, draws, workers and lr must be positive, all else not negative, and "
                f"no worker without a picture: {self}"
            )

    @property
    def moves(self) -> Moves:
        """How far pictures are moved each time they are seen."""
        return Moves(self.shift, self.turn, self.zoom)

    def beta_at(self, step: int) -> float:
        """Return the KL weight of a step."""
        return self.beta * schedule_named(self.beta_schedule)(step, self.steps)

    def lr_at(self, step: int) -> float:
        """Return the learning rate of a step."""
        return self.lr * schedule_named(self.lr_schedule)(step, self.steps)


class NamedLosses(Protocol):
    """A named tuple of floats, the total among them."""

    @property
    def total(self) -> float:
        """What the step made smaller."""
        ...

    def _asdict(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Progress:
    """One finished step: its number, counted from 1, what it cost, and what it ran with."""

    step: int
    losses: NamedLosses
    beta: float
    lr: float


def new_state(vae: VAE, settings: TrainSettings, dataset: Dataset | None = None) -> TrainState:
    """Draw float32 parameters from the settings' seed, or compute where training starts.

    ConfigError when the settings want a linear start, and there is no ``dataset`` to find it in.
    """
    rng = np.random.default_rng(settings.seed)
    if not settings.linear_start:
        params = cast(vae.init(rng))
    elif dataset is None:
        raise ConfigError("A linear start is found in a data set; give one.")
    else:
        chosen = rng.permutation(dataset.indices("train"))[:START_PICTURES]
        params = cast(linear_start(vae, dataset.batch(np.sort(chosen)), rng))
    return TrainState(params, Adam().init(params))


def train(
    vae: VAE,
    dataset: Dataset,
    settings: TrainSettings,
    state: TrainState,
    team: Team = ALONE,
    drawers: int = 0,
) -> Iterator[Progress]:
    """Take the steps that ``state`` still lacks, changing it in place; yield after each one.

    They are computed where the state's arrays are. Everyone of a team goes through all of it.
    drawers: processes that draw the batches; without any, a thread draws the next one.
    """
    indices = dataset.indices("train")
    if len(indices) < settings.batch:
        raise DataError(
            f"There are {len(indices)} training pictures; a batch takes {settings.batch}. "
            "Prepare more pictures, or train with a smaller --batch."
        )
    if settings.batch < team.size * settings.workers:
        raise ConfigError(f"A batch of {settings.batch} is too small for {team.size} processes.")
    optimizer, xp = Adam(), array_module(next(iter(state.params.values())))
    pace = pace_of(state.params, settings.linear_pace)
    workers = max(1, settings.workers - 1)
    steps = range(state.step, settings.steps)
    drawing = partial(draw_batch, dataset, indices, settings, vae.config.latent, team)
    ahead = drawn_by_processes(drawing, steps, drawers) if drawers else drawn_ahead(drawing, steps)
    with ThreadPoolExecutor(workers) as pool:
        for step, batch in zip(steps, ahead, strict=True):
            x, eps = map(xp.asarray, batch)
            beta, lr = settings.beta_at(step), settings.lr_at(step)
            losses, grads = shared_step(pool, settings.workers, vae, state.params, x, eps, beta)
            if team.size > 1:
                numbers, grads = team.average(losses, grads, len(x) / settings.batch)
                losses = Losses(*numbers)
            optimizer.update(state.params, grads, state.adam, lr, pace)
            yield Progress(step + 1, losses, beta, lr)


def draw_batch(
    dataset: Dataset, indices: Array, settings: TrainSettings, latent: int, team: Team, step: int
) -> tuple[Array, Array]:
    """Read this process's share of a step's pictures, (N, H, W, C), and draw their noise.

    The noise is (N, Z) or (N, k, Z). Random numbers are drawn for the whole batch: they are the
    same however it is shared.
    """
    n, mine = settings.batch, team.share(settings.batch)
    rng = np.random.default_rng([settings.seed, step])
    x = dataset.batch(indices[batch_at(step, len(indices), settings)][mine])
    if settings.mirror:
        x = mirrored(x, rng.random(n)[mine] < 0.5)
    if settings.moves:
        x = moved(x, settings.moves, rng.uniform(-1, 1, (n, 4))[mine])
    if settings.binarise:
        x = binarised(x, rng.random((n, *x.shape[1:]), x.dtype)[mine])
    several = (settings.draws,) if settings.draws > 1 else ()
    return x, rng.standard_normal((n, *several, latent), np.float32)[mine]


def shared_step(
    pool: Executor, workers: int, vae: VAE, params: Params, x: Array, eps: Array, beta: float
) -> tuple[Losses, Grads]:
    """Let every worker do its share of a batch; return the batch's losses and gradients.

    A BLAS with as many threads shares the products only; this shares all else as well.
    eps: as :func:`loss_and_grads` takes it.
    """
    if workers == 1:
        return loss_and_grads(vae, params, x, eps, beta)
    mine, *others = zip(np.array_split(x, workers), np.array_split(eps, workers), strict=True)
    with one_thread():
        asked = [pool.submit(loss_and_grads, vae, params, *share, beta) for share in others]
        parts = [loss_and_grads(vae, params, *mine, beta), *(part.result() for part in asked)]
    losses, grads = zip(*parts, strict=True)
    weights = [len(share) / len(x) for share, _ in (mine, *others)]
    return Losses(*np.average(losses, axis=0, weights=weights).tolist()), averaged(grads, weights)


def loss_and_grads(
    vae: VAE, params: Params, x: Array, eps: Array, beta: float
) -> tuple[Losses, Grads]:
    """Return a batch's losses and gradients, of the bound with k draws where eps is (N, k, Z)."""
    if eps.ndim == 2:
        return vae.loss_and_grads(params, x, eps, beta)
    return bound_and_grads(vae, params, x, eps, beta)


def averaged(parts: Sequence[Grads], weights: Sequence[float]) -> Grads:
    """Return the sum of parts times weights, name by name; the parts are used up."""
    return {name: weighted_sum([part[name] for part in parts], weights) for name in parts[0]}


def batch_at(step: int, count: int, settings: TrainSettings) -> Array:
    """Return which of ``count`` pictures step ``step`` sees: (batch,), each once an epoch."""
    per_epoch = count // settings.batch
    epoch, place = divmod(step, per_epoch)
    order = epoch_order(settings.seed, epoch, count)
    return order[place * settings.batch : (place + 1) * settings.batch]


@lru_cache(maxsize=1)
def epoch_order(seed: int, epoch: int, count: int) -> Array:
    """Return the numbers below ``count`` in the order of one epoch."""
    return np.random.default_rng([seed, epoch, count]).permutation(count)

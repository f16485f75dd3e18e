"""One training step on a GPU: this program, by CuPy, and PyTorch on the same GPU."""

import argparse
from collections.abc import Callable
from importlib.util import find_spec

import numpy as np

from benchmarks.measure import Contender, Times, interleave
from benchmarks.report import table
from benchmarks.training_step import torch_version
from vae_core.backend import array_module
from vae_core.model import build_vae, cast
from vae_core.optim import Adam
from vae_core.presets import PRESETS
from vae_core.training import TrainState, loss_and_grads

CALLS = 60
"""Steps in a turn."""

CLASSIC_BATCHES = (32, 128, 512)


def run(options: argparse.Namespace) -> str:
    if find_spec("cupy") is None or not torch_version():
        return "CuPy or PyTorch is not installed here."
    columns = {f"classic, batch {b}": classic(b) for b in CLASSIC_BATCHES}
    columns[f"flagship, batch {PRESETS['flagship'].training.batch}"] = flagship()
    times = [interleave(column, options.rounds, CALLS) for column in columns.values()]
    head = [f"one step, ms, on {gpu()}", *columns]
    rows: list[list[object]] = [
        [name, *(column[i] for column in times)] for i, name in enumerate(names(times[0]))
    ]
    rows += [
        [f"times as long as ours: {name}", *(column[i].over(column[0]) for column in times)]
        for i, name in enumerate(names(times[0]))
        if i
    ]
    return table(head, rows)


def names(times: list[Times]) -> list[str]:
    return [t.name for t in times]


def classic(batch: int) -> list[Contender]:
    eager = "benchmarks.torch_step:eager"
    return contenders(("classic", batch), eager, (batch,))


def flagship() -> list[Contender]:
    batch = PRESETS["flagship"].training.batch
    return contenders(("flagship", batch), "benchmarks.torch_step:flagship", ())


def contenders(ours: tuple[str, int], torch: str, arguments: tuple[int, ...]) -> list[Contender]:
    """Return this program first, then PyTorch as it comes, and tuned."""
    name = f"PyTorch {torch_version()} eager"
    return [
        Contender("this program, CuPy", f"{__name__}:stepper", ours),
        Contender(f"{name}, its default Adam", torch, (*arguments, False, "cuda")),
        Contender(
            f"{name}, Adam fused (flagship: channels last)", torch, (*arguments, True, "cuda")
        ),
    ]


def gpu() -> str:
    import cupy

    return str(cupy.cuda.runtime.getDeviceProperties(0)["name"].decode())


def stepper(name: str, batch: int) -> Callable[[], None]:
    """Take the step of :func:`vae_core.training.train`, without reading the pictures."""
    preset = PRESETS[name]
    config, settings = preset.model.inner, preset.training
    vae, rng = build_vae(config), np.random.default_rng(0)
    params = cast(vae.init(rng))
    state = TrainState(params, Adam().init(params))
    state.move("cuda")
    xp = array_module(next(iter(state.params.values())))
    x = xp.asarray(rng.random((batch, *config.image), np.float32))
    optimizer = Adam()

    def step() -> None:
        eps = xp.asarray(rng.standard_normal((batch, config.latent), np.float32))
        _, grads = loss_and_grads(vae, state.params, x, eps, settings.beta)
        optimizer.update(state.params, grads, state.adam, settings.lr)

    return step

"""One training step of the model `classic`: this program, plain NumPy, PyTorch and JAX."""

import argparse
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError, version

import numpy as np

from benchmarks.measure import Contender, interleave
from benchmarks.peak import at_peak, contender, share_of_peak, step_operations
from benchmarks.report import table
from vae_core import optim
from vae_core.backend import array_module
from vae_core.layers import Chain
from vae_core.memory import keep_freed_memory
from vae_core.model import build_vae, cast
from vae_core.optim import Adam, AdamState
from vae_core.presets import PRESETS
from vae_core.products import Grads, formed
from vae_core.train_state import TrainState
from vae_core.training import shared_step
from vae_core.types import Array, Params

CALLS = {32: 20, 128: 12, 512: 6}
"""Steps in a turn for each size of batch: about half a second."""

TORCH = "2.13.0"
TEXTBOOK = "NumPy, Adam as it is written in the article"
CLASSIC = PRESETS["classic"]

Update = Callable[[Params, Grads, AdamState, float], None]


def run(options: argparse.Namespace) -> str:
    by_batch = {b: interleave(contenders(b), options.rounds, n) for b, n in CALLS.items()}
    columns = list(by_batch.values())
    head = [
        "one step on 2 threads, ms: median (smallest to largest turn)",
        *(f"batch {b}" for b in CALLS),
        "resident MB, batch 32",
    ]
    rows = [
        [times.name, *(column[i] for column in columns), f"{times.resident_mb:.0f}"]
        for i, times in enumerate(columns[0])
    ]
    rows += [
        [f"times as long as ours: {times.name}", *(c[i].over(c[0]) for c in columns), ""]
        for i, times in enumerate(columns[0])
        if times.name not in (columns[0][0].name, TEXTBOOK, columns[0][-1].name)
    ]
    bars = [*("3.0 / 1.3", "2.5 / 1.3", "1.8"), ""]
    rows.append(["bar: PyTorch's default Adam / the best of all others", *bars])
    limits = [at_peak(operations(b), c[-1]) for b, c in by_batch.items()]
    rows.append(["the products of a step alone, at the product's rate, ms", *limits, ""])
    shares = [share_of_peak(operations(b), c[0], c[-1]) for b, c in by_batch.items()]
    rows.append(["our whole step, of the product's rate (bar for the products: 60 %)", *shares, ""])
    if not version_of("numba"):
        rows.append(["Numba: not installed, `pip install numba`", *[""] * 4])
    if not torch_version():
        rows.append([f"PyTorch: not installed, `pip install torch=={TORCH}`", *[""] * 4])
    return table(head, rows)


def contenders(batch: int) -> list[Contender]:
    """Everyone who can take a step here, ourselves first; PyTorch and JAX are optional."""
    here, torch = "benchmarks.training_step", "benchmarks.torch_step"
    found = [
        Contender("this program", f"{here}:ours", (batch,)),
        Contender("this program without Numba", f"{here}:without_numba", (batch,)),
        Contender(TEXTBOOK, f"{here}:textbook", (batch,)),
    ]
    if name := torch_version():
        found += [
            Contender(f"PyTorch {name} eager, its default Adam", f"{torch}:eager", (batch, False)),
            Contender(f"PyTorch {name} eager, Adam fused", f"{torch}:eager", (batch, True)),
            Contender(f"PyTorch {name} compiled, Adam fused", f"{torch}:compiled", (batch,)),
        ]
    if name := version_of("jax"):
        found.append(Contender(f"JAX {name}, jit", "benchmarks.jax_step:jitted", (batch,)))
    return [*found, contender(threads=2)]


def operations(batch: int) -> int:
    """Return what the products of a step add and multiply."""
    vae = build_vae(CLASSIC.model)
    assert isinstance(vae.encoder, Chain)
    assert isinstance(vae.decoder, Chain)
    inputs = CLASSIC.model.pixels, CLASSIC.model.latent
    return step_operations((vae.encoder, vae.decoder), inputs, batch)


def torch_version() -> str:
    return version_of("torch")


def version_of(package: str) -> str:
    """Return a package's version, "" if it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def ours(batch: int) -> Callable[[], None]:
    """Take the step of :func:`vae_core.training.train`, without reading the pictures."""
    return stepper("classic", batch, Adam().update, workers=1)


def without_numba(batch: int) -> Callable[[], None]:
    """Take the same step where Numba is not installed."""
    optim.WORTHWHILE = sys.maxsize
    return ours(batch)


def textbook(batch: int) -> Callable[[], None]:
    """Take the same gradients, and Adam as anyone would write it first."""
    return stepper("classic", batch, textbook_adam, workers=1)


def stepper(
    name: str, batch: int, update: Update, workers: int, device: str = "cpu"
) -> Callable[[], None]:
    """Take a preset's steps from drawn parameters, always on the same drawn pictures."""
    keep_freed_memory()
    preset, rng = PRESETS[name], np.random.default_rng(0)
    config, settings = preset.model.inner, preset.training
    vae = build_vae(config)
    params = cast(vae.init(rng))
    state = TrainState(params, Adam().init(params))
    state.move(device)
    xp = array_module(next(iter(state.params.values())))
    x = xp.asarray(rng.random((batch, *config.image), np.float32))
    pool = ThreadPoolExecutor(workers)

    def step() -> None:
        eps = xp.asarray(rng.standard_normal((batch, config.latent), np.float32))
        _, grads = shared_step(pool, workers, vae, state.params, x, eps, settings.beta)
        update(state.params, grads, state.adam, settings.lr)

    return step


def textbook_adam(params: Params, grads: Grads, state: AdamState, lr: float) -> None:
    """arXiv:1412.6980, algorithm 1, a line for each of its lines."""
    state.step += 1
    for name, g in formed(grads).items():
        m = state.gradient[name] = 0.9 * state.gradient[name] + 0.1 * g
        v = state.square[name] = 0.999 * state.square[name] + 0.001 * g**2
        m_hat: Array = m / (1 - 0.9**state.step)
        v_hat: Array = v / (1 - 0.999**state.step)
        params[name] = params[name] - lr * m_hat / (np.sqrt(v_hat) + 1e-8)

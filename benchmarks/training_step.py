"""One training step of the model `classic`: this program, plain NumPy and PyTorch."""

import argparse
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version

import numpy as np

from benchmarks.measure import Contender, Times, interleave
from benchmarks.report import table
from vae_core.model import build_vae
from vae_core.optim import Adam, AdamState
from vae_core.presets import PRESETS
from vae_core.products import Grads, formed
from vae_core.training import new_state
from vae_core.types import Array, Params

CALLS = {32: 20, 128: 12, 512: 6}
"""Steps in a turn for each size of batch: about half a second."""

TORCH = "2.13.0"
CLASSIC = PRESETS["classic"]

Update = Callable[[Params, Grads, AdamState, float], None]


def run(options: argparse.Namespace) -> str:
    by_batch = {b: interleave(contenders(b), options.rounds, n) for b, n in CALLS.items()}
    columns = list(by_batch.values())
    names = [times.name for times in columns[0]]
    head = [
        "one step on 2 threads, ms: median (smallest to largest turn)",
        *(f"batch {b}" for b in CALLS),
    ]
    rows = [
        [name, *(column[i] for column in columns), f"{columns[0][i].resident_mb:.0f}"]
        for i, name in enumerate(names)
    ]
    if torch_version():
        rows.append(["times as long: PyTorch, its default Adam (bar at batch 32: 2.0)"])
        rows[-1] += [*(torch_over_ours(column) for column in columns), ""]
    else:
        rows.append([f"PyTorch: not installed, `pip install torch=={TORCH}`", *[""] * 4])
    return table([*head, "resident MB, batch 32"], rows)


def contenders(batch: int) -> list[Contender]:
    """Everyone who can take a step here; PyTorch is optional."""
    here, torch = "benchmarks.training_step", "benchmarks.torch_step"
    found = [
        Contender("this program", f"{here}:ours", (batch,)),
        Contender("NumPy, Adam as it is written in the article", f"{here}:textbook", (batch,)),
    ]
    if name := torch_version():
        found += [
            Contender(f"PyTorch {name} eager, its default Adam", f"{torch}:eager", (batch, False)),
            Contender(f"PyTorch {name} eager, Adam fused", f"{torch}:eager", (batch, True)),
        ]
    return found


def torch_over_ours(column: list[Times]) -> str:
    ours, _, torch, _ = column
    return torch.over(ours)


def torch_version() -> str:
    try:
        return version("torch")
    except PackageNotFoundError:
        return ""


def ours(batch: int) -> Callable[[], None]:
    """Take the step of :func:`vae_core.training.train`, without reading the pictures."""
    return stepper(batch, Adam().update)


def textbook(batch: int) -> Callable[[], None]:
    """Take the same gradients, and Adam as anyone would write it first."""
    return stepper(batch, textbook_adam)


def stepper(batch: int, update: Update) -> Callable[[], None]:
    vae, settings = build_vae(CLASSIC.model), CLASSIC.training
    state = new_state(vae, settings)
    rng = np.random.default_rng(0)
    x = rng.random((batch, *CLASSIC.model.image), np.float32)

    def step() -> None:
        eps = rng.standard_normal((batch, CLASSIC.model.latent), np.float32)
        _, grads = vae.loss_and_grads(state.params, x, eps, settings.beta)
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

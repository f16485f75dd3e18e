"""One training step of the model `flagship`: this program and PyTorch."""

import argparse
from collections.abc import Callable

from benchmarks.measure import Contender, interleave
from benchmarks.report import table
from benchmarks.training_step import TORCH, stepper, torch_version
from vae_core.optim import Adam
from vae_core.presets import PRESETS

CALLS = 5
"""Steps in a turn: about a second."""

FLAGSHIP = PRESETS["flagship"]


def run(options: argparse.Namespace) -> str:
    contenders = [Contender("this program, two workers of one thread", f"{__name__}:ours", (), 1)]
    if name := torch_version():
        torch = "benchmarks.torch_step:flagship"
        contenders += [
            Contender(f"PyTorch {name} eager, its default Adam", torch, (False,)),
            Contender(f"PyTorch {name} eager, Adam fused, channels last", torch, (True,)),
        ]
    times = interleave(contenders, options.rounds, CALLS)
    head = [f"one step of {FLAGSHIP.training.batch} pictures, ms", "this machine's two cores"]
    rows = [[t.name, t] for t in times]
    rows += [[f"times as long as ours: {t.name} (bar: 0.85)", t.over(times[0])] for t in times[1:]]
    if not rows[1:]:
        rows.append([f"PyTorch: not installed, `pip install torch=={TORCH}`", ""])
    return table(head, rows)


def ours() -> Callable[[], None]:
    """Take the step of :func:`vae_core.training.train`, without reading the pictures."""
    settings = FLAGSHIP.training
    return stepper("flagship", settings.batch, Adam().update, settings.workers)

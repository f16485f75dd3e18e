"""One training step on a GPU: this program, by CuPy, and PyTorch on the same GPU."""

import argparse
from collections.abc import Callable
from importlib.util import find_spec

from benchmarks.measure import Contender, interleave
from benchmarks.report import table
from benchmarks.training_step import stepper, torch_version
from vae_core.optim import Adam
from vae_core.presets import PRESETS

CALLS = 60
"""Steps in a turn."""

CLASSIC_BATCHES = (32, 128, 512)


def run(options: argparse.Namespace) -> str:
    if find_spec("cupy") is None or not torch_version():
        return "CuPy or PyTorch is not installed here."
    batch, torch = PRESETS["flagship"].training.batch, "benchmarks.torch_step"
    columns = {
        f"classic, batch {b}": contenders(("classic", b), f"{torch}:eager", (b,))
        for b in CLASSIC_BATCHES
    }
    columns[f"flagship, batch {batch}"] = contenders(("flagship", batch), f"{torch}:flagship", ())
    times = [interleave(column, options.rounds, CALLS) for column in columns.values()]
    head = [f"one step, ms, on {gpu()}", *columns]
    rows = [[t.name, *(column[i] for column in times)] for i, t in enumerate(times[0])]
    rows += [
        [f"times as long as ours: {t.name}", *(column[i].over(column[0]) for column in times)]
        for i, t in enumerate(times[0])
        if i
    ]
    return table(head, rows)


def contenders(own: tuple[str, int], torch: str, arguments: tuple[int, ...]) -> list[Contender]:
    """Return this program first, then PyTorch as it comes, and tuned."""
    name = f"PyTorch {torch_version()} eager"
    return [
        Contender("this program, CuPy", f"{__name__}:ours", own),
        Contender(f"{name}, its default Adam", torch, (*arguments, False, "cuda")),
        Contender(
            f"{name}, Adam fused (flagship: channels last)", torch, (*arguments, True, "cuda")
        ),
    ]


def gpu() -> str:
    import cupy

    return str(cupy.cuda.runtime.getDeviceProperties(0)["name"].decode())


def ours(name: str, batch: int) -> Callable[[], None]:
    """Take the step of :func:`vae_core.training.train`, without reading the pictures."""
    return stepper(name, batch, Adam().update, workers=1, device="cuda")

"""Two training processes beside one, and what the connection between them has to be."""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.measure import rounded
from benchmarks.report import ROOT, table

CASES = (
    ("classic", 32),
    ("classic", 128),
    ("classic", 512),
    ("flagship", 32),
    ("flagship", 128),
    ("flagship", 256),
)
"""Presets and joint batches."""

STEPS, WARM = 24, 6

LINKS = {"1 Gbit/s": 0.125e9, "10 Gbit/s": 1.25e9, "100 Gbit/s": 12.5e9}
"""Bytes a second of usual networks."""

WORTH = 1.7
"""How many times as fast as one process two have to be."""


def run(options: argparse.Namespace) -> str:
    launcher = shutil.which("mpiexec", path=str(Path(sys.executable).parent)) or "mpiexec"
    rows = []
    for preset, batch in CASES:
        turns = [
            (timed([], preset, batch), timed([launcher, "-n", "2"], preset, batch))
            for _ in range(max(1, options.rounds // 5))
        ]
        one = min((t[0] for t in turns), key=lambda t: t["step"])
        two = min((t[1] for t in turns), key=lambda t: t["step"])
        half = timed([], preset, batch // 2)
        rows.append([f"{preset}, {batch}", *figures(one, two, half)])
    head = [
        "preset, joint batch",
        "one process, ms",
        "two, ms",
        f"times as fast (bar: {WORTH})",
        "gradients, MB",
        "adding them up, ms",
        f"a link that makes two worth it ({WORTH} times), Gbit/s",
        *(f"times as fast over {name}" for name in LINKS),
    ]
    return table(head, rows)


def figures(one: dict[str, Any], two: dict[str, Any], half: dict[str, Any]) -> list[str]:
    """Return a row. A ring of two sends all gradients once in each direction: that many bytes."""
    size, alone, both = one["bytes"], one["step"], half["step"]
    budget = alone / WORTH - both
    needed = rounded(8e-9 * size / budget) if budget > 0 else "none: the half batch takes too long"
    return [
        rounded(1000 * alone),
        rounded(1000 * two["step"]),
        rounded(alone / two["step"]),
        rounded(size / 1e6),
        rounded(1000 * two["sum"]),
        needed,
        *(rounded(alone / (both + size / speed)) for speed in LINKS.values()),
    ]


def timed(launcher: list[str], preset: str, batch: int) -> dict[str, Any]:
    """Take some steps in processes of one thread each; the leader's figures."""
    command = [*launcher, sys.executable, "-m", __name__, preset, str(batch)]
    environ = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def take_steps(name: str, batch: int) -> None:
    """Be one of the processes: on one core; print what a step takes, and adding up."""
    from vae_core.distributed import team

    us = team()
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[us.rank % len(cores)]})
    import numpy as np

    from vae_core.data.dataset import Dataset
    from vae_core.model import build_vae
    from vae_core.presets import preset_named
    from vae_core.training import new_state, train

    preset = preset_named(name)
    settings = replace(
        preset.training, steps=STEPS, batch=batch, workers=1, linear_start=False, beta=0.1
    )
    vae = build_vae(preset.model.inner)
    shape = vae.config.image
    images = np.random.default_rng(0).integers(0, 256, (batch, *shape), np.uint8)
    splits = np.full(batch, "train")
    dataset = Dataset({}, preset.frame, images, splits, splits, Path())
    state = new_state(vae, settings)
    times, begun = [], time.perf_counter()
    for _ in train(vae, dataset, settings, state, us):
        times.append(time.perf_counter() - begun)
        begun = time.perf_counter()
    flat = np.zeros(sum(p.size for p in state.params.values()), np.float32)
    sums = []
    for _ in range(STEPS):
        begun = time.perf_counter()
        us.add_up(flat)
        sums.append(time.perf_counter() - begun)
    if us.leads:
        middle = {"step": np.median(times[WARM:]), "sum": np.median(sums), "bytes": flat.nbytes}
        print(json.dumps({key: float(value) for key, value in middle.items()}))


if __name__ == "__main__":
    take_steps(sys.argv[1], int(sys.argv[2]))

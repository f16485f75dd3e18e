"""What grows with what: training with the number of pictures, a morph with its steps."""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.measure import rounded
from benchmarks.report import ROOT, table

PICTURES = (1_000, 10_000, 100_000)
STEPS_OF_TRAINING = 60
WARM = 20
"""Steps that are not timed."""

FRAMES = (2, 4, 8, 16, 32, 64)
CALLS = 5


def run(options: argparse.Namespace) -> str:
    with tempfile.TemporaryDirectory() as folder:
        grown = [[f"{count:,}", *trained(Path(folder), count)] for count in PICTURES]
    memory = [float(row[1]) for row in grown]
    times = [float(row[2]) for row in grown]
    ratio = ["largest over smallest number", rounded(memory[-1] / memory[0])]
    head = ["pictures, `classic`", "memory held but for mapped pictures, MB", "a picture, µs"]
    training = table(head, [*grown, [*ratio, rounded(times[-1] / times[0])]])
    return f"{training}\n\n{morphs(('classic', 'flagship'))}"


def trained(folder: Path, count: int) -> list[str]:
    """Train for a while on so many pictures, in a process of its own."""
    command = [sys.executable, "-m", __name__, str(folder), str(count)]
    environ = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout.split()


def write_pictures(folder: Path, count: int) -> Path:
    """Write a data set of noise, as `prepare` would, and as little of it at a time."""
    from vae_core.data import Sample, write_dataset
    from vae_core.presets import preset_named

    frame, place = preset_named("classic").frame, folder / str(count)
    noise = np.random.default_rng(0).integers(0, 256, (64, frame.height, frame.width, 1), np.uint8)
    samples = (
        Sample(
            name=str(i),
            read=partial(noise.__getitem__, i % len(noise)),
            species="person",
            split="train",
            origin="drawn",
        )
        for i in range(count)
    )
    write_dataset(place, frame, samples, "noise", "drawn")
    return place


def train_and_tell(folder: Path, count: int) -> None:
    """Be that process: print the memory, in MB, and the microseconds a picture."""
    from dataclasses import replace

    from vae_core.data.dataset import open_dataset
    from vae_core.model import build_vae
    from vae_core.presets import preset_named
    from vae_core.training import new_state, train

    dataset = open_dataset(write_pictures(folder, count))
    preset = preset_named("classic")
    settings = replace(preset.training, steps=STEPS_OF_TRAINING)
    vae = build_vae(preset.model)
    times = []
    begun = time.perf_counter()
    for _ in train(vae, dataset, settings, new_state(vae, settings)):
        times.append(time.perf_counter() - begun)
        begun = time.perf_counter()
    status = Path("/proc/self/status").read_text().splitlines()
    kilobytes = next(int(line.split()[1]) for line in status if line.startswith("RssAnon"))
    seconds = float(np.median(times[WARM:])) / settings.batch
    print(f"{kilobytes * 1024 / 1e6:.1f} {1e6 * seconds:.1f}")


def morphs(names: tuple[str, ...]) -> str:
    """Return how long it takes to walk, decode and render so many frames, and the slope."""
    rows = [[name, *morph_times(name)] for name in names]
    head = ["a morph of so many frames, ms", *map(str, FRAMES), "slope, ms a frame", "R²"]
    return table(head, rows)


def morph_times(name: str) -> list[str]:
    """Time one model; the line is fitted by least squares."""
    from vae_core.checkpoint import load_checkpoint
    from vae_core.imaging.render import render_strip
    from vae_core.latent import walk

    checkpoint = load_checkpoint(ROOT / "models" / f"{name}.safetensors")
    ends = np.random.default_rng(0).standard_normal((2, checkpoint.config.latent), np.float32)
    times = []
    for frames in FRAMES:
        took = []
        for _ in range(CALLS):
            begun = time.perf_counter()
            render_strip(checkpoint.decode(walk(ends[0], ends[1], frames)))
            took.append(time.perf_counter() - begun)
        times.append(1000 * min(took))
    slope, _ = np.polyfit(FRAMES, times, 1)
    fit = np.corrcoef(FRAMES, times)[0, 1] ** 2
    return [*map(rounded, times), rounded(float(slope)), f"{fit:.4f}"]


if __name__ == "__main__":
    train_and_tell(Path(sys.argv[1]), int(sys.argv[2]))

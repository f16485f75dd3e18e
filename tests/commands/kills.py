"""``python -m tests.commands.kills --kills 200``: a training run that is killed, again and again.

Each time the run is started anew and killed at a random moment: as it starts, steps or saves. In
the end it must be, bit for bit, the run that nothing befell.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tests.drawn import draw_dataset
from vae_core.commands.run_folder import RunFolder
from vae_core.train_state import load_state, saved_states

ROOT = Path(__file__).parents[2]


def start(data: Path, out: Path, steps: int, **environment: str) -> subprocess.Popen[str]:
    """Train the tiny preset in a process of its own."""
    options = f"train --preset tiny --data {data} --out {out} --steps {steps}"
    return subprocess.Popen(
        [sys.executable, "-m", "tests.commands.tiny", *options.split()],
        cwd=ROOT,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def wait_until(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Wait for as long as a busy machine may need, and no longer than the process lives."""
    end = time.monotonic() + 300
    while not condition() and process.poll() is None:
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.005)


def newest(folder: RunFolder) -> int:
    """Return when a state was last saved, 0 for never."""
    try:
        return max((p.stat().st_mtime_ns for p in saved_states(folder.state)), default=0)
    except FileNotFoundError:  # renamed between two looks
        return 0


def kill_once(data: Path, out: Path, steps: int, moments: random.Random, early: bool) -> bool:
    """Start the run and kill it at a random moment; tell whether it lived that long.

    early: before it has saved, while it starts and reads what is there.
    """
    folder = RunFolder(out)
    before = newest(folder)
    known = load_state(folder.state)[0].step if before else 0
    process = start(data, out, steps, SAVE_SECONDS="0")  # saves after every step
    if early:
        time.sleep(moments.uniform(0.2, 1.2))
    else:
        wait_until(lambda: newest(folder) > before, process)
        time.sleep(moments.uniform(0, 0.1))
    process.send_signal(signal.SIGKILL)
    output, _ = process.communicate()
    alive = process.returncode == -signal.SIGKILL
    assert alive or process.returncode == 0, output
    if before or newest(folder):
        assert load_state(folder.state)[0].step >= known, "work was lost"
    return alive


def finish(data: Path, out: Path, steps: int) -> None:
    """Let the run come to its end."""
    process = start(data, out, steps)
    output, _ = process.communicate()
    assert process.returncode == 0, output


def assert_same(out: Path, straight: Path, steps: int) -> None:
    """Assert that two runs left the same state and log."""
    ours, theirs = (load_state(RunFolder(path).state)[0] for path in (out, straight))
    assert ours.step == theirs.step == steps
    np.testing.assert_equal(ours.params, theirs.params)
    np.testing.assert_equal(ours.adam.gradient, theirs.adam.gradient)
    np.testing.assert_equal(ours.adam.square, theirs.adam.square)
    assert RunFolder(out).log.read_text() == RunFolder(straight).log.read_text()
    assert [row["step"] for row in RunFolder(out).rows()] == list(range(1, steps + 1))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.commands.kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=5)
    options = parser.parse_args()
    moments, killed = random.Random(options.seed), 0
    steps = 100 * options.kills
    with tempfile.TemporaryDirectory() as folder:
        data, out, straight = (Path(folder) / name for name in ("data", "killed.safetensors", "s"))
        straight = straight.with_suffix(".safetensors")
        draw_dataset(data)
        for k in range(options.kills):
            killed += kill_once(data, out, steps, moments, early=k % 4 == 3)
        at = load_state(RunFolder(out).state)[0].step
        print(f"{killed} of {options.kills} kills, at last after step {at} of {steps}.", flush=True)
        finish(data, out, steps)
        finish(data, straight, steps)
        assert_same(out, straight, steps)
    print("Resumed after each; the end is bit for bit that of an undisturbed run.")
    return 0 if killed == options.kills else 1


if __name__ == "__main__":
    sys.exit(main())

"""Training in a process of its own, which is killed."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from vae_core.__main__ import main
from vae_core.commands.run_folder import RunFolder
from vae_core.training import load_state, saved_states

ROOT = Path(__file__).parents[2]
STEPS = 300


def command(data, out):
    options = f"--preset tiny --data {data} --out {out} --steps {STEPS}"
    return ["train", *options.split()]


def start(data, out, **environment):
    return subprocess.Popen(
        [sys.executable, "-m", "tests.commands.tiny", *command(data, out)],
        cwd=ROOT,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def wait_until(condition, process):
    """Wait at most half a minute, and no longer than the process lives."""
    end = time.monotonic() + 30
    while not condition() and process.poll() is None:
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.005)


def newest(folder):
    """Return when a state was last saved, 0 for never."""
    try:
        return max((p.stat().st_mtime_ns for p in saved_states(folder.state)), default=0)
    except FileNotFoundError:  # renamed between two looks
        return 0


@pytest.mark.usefixtures("no_curve")
def test_after_kills_at_any_moment_the_run_is_the_uninterrupted_one(data, tmp_path):
    out, straight = tmp_path / "killed.safetensors", tmp_path / "straight.safetensors"
    folder, moments = RunFolder(out), random.Random(5)
    for _ in range(3):
        before = newest(folder)
        process = start(data, out, SAVE_SECONDS="0")  # saves after every step
        wait_until(lambda before=before: newest(folder) > before, process)
        time.sleep(moments.uniform(0, 0.1))
        process.send_signal(signal.SIGKILL)
        output, _ = process.communicate()
        assert process.returncode == -signal.SIGKILL, output
    killed_at = load_state(folder.state)[0].step
    assert 0 < killed_at < STEPS
    assert main(command(data, out)) == 0
    assert main(command(data, straight)) == 0

    ours, _ = load_state(folder.state)
    theirs, _ = load_state(RunFolder(straight).state)
    assert ours.step == theirs.step == STEPS
    np.testing.assert_equal(ours.params, theirs.params)
    np.testing.assert_equal(ours.adam.gradient, theirs.adam.gradient)
    np.testing.assert_equal(ours.adam.square, theirs.adam.square)
    assert folder.log.read_text() == RunFolder(straight).log.read_text()
    assert [row["step"] for row in folder.rows()] == list(range(1, STEPS + 1))


def test_a_signal_saves_and_leaves_and_a_second_one_leaves_at_once(data, tmp_path):
    out = tmp_path / "blobs.safetensors"
    log = RunFolder(out).log
    process = start(data, out, SLOW_SAVE="1", SAVE_SECONDS="0")
    wait_until(lambda: log.exists() and log.stat().st_size, process)
    # It is in its first save now, which hangs.
    process.send_signal(signal.SIGINT)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.3)
    process.send_signal(signal.SIGTERM)
    assert process.wait(5) == -signal.SIGTERM
    process.communicate()
    assert json.loads(log.read_text())["step"] == 1

"""Training in a process of its own, which is killed."""

import json
import random
import signal
import subprocess

import pytest

from tests.commands.kills import assert_same, finish, kill_once, start, wait_until
from vae_core.commands.run_folder import RunFolder
from vae_core.train_state import load_state

STEPS = 1500
"""So many that a busy machine looks again before they are done."""


def test_after_kills_at_any_moment_the_run_is_the_uninterrupted_one(data, tmp_path):
    out, straight = tmp_path / "killed.safetensors", tmp_path / "straight.safetensors"
    moments = random.Random(5)
    assert all(kill_once(data, out, STEPS, moments, early) for early in (False, False, True, False))
    assert 0 < load_state(RunFolder(out).state)[0].step < STEPS
    finish(data, out, STEPS)
    finish(data, straight, STEPS)
    assert_same(out, straight, STEPS)


def test_a_signal_saves_and_leaves_and_a_second_one_leaves_at_once(data, tmp_path):
    out = tmp_path / "blobs.safetensors"
    log = RunFolder(out).log
    process = start(data, out, STEPS, SLOW_SAVE="1", SAVE_SECONDS="0")
    wait_until(lambda: log.exists() and log.stat().st_size, process)
    # It is in its first save now, which hangs.
    process.send_signal(signal.SIGINT)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.3)
    process.send_signal(signal.SIGTERM)
    assert process.wait(5) == -signal.SIGTERM
    process.communicate()
    assert json.loads(log.read_text())["step"] == 1

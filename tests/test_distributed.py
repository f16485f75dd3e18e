"""Several processes train as one would on the joint batch."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.drawn import CONFIG, SETTINGS, draw_dataset
from vae_core.commands.run_folder import RunFolder
from vae_core.data.dataset import open_dataset
from vae_core.distributed import ALONE, Team, team
from vae_core.errors import ConfigError
from vae_core.model import build_vae
from vae_core.train_state import load_state
from vae_core.training import new_state, train

pytestmark = pytest.mark.usefixtures("_some_mpi")

LAUNCHER = shutil.which("mpiexec", path=str(Path(sys.executable).parent)) or shutil.which("mpiexec")


@pytest.fixture
def _some_mpi(request):
    if "processes" in request.node.name:
        pytest.importorskip("mpi4py", reason="mpi4py is not installed: the extra `mpi` has it")
        if LAUNCHER is None:
            pytest.skip("mpiexec is not installed: the extra `mpi` has it")


def run(processes, data, out, *more):
    """``train`` in so many processes; everyone has one thread."""
    command = [sys.executable, "-m", "tests.commands.tiny", "train", "--preset", "tiny"]
    command += ["--data", str(data), "--out", str(out), *more]
    if processes > 1:
        command = [LAUNCHER, "-n", str(processes), *command]
    environ = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    return subprocess.run(command, capture_output=True, text=True, env=environ, timeout=300)


@pytest.fixture
def data(tmp_path):
    draw_dataset(tmp_path / "data")
    return tmp_path / "data"


def test_two_processes_are_one_on_the_joint_batch_to_rounding(data, tmp_path):
    """Resumed in between, by one process: all that a run is made of is in its state."""
    one, two = tmp_path / "one.safetensors", tmp_path / "two.safetensors"
    assert run(1, data, one, "--until", "20").returncode == 1
    stopped = run(2, data, two, "--until", "10")
    assert stopped.returncode == 1, stopped.stderr
    assert stopped.stdout.count("Stopped after step 10") == 1
    again = run(2, data, two, "--until", "20")
    assert "Resuming after step 10" in again.stdout, again.stderr
    states = [load_state(RunFolder(path).state)[0] for path in (one, two)]
    assert [state.step for state in states] == [20, 20]
    for name, p in states[0].params.items():
        np.testing.assert_allclose(states[1].params[name], p, rtol=1e-3, atol=1e-5)
        assert np.abs(states[0].adam.gradient[name]).max() > 0
    rows = [RunFolder(path).rows() for path in (one, two)]
    assert [row["step"] for row in rows[1]] == list(range(1, 21))
    for a, b in zip(*rows, strict=True):
        assert b["total"] == pytest.approx(a["total"], rel=1e-4)


def test_two_processes_leave_one_model_behind(data, tmp_path):
    out = tmp_path / "two.safetensors"
    done = run(2, data, out)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("mean square error per pixel") == 1
    assert out.exists()
    assert len(RunFolder(out).rows()) == SETTINGS.steps


def test_processes_that_cannot_go_on_end_with_a_sentence(data, tmp_path):
    missing = run(2, tmp_path / "nothing", tmp_path / "a.safetensors")
    assert missing.returncode == 2
    assert "is not a prepared data set" in missing.stderr
    assert "Traceback" not in missing.stderr
    finder = run(2, data, tmp_path / "b.safetensors", "--preset", "finder")
    assert "The finder is trained by one process" in finder.stderr
    small = run(2, data, tmp_path / "c.safetensors", "--batch", "1")
    assert small.returncode == 2
    assert "too small for 2 processes" in small.stderr


@pytest.mark.parametrize("size", [2, 3, 5])
def test_shares_and_averages_make_up_the_joint_batch(size):
    """What every rank would send, added up here, is the gradient of the whole batch."""
    vae, rng = build_vae(CONFIG), np.random.default_rng(0)
    params = vae.init(rng)
    x, eps = rng.random((8, 12, 12, 1)), rng.standard_normal((8, CONFIG.latent))
    losses, grads = vae.loss_and_grads(params, x, eps, 0.3)
    total, sums, shares = np.zeros(3), dict.fromkeys(grads, 0.0), []
    for rank in range(size):
        member = Team(rank, size)
        mine = member.share(len(x))
        shares.append(range(*mine.indices(len(x))))
        part = vae.loss_and_grads(params, x[mine], eps[mine], 0.3)
        numbers, weighted = replace(member, size=1).average(*part, len(shares[-1]) / len(x))
        total += numbers
        sums = {name: sums[name] + weighted[name] for name in sums}
    assert [i for share in shares for i in share] == list(range(len(x)))
    np.testing.assert_allclose(total, losses, rtol=1e-12)
    for name, grad in grads.items():
        np.testing.assert_allclose(sums[name], grad, rtol=1e-9, atol=1e-12)


def test_one_who_is_alone_needs_no_mpi(monkeypatch):
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    assert team({}) is team({"PMI_SIZE": "1"}) is ALONE
    with pytest.raises(ConfigError, match="install the extra `mpi`"):
        team({"PMI_SIZE": "2"})


def test_everyone_needs_a_picture(data):
    vae, settings = build_vae(CONFIG), replace(SETTINGS, batch=2)
    state = new_state(vae, settings)
    with pytest.raises(ConfigError, match="too small for 3 processes"):
        next(train(vae, open_dataset(data), settings, state, Team(0, 3)))

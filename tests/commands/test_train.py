"""``train`` from end to end: what it leaves behind, how it stops, and what it refuses."""

import hashlib
import json
import os
import signal
import sys
from dataclasses import asdict, replace

import numpy as np
import pytest
from PIL import Image

from tests.drawn import CONFIG, CONV_PRESET, FRAME, PRESET, SETTINGS, draw_dataset
from vae_core.__main__ import main
from vae_core.checkpoint import load_checkpoint
from vae_core.commands import train as train_command
from vae_core.commands import vae_job
from vae_core.commands.run_folder import RunFolder
from vae_core.data.dataset import open_dataset, shrunk
from vae_core.evaluation import evaluate, losses
from vae_core.metrics import Histogram
from vae_core.model import VAEConfig
from vae_core.presets import PRESETS
from vae_core.refine import error_variance, step_lengths
from vae_core.train_state import load_state


def train(data, out, *more):
    return main(["train", "--preset", "tiny", "--data", str(data), "--out", str(out), *more])


def log_of(out):
    return [json.loads(line) for line in RunFolder(out).log.read_text().splitlines()]


@pytest.fixture
def out(tmp_path):
    return tmp_path / "blobs.safetensors"


def test_a_run_leaves_a_checkpoint_its_sum_a_card_a_log_and_a_curve(trained):
    names = {p.name for p in trained.parent.iterdir()}
    assert names == {"blobs.safetensors", "blobs.safetensors.sha256", "blobs.md", "blobs.run"}
    digest = hashlib.sha256(trained.read_bytes()).hexdigest()
    sum_file = trained.with_name("blobs.safetensors.sha256")
    assert sum_file.read_text() == f"{digest}  blobs.safetensors\n"
    assert digest in trained.with_suffix(".md").read_text()
    with Image.open(RunFolder(trained).curve) as curve:
        assert min(curve.size) > 300


def test_the_checkpoint_says_where_it_comes_from(trained, data):
    checkpoint = load_checkpoint(trained)
    assert (checkpoint.name, checkpoint.config, checkpoint.frame) == ("blobs", CONFIG, FRAME)
    metadata = checkpoint.metadata
    assert metadata["preset"] == "tiny"
    assert metadata["step"] == SETTINGS.steps
    assert metadata["settings"] == asdict(SETTINGS)
    assert metadata["dataset"] == {
        "name": "drawn",
        "terms": "Drawn by a test; do as you like.",
        "counts": open_dataset(data).header["counts"],
    }
    assert metadata["git_revision"]
    assert metadata["losses"]["pictures"] == 10


def test_the_histogram_is_that_of_the_training_pictures(trained, data):
    checkpoint, dataset = load_checkpoint(trained), open_dataset(data)
    values = losses(checkpoint, dataset, dataset.indices("train"))
    assert checkpoint.histogram == Histogram.from_values(values)
    assert sum(checkpoint.histogram.counts) == 40
    assert checkpoint.metadata["train_mse"] == pytest.approx(values.mean())


@pytest.mark.usefixtures("no_curve")
def test_a_model_that_works_in_miniature_is_measured_refined_and_stored_in_halves(
    tmp_path, monkeypatch
):
    monkeypatch.setitem(PRESETS, "tiny", CONV_PRESET)
    dataset, path = draw_dataset(tmp_path / "data", size=16), tmp_path / "conv.safetensors"
    assert train(tmp_path / "data", path) == 0
    model, small = load_checkpoint(path), shrunk(dataset, 2)
    state, _ = load_state(RunFolder(path).state)
    for name, p in state.params.items():
        np.testing.assert_array_equal(model.params[name], p.astype(np.float16))
    x = small.batch(small.indices("train"))
    variance = error_variance(model.inner.vae, model.params, x, np.random.default_rng(0))
    lengths = step_lengths(model.inner.vae, model.params, x)
    assert model.refinement.steps == 2
    assert model.refinement.lengths == pytest.approx(lengths)
    assert model.refinement.variance == pytest.approx(variance)
    whole = losses(model, dataset, dataset.indices("train"))
    assert model.histogram == Histogram.from_values(whole)
    in_frame = losses(model, dataset, dataset.indices("test")).mean()
    assert model.metadata["losses"]["mse_in_frame"] == pytest.approx(in_frame, rel=1e-3)
    test = small.indices("test")
    measured = losses(model.inner, small, test).mean()
    assert model.metadata["losses"]["mse"] == pytest.approx(measured, rel=1e-3)
    assert evaluate(model, dataset)["mse"] == pytest.approx(model.metadata["losses"]["mse"])
    assert model.metadata["species"].keys() == {"person", "dog"}
    assert "refinement" in path.with_suffix(".md").read_text()


@pytest.mark.usefixtures("no_curve")
def test_a_gpu_is_asked_for_in_vain_without_cupy(data, out, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "cupy", None)
    assert train(data, out, "--device", "cuda") == 2
    assert "needs CuPy: `pip install cupy-cuda12x`" in capsys.readouterr().err
    assert not out.exists()
    assert train(data, out, "--device", "cpu", "--steps", "2") == 0


def test_the_log_has_every_step(trained):
    rows = log_of(trained)
    assert [row["step"] for row in rows] == list(range(1, SETTINGS.steps + 1))
    assert all(row["total"] > 0 and row["reconstruction"] > 0 and row["kl"] >= 0 for row in rows)
    assert rows[-1]["lr"] == SETTINGS.lr_at(SETTINGS.steps - 1)


def test_the_state_holds_the_parameters_that_were_released(trained):
    state, _ = load_state(RunFolder(trained).state)
    np.testing.assert_equal(load_checkpoint(trained).params, state.params)


@pytest.mark.usefixtures("no_curve")
def test_options_take_the_place_of_the_presets(data, out):
    assert train(data, out, "--steps", "3", "--batch", "5", "--lr", "0.01", "--beta", "0") == 0
    expected = replace(SETTINGS, steps=3, batch=5, lr=0.01, beta=0.0)
    assert load_checkpoint(out).metadata["settings"] == asdict(expected)
    assert len(log_of(out)) == 3


@pytest.fixture
def signalled(monkeypatch):
    """Make training send itself a signal within the step that it is told."""

    def arrange(number, step):
        original = vae_job.train

        def interrupted(vae, dataset, settings, state, *others):
            for progress in original(vae, dataset, settings, state, *others):
                if progress.step == step:
                    os.kill(os.getpid(), number)
                yield progress

        monkeypatch.setattr(vae_job, "train", interrupted)

    return arrange


@pytest.mark.usefixtures("no_curve")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_after_a_signal_the_same_command_ends_where_it_would_have(
    number, data, out, trained, signalled, capsys
):
    handler = signal.getsignal(number)
    signalled(number, step=7)
    assert train(data, out) == 1
    assert "Stopped after step 7" in capsys.readouterr().out
    assert signal.getsignal(number) == handler
    assert not out.exists()
    assert load_state(RunFolder(out).state)[0].step == 7
    with RunFolder(out).log.open("a") as log:  # steps that a kill kept from being saved
        log.write('{"step": 8, "total": 1}\n{"step": 9, "tot')

    assert train(data, out) == 0
    assert "Resuming after step 7" in capsys.readouterr().out
    assert log_of(out) == log_of(trained)
    np.testing.assert_equal(load_checkpoint(out).params, load_checkpoint(trained).params)


@pytest.mark.usefixtures("no_curve")
def test_a_signal_at_the_last_step_is_heard_too(data, out, signalled):
    signalled(signal.SIGTERM, step=SETTINGS.steps)
    assert train(data, out) == 1
    assert not out.exists()
    assert train(data, out) == 0
    assert len(log_of(out)) == SETTINGS.steps


@pytest.mark.usefixtures("no_curve")
def test_a_finished_run_can_be_finished_again(data, out):
    assert train(data, out) == 0
    first = load_checkpoint(out)
    assert train(data, out) == 0
    np.testing.assert_equal(load_checkpoint(out).params, first.params)
    assert len(log_of(out)) == SETTINGS.steps


@pytest.mark.usefixtures("no_curve")
def test_other_settings_are_refused_by_name_unless_the_run_is_begun_again(data, out, capsys):
    assert train(data, out, "--steps", "4") == 0
    assert train(data, out, "--steps", "5", "--lr", "0.5") == 2
    assert "(steps, lr differ)" in capsys.readouterr().err
    assert train(data, out, "--steps", "5", "--lr", "0.5", "--restart") == 0
    assert [row["step"] for row in log_of(out)] == [1, 2, 3, 4, 5]


@pytest.mark.usefixtures("no_curve")
def test_another_model_or_other_data_do_not_go_on_from_this_run(
    data, out, tmp_path, monkeypatch, capsys
):
    assert train(data, out, "--steps", "4") == 0
    draw_dataset(tmp_path / "other", train=50)
    assert train(tmp_path / "other", out, "--steps", "4") == 2
    assert "(data differ)" in capsys.readouterr().err
    wider = VAEConfig(CONFIG.image, CONFIG.latent, hidden=(10,))
    monkeypatch.setitem(PRESETS, "tiny", replace(PRESET, model=wider))
    assert train(data, out, "--steps", "4") == 2
    assert "(model hidden differ)" in capsys.readouterr().err


def test_a_second_trainer_on_the_same_folder_is_refused_and_spoils_nothing(data, out, capsys):
    folder = RunFolder(out)
    with folder.locked():
        half_written = folder.folder / "fresh-state.safetensors.tmp"
        half_written.touch()
        assert train(data, out) == 2
        assert half_written.exists()
    assert "Another process trains in" in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.usefixtures("no_curve")
def test_what_a_killed_run_left_half_written_is_cleared(data, out):
    folder = RunFolder(out)
    left_behind = folder.folder / "fresh-state.safetensors.tmp", out.with_name(out.name + ".tmp")
    for path in left_behind:
        path.write_bytes(b"half")
    assert train(data, out, "--steps", "2") == 0
    assert not any(path.exists() for path in left_behind)


def test_what_would_fail_at_the_end_is_refused_at_the_start(data, out, tmp_path, capsys):
    draw_dataset(tmp_path / "untested", test=0)
    draw_dataset(tmp_path / "few", train=5)
    for folder, target, words in (
        (tmp_path / "untested", out, "no pictures in its test split"),
        (tmp_path / "few", out, "5 training pictures; a batch takes 8"),
        (tmp_path / "absent", out, "is not a prepared data set"),
        (data, tmp_path, "is a folder"),
    ):
        assert train(folder, target) == 2
        error = capsys.readouterr().err
        assert words in error
        assert "Traceback" not in error


def test_pictures_of_another_frame_are_refused(data, out, monkeypatch, capsys):
    other = replace(PRESET, frame=replace(FRAME, width=13))
    monkeypatch.setitem(PRESETS, "tiny", other)
    assert train(data, out) == 2
    assert "prepared for another frame" in capsys.readouterr().err


def test_without_the_extra_the_curve_is_left_out_with_a_word(trained, monkeypatch, capsys):
    folder = RunFolder(trained)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    before = folder.curve.read_bytes()
    train_command.draw_curve(folder)
    assert "install the extra `train`" in capsys.readouterr().err
    assert folder.curve.read_bytes() == before


def test_without_the_extra_training_says_what_to_install(data, out, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    assert train(data, out) == 2
    assert "install the extra `train`" in capsys.readouterr().err

"""``evaluate``: the table, the JSON, and numbers that can be had another way."""

import json

import numpy as np
import pytest

from tests.drawn import draw_dataset
from vae_core.__main__ import main
from vae_core.checkpoint import load_checkpoint
from vae_core.data.dataset import open_dataset
from vae_core.evaluation import evaluate, fit_pca, losses, pca_losses, sampled_losses


@pytest.fixture
def run(trained, data, capsys):
    def evaluating(*more):
        status = main(["evaluate", "--model", str(trained), "--data", str(data), *more])
        return status, capsys.readouterr()

    return evaluating


@pytest.fixture
def checkpoint(trained):
    return load_checkpoint(trained)


@pytest.fixture
def dataset(data):
    return open_dataset(data)


def test_the_json_is_what_the_training_run_measured(run, checkpoint):
    status, output = run("--json")
    assert status == 0
    measured, saved = json.loads(output.out), checkpoint.metadata["losses"]
    assert measured.keys() == saved.keys()
    assert measured["groups"].keys() == {"species dog", "species person", "origin drawn"}
    assert measured["mse"] == pytest.approx(saved["mse"])
    assert measured["groups"]["origin drawn"]["pictures"] == measured["pictures"] == 10


def test_the_table_has_a_line_for_all_and_for_every_group(run, checkpoint):
    status, output = run()
    lines = output.out.splitlines()
    assert status == 0
    assert lines[0] == "| mean square error per pixel, test | model | PCA, 3 components |"
    assert f"{checkpoint.metadata['losses']['mse']:.5f}" in lines[2]
    assert [line.split("(")[0] for line in lines[2:]] == [
        "| all ",
        "| all ",
        "| species dog ",
        "| species person ",
        "| origin drawn ",
    ]


def test_another_split_may_be_measured(run):
    status, output = run("--json", "--split", "train")
    assert status == 0
    assert json.loads(output.out)["pictures"] == 40


def test_the_averages_are_those_of_the_pictures_one_by_one(checkpoint, dataset):
    indices, result = dataset.indices("test"), evaluate(checkpoint, dataset)
    x = dataset.batch(indices)
    errors = ((checkpoint.reconstruct(x) - x) ** 2).mean(axis=(1, 2, 3))
    np.testing.assert_allclose(losses(checkpoint, dataset, indices), errors)
    assert result["mse"] == pytest.approx(errors.mean())
    dogs = dataset.species[indices] == "dog"
    assert result["groups"]["species dog"]["mse"] == pytest.approx(errors[dogs].mean())
    pca = pca_losses(fit_pca(dataset, 3), dataset, indices)
    assert result["pca_mse"] == pytest.approx(pca.mean())


def test_pictures_are_measured_in_parts_of_any_size_alike(checkpoint, dataset, monkeypatch):
    whole = evaluate(checkpoint, dataset, "train")
    monkeypatch.setattr("vae_core.evaluation.BATCH", 7)
    parts = evaluate(checkpoint, dataset, "train")
    for name in ("mse", "pca_mse", "kl", "sharpness", "mse_sampled"):
        assert parts[name] == pytest.approx(whole[name], rel=1e-5), name


def test_drawn_latents_are_the_same_at_every_call(checkpoint, dataset):
    indices = dataset.indices("test")
    first, again = (sampled_losses(checkpoint, dataset, indices) for _ in range(2))
    np.testing.assert_array_equal(first, again)


def test_an_empty_split_and_pictures_of_another_frame_are_refused(run, tmp_path):
    status, output = run("--split", "validation")
    assert status == 2
    assert output.err == "dogpeople: The data set has no pictures in its validation split.\n"
    draw_dataset(tmp_path / "wide", size=13)
    status, output = run("--data", str(tmp_path / "wide"))
    assert status == 2
    assert "prepared for another frame than blobs has" in output.err

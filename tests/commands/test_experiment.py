"""``experiment``: a table and a figure; what was done is not done again."""

import json
from dataclasses import replace

import pytest

from tests.drawn import CONFIG, SETTINGS
from vae_core.__main__ import main
from vae_core.commands import experiment as command
from vae_core.commands.experiment import drawing
from vae_core.experiments import EXPERIMENTS
from vae_core.experiments.measures import reconstruction
from vae_core.experiments.sweep import Experiment, Principal, Trained

TINY = Experiment(
    "Does a test run?",
    {
        f"seed{k}": Trained(CONFIG, replace(SETTINGS, steps=3, seed=k), reconstruction)
        for k in range(2)
    },
    drawn=("mse", "kl"),
)


@pytest.fixture(autouse=True)
def _tiny_experiment(monkeypatch):
    monkeypatch.setitem(EXPERIMENTS, "tiny", TINY)


@pytest.fixture
def run(data, tmp_path):
    def running(name, *more):
        return main(["experiment", name, "--data", str(data), "--out", str(tmp_path), *more])

    return running


def test_a_sweep_leaves_models_a_table_and_a_figure(run, tmp_path, capsys):
    assert run("tiny") == 0
    names = {path.name for path in (tmp_path / "tiny").iterdir()}
    assert names >= {"seed0.safetensors", "seed1.safetensors", "table.csv", "figure.png"}
    table = (tmp_path / "tiny" / "table.md").read_text()
    output = capsys.readouterr().out
    assert table in output
    assert output.count("latents are active; KL") == 2
    assert [line.split("|")[1].strip() for line in table.splitlines()[2:]] == ["seed0", "seed1"]


def test_a_sweep_over_sizes_is_drawn_as_lines(run, tmp_path, monkeypatch):
    cells = {"blob-3": TINY.cells["seed0"], "PCA-2": Principal(2), "PCA-3": Principal(3)}
    lines = Experiment("What does it buy?", cells, ("mse",), against=("parameters", "seconds"))
    monkeypatch.setitem(EXPERIMENTS, "lines", lines)
    assert run("lines") == 0
    rows = {path.stem: json.loads(path.read_text()) for path in tmp_path.glob("lines/rows/*")}
    assert rows["PCA-2"]["parameters"] == 3 * 144
    assert rows["PCA-3"]["mse"] < rows["PCA-2"]["mse"]
    assert (tmp_path / "lines" / "figure.png").exists()


def test_a_line_joins_the_rows_of_one_family():
    rows = {"a-1": {"x": 1, "y": 2}, "a-2": {"x": 3, "y": 1}, "b-1": {"y": 1}}
    axes, other = drawing(rows, Experiment("Joined?", {}, ("y",), against=("x", "z"))).axes
    assert [line.get_label() for line in axes.lines] == ["a"]
    assert axes.lines[0].get_xydata().tolist() == [[1, 2], [3, 1]]
    assert not other.lines


def test_what_was_done_is_not_done_again(run, tmp_path, monkeypatch):
    assert run("tiny", "--only", "seed1") == 0
    monkeypatch.setattr(command, "train", None)
    assert run("tiny", "--only", "seed1") == 0
    (tmp_path / "tiny" / "rows" / "seed1.json").unlink()
    assert run("tiny", "--only", "seed1") == 0
    assert "seed0" not in (tmp_path / "tiny" / "table.md").read_text()


def test_a_stopped_sweep_says_so_and_goes_on(run, tmp_path, monkeypatch):
    monkeypatch.setattr(command, "run_job", lambda *args: False)
    assert run("tiny") == 1
    assert not (tmp_path / "tiny" / "table.md").exists()
    monkeypatch.undo()
    EXPERIMENTS["tiny"] = TINY
    assert run("tiny") == 0


@pytest.mark.parametrize("name", ["walks", "why-friends", "direction"])
def test_an_experiment_that_looks_at_a_model_wants_one(run, name, trained, tmp_path, capsys):
    assert run(name) == 2
    assert "give --model" in capsys.readouterr().err
    assert run(name, "--model", str(trained)) == 0
    rows = (tmp_path / name / "table.md").read_text().splitlines()[2:]
    assert len(rows) == len(EXPERIMENTS[name].cells)


@pytest.mark.parametrize(
    ("name", "more", "said"),
    [
        ("luck", (), "there are seeds"),
        ("tiny", ("--only", "seed7"), "it has seed0, seed1"),
        ("warmups", (), "want pictures of \\(28, 28, 1\\)"),
    ],
)
def test_what_cannot_be_run_is_refused(run, name, more, said, capsys):
    assert run(name, *more) == 2
    assert said.replace("\\", "") in capsys.readouterr().err

"""``evaluate-morph``: the table of held-out morphs, their sheet, and what its numbers mean."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from tests.data.folders import write_pictures
from vae_core.__main__ import main
from vae_core.judges import SIDE
from vae_core.morph_evaluation import Report, summary

ROWS = [
    {"file": f"{species}s/{split}{k}.jpg", "species": species, "split": split}
    for species in ("person", "dog")
    for split in ("train", "test")
    for k in range(4)
]


@pytest.fixture
def run(trained, tmp_path, capsys):
    folder = write_pictures(tmp_path / "photos", ROWS)

    def evaluating(*more):
        few = ["--pairs", "2", "--steps", "5", "--pictures", "8", "--judge-steps", "2"]
        arguments = ["--model", str(trained), "--photos", str(folder), *few, *more]
        return main(["evaluate-morph", *arguments]), capsys.readouterr()

    return evaluating


def test_the_table_names_every_bar(run, tmp_path):
    sheet = tmp_path / "sheet.png"
    status, said = run("--out", str(sheet))
    assert status == 0
    for bar in ("1/255", "0.6", "at most 20 %", "at least 80 %", "at least 95 %"):
        assert bar in said.out
    with Image.open(sheet) as picture:
        assert picture.size == (5 * SIDE, 2 * SIDE)


def test_json_holds_the_same_numbers(run):
    status, said = run("--json")
    assert status == 0
    result = json.loads(said.out)
    assert result["morphs"] == 2
    assert result["ends"] < 1 / 255


def test_a_folder_without_test_pictures_is_refused(trained, tmp_path, capsys):
    rows = [row | {"split": "train"} for row in ROWS]
    folder = write_pictures(tmp_path / "photos", rows)
    arguments = ["--model", str(trained), "--photos", str(folder), "--judge-steps", "2"]
    assert main(["evaluate-morph", *arguments]) == 2
    assert "no pictures of the test split" in capsys.readouterr().err


REPORT = Report(
    frames=np.zeros((4, 2, 2, 1)),
    ends=0.001,
    sharpness=0.8,
    double=np.array([1.0, -1.0]),
    dissolved=np.array([2.0, 3.0]),
    dogness=np.array([0.1, 0.4, 0.395, 0.9]),
    evenness=1.5,
)


def test_dogness_rises_when_no_frame_falls_back_by_more_than_a_hundredth():
    assert REPORT.rises
    assert not replace(REPORT, dogness=np.array([0.1, 0.4, 0.35, 0.9])).rises
    assert not replace(REPORT, dogness=np.array([0.1, 0.1, 0.1, 0.1])).rises


def test_a_summary_takes_the_worst_ends_and_the_mean_of_the_rest():
    other = replace(REPORT, ends=0.003, sharpness=0.6, dogness=np.array([1.0, 0.0]))
    result = summary([REPORT, other])
    assert (result["ends"], result["least_sharp"]) == (0.003, 0.6)
    assert result["sharpness"] == pytest.approx(0.7)
    assert (result["double"], result["dissolve_double"], result["rising"]) == (0.5, 1, 0.5)

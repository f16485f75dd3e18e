"""``evaluate-faces``: the table beside PCA and another model, and the friends in whole photos."""

import json
import re

import numpy as np
import pytest

from tests.data.folders import LANDMARKS, write_pictures
from vae_core.__main__ import main
from vae_core.checkpoint import load_checkpoint
from vae_core.commands import evaluate_faces
from vae_core.data.dataset import open_dataset
from vae_core.evaluation import losses
from vae_core.finder.faces import Face
from vae_core.imaging.landmarks import Landmarks
from vae_core.metrics import mse_per_picture, psnr


class EverywhereFinder:
    """Finds the face where the test's pictures have it, and a dog beside it."""

    @classmethod
    def from_file(cls, path):
        return cls()

    def find(self, photo):
        landmarks = Landmarks(**LANDMARKS)
        return [Face(species, landmarks, (0, 0, 1, 1), 1.0) for species in ("dog", "person")]


@pytest.fixture
def run(trained, data, capsys):
    def evaluating(*more):
        arguments = ["--model", str(trained), "--data", str(data), *map(str, more)]
        return main(["evaluate-faces", *arguments]), capsys.readouterr()

    return evaluating


def test_the_table_has_every_species_and_what_stands_beside_the_model(run, trained):
    status, said = run("--beside", trained)
    assert status == 0
    for words in (
        "| people, blobs | 5 |",
        "| dogs, blobs | 5 |",
        "| dogs, blobs, in its own frame | 5 |",
        "| encode one photo |",
        "| decode 17 frames |",
    ):
        assert words in said.out
    active = re.search(r"\| active latents \| (\d) of 3 \|", said.out)[1]
    assert f"| people, PCA, {active} components | 5 |" in said.out


def test_its_numbers_are_those_of_the_held_out_pictures(run, trained, data):
    status, said = run("--json")
    assert status == 0
    result = json.loads(said.out)
    checkpoint, dataset = load_checkpoint(trained), open_dataset(data)
    x = dataset.batch(dataset.indices("test", "dog"))
    error = mse_per_picture(x, checkpoint.reconstruct(x)).mean()
    assert result["fidelity"]["dog"]["blobs"]["psnr"] == pytest.approx(psnr(error))
    assert len(result["latents"]["kl"]) == 3
    assert all(ms > 0 for ms in result["milliseconds"].values())


def test_friends_in_whole_photos_are_compared_with_held_out_faces(
    run, tmp_path, trained, data, monkeypatch
):
    monkeypatch.setattr(evaluate_faces, "Finder", EverywhereFinder)
    rows = [{"file": f"{k}.jpg", "split": s} for k, s in enumerate(("test", "train", "test"))]
    folder = write_pictures(tmp_path / "photos", rows)
    table = (folder / "landmarks.csv").read_text().splitlines()
    boxed = [table[0] + ",x0,y0,x1,y1", *(f"{line},,,," for line in table[1:])]
    (folder / "scenes.csv").write_text("\n".join(boxed) + "\n")
    status, said = run("--photos", folder, "--json")
    assert status == 0
    found = json.loads(said.out)["friends"]
    assert found["photos"] == 2
    checkpoint, dataset = load_checkpoint(trained), open_dataset(data)
    usual = losses(checkpoint, dataset, dataset.indices("test", "person"))
    assert found["percentiles"][1] == np.mean(usual < found["median_loss"])
    status, said = run("--photos", folder)
    assert re.search(r"\| 2 friends in whole photos: .* \| \d+%, \d+%, \d+% \|", said.out)


def test_no_friends_at_all_are_an_error(run, tmp_path, monkeypatch):
    monkeypatch.setattr(evaluate_faces, "Finder", EverywhereFinder)
    (tmp_path / "scenes.csv").write_text("file,split,species\n")
    status, said = run("--photos", tmp_path)
    assert status == 2
    assert "No person was found" in said.err

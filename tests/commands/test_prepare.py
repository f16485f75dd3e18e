import argparse
from dataclasses import dataclass

import pytest
from PIL import Image

from tests.data.folders import (
    write_columbia_dogs,
    write_mnist,
    write_pictures,
    write_utkface,
)
from vae_core.commands.prepare import add_command, relocated
from vae_core.data import Sample, open_dataset
from vae_core.errors import DataError
from vae_core.finder.faces import Face
from vae_core.imaging.landmarks import Landmarks
from vae_core.imaging.photo import Photo


def prepare(*arguments: object) -> int:
    parser = argparse.ArgumentParser()
    add_command(parser.add_subparsers(required=True))
    args = parser.parse_args(["prepare", "--name", "n", "--terms", "t", *map(str, arguments)])
    status: int = args.run(args)
    return status


def test_several_sources_make_one_data_set(tmp_path, capsys):
    rows = [
        {"file": "a.png", "split": "test"},
        {"file": "b.png", "species": "dog", "split": "train"},
    ]
    sources = [
        ("pictures", write_pictures(tmp_path / "ours", rows)),
        ("utkface", write_utkface(tmp_path / "utk")),
        ("columbia-dogs", write_columbia_dogs(tmp_path / "dogs")),
    ]
    options = [word for layout, folder in sources for word in ("--source", layout, folder)]
    assert prepare(*options, "--out", tmp_path / "set") == 0
    dataset = open_dataset(tmp_path / "set")
    assert dataset.images.shape == (7, 50, 50, 1)
    assert dataset.header["sources"] == {"here": 2, "utkface": 3, "columbia-dogs": 2}
    output = capsys.readouterr()
    assert "n: 7 pictures, 0 skipped" in output.out
    assert "7 pictures in" in output.err


def test_digits_are_prepared_with_their_labels(tmp_path):
    folder = write_mnist(tmp_path / "mnist", packed=True)
    prepare("--source", "mnist", folder, "--frame", "digit28", "--out", tmp_path / "set")
    dataset = open_dataset(tmp_path / "set")
    assert dataset.images.shape == (43, 28, 28, 1)
    assert dataset.label[:12].tolist() == [*range(10), 0, 1]


@pytest.mark.parametrize(
    ("frame", "shape"),
    [("face50", (50, 50, 1)), ("face:64:rgb", (64, 64, 3)), ("face:32:grey", (32, 32, 1))],
)
def test_the_frame_is_chosen_by_name(tmp_path, frame, shape):
    folder = write_pictures(tmp_path / "in", [{"file": "a.png"}])
    prepare("--source", "pictures", folder, "--frame", frame, "--out", tmp_path / "set")
    assert open_dataset(tmp_path / "set").images.shape == (1, *shape)


def test_an_origin_can_be_limited(tmp_path):
    rows = [{"file": f"{i}.png", "split": "train"} for i in range(5)]
    folder = write_pictures(tmp_path / "in", rows)
    limit = ("--limit-origin", "here=2")
    prepare("--source", "pictures", folder, *limit, "--out", tmp_path / "set")
    assert len(open_dataset(tmp_path / "set")) == 2


def test_force_replaces_a_data_set(tmp_path):
    folder = write_pictures(tmp_path / "in", [{"file": "a.png"}])
    options = ("--source", "pictures", folder, "--out", tmp_path / "set")
    prepare(*options)
    with pytest.raises(DataError, match="exists already"):
        prepare(*options)
    assert prepare(*options, "--force") == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("--frame", "face"),
        ("--frame", "face:0:rgb"),
        ("--frame", "face:50:cmyk"),
        ("--limit-origin", "cat2dog"),
        ("--limit-origin", "cat2dog=many"),
    ],
)
def test_arguments_without_sense_are_refused(tmp_path, arguments, capsys):
    with pytest.raises(SystemExit):
        prepare("--source", "pictures", tmp_path, "--out", tmp_path / "set", *arguments)
    assert arguments[1] in capsys.readouterr().err


def test_an_unknown_layout_is_refused_with_those_known(tmp_path):
    with pytest.raises(DataError, match="there are pictures, utkface, columbia-dogs, mnist"):
        prepare("--source", "imagenet", tmp_path, "--out", tmp_path / "set")
    assert not (tmp_path / "set").exists()


@dataclass(frozen=True)
class FixedFinder:
    """Finds the same faces in every photo."""

    faces: list[Face]

    def find(self, photo):
        return self.faces


def face(x, species="person"):
    points = ((x, 40.0), (x + 40, 40.0), (x + 20, 60.0), (x + 20, 80.0))
    return Face(species, Landmarks(*points), (0.0, 0.0, 1.0, 1.0), 0.9)


def sample(landmarks, species="person"):
    photo = Photo(Image.new("RGB", (200, 150)), 200, 150)
    return Sample("a.jpg", lambda: photo, species, "train", landmarks)


def test_a_finder_mends_landmarks_of_the_same_face_only():
    near, far = face(12.0), face(120.0)
    marked = face(10.0).landmarks
    (mended,) = relocated([sample(marked)], FixedFinder([far, near]))
    assert mended.landmarks == near.landmarks
    (kept,) = relocated([sample(marked)], FixedFinder([far]))
    assert kept.landmarks == marked


def test_a_source_without_landmarks_gets_the_surest_face_of_its_species():
    dog, person = face(100.0, "dog"), face(20.0)
    (found,) = relocated([sample(None)], FixedFinder([dog, person]))
    assert found.landmarks == person.landmarks
    (none,) = relocated([sample(None, "dog")], FixedFinder([person]))
    assert none.landmarks is None

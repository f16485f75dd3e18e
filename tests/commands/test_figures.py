"""``figures``: every figure comes out of one command, and what is missing is said."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from tests.drawn import named
from vae_core.__main__ import main
from vae_core.checkpoint import load_checkpoint
from vae_core.commands.figures import read_log
from vae_core.data.dataset import open_dataset
from vae_core.exhibit import Exhibit
from vae_core.gallery import GALLERY, breeds, cover, member
from vae_core.kinds import BREEDS


@pytest.fixture
def draw(trained, data, tmp_path):
    def drawing(*more, model=True):
        chosen = ("--model", str(trained)) if model else ()
        return main(["figures", *more, *chosen, "--data", str(data), "--out", str(tmp_path)])

    return drawing


@pytest.fixture
def exhibit(trained, data):
    return Exhibit((load_checkpoint(trained),), open_dataset(data))


def test_all_figures_come_out_of_one_command(draw, tmp_path, capsys):
    assert draw("--all") == 0
    assert {path.name for path in tmp_path.iterdir()} == {
        *(f"{name}.png" for name in GALLERY if name != "breeds"),
        "walks.gif",
        "cover.gif",
    }
    (told,) = capsys.readouterr().err.splitlines()
    assert told.startswith("breeds: The data set has none of the pictures known as")
    with Image.open(tmp_path / "cover.gif") as animation:
        assert animation.n_frames > 10


def test_a_sheet_of_pictures_needs_no_model(draw, tmp_path):
    assert draw("samples", model=False) == 0
    assert (tmp_path / "samples.png").exists()


@pytest.mark.parametrize("names", [["nonsense"], []])
def test_an_unknown_or_no_name_lists_those_there_are(draw, names, capsys):
    assert draw(*names) == 2
    assert "there are samples, reconstructions, plane" in capsys.readouterr().err


def test_a_figure_of_a_model_without_one_is_refused(draw, capsys):
    assert draw("plane", model=False) == 2
    assert "give --model" in capsys.readouterr().err


def test_with_all_what_cannot_be_drawn_is_left_out_and_told(draw, tmp_path, capsys):
    assert draw("--all", model=False) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["samples.png"]
    assert "cover: The figure cover shows a model" in capsys.readouterr().err


def test_the_log_beside_a_checkpoint_is_read(trained, tmp_path):
    assert [row["step"] for row in read_log(trained)] == list(range(1, 25))
    assert read_log(tmp_path / "none.safetensors") == []


def test_every_figure_shows_the_same_held_out_pictures(exhibit):
    assert set(exhibit.dataset.split[exhibit.test]) == {"test"}
    np.testing.assert_array_equal(exhibit.test, Exhibit((), exhibit.dataset).test)


def test_the_end_of_a_walk_is_of_its_species_and_well_reconstructed(exhibit):
    place = member(exhibit, "dog", 0)
    assert exhibit.groups[place] == "dog"
    model = exhibit.models[0]
    x = exhibit.pictures(np.flatnonzero(exhibit.groups == "dog"))
    errors = np.square(model.reconstruct(x) - x).mean(axis=(1, 2, 3))
    own = np.square(
        model.reconstruct(exhibit.pictures(np.array([place]))) - exhibit.pictures(np.array([place]))
    ).mean()
    assert own <= np.median(errors)


def test_a_given_photo_is_where_the_cover_begins(exhibit):
    picture = exhibit.pictures(np.array([member(exhibit, "dog", 3)]))[0]
    plain, given = cover(exhibit), cover(replace(exhibit, photos={"friend": picture}))
    same = [np.array_equal(a, b) for a, b in zip(plain.frames, given.frames, strict=True)]
    assert not same[0]
    assert same[-1]


def test_dogs_of_known_breed_are_drawn_each_breed_in_its_colour(exhibit):
    data = named(exhibit.dataset, BREEDS)
    left, right = breeds(replace(exhibit, dataset=data)).figure.axes
    for axes in (left, right):
        assert [dots.get_label() for dots in axes.collections] == sorted(BREEDS)
        assert all(len(dots.get_offsets()) == 2 for dots in axes.collections)

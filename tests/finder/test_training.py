"""From annotated photos to a finder, by the commands that a person types; small and untrained."""

import json
import time

import numpy as np
import pytest

from tests.finder.scenery import write_data
from vae_core.__main__ import main
from vae_core.finder.find import Finder
from vae_core.finder.renewal import LOOKED_FOR, mined_meanwhile, renewed, shares
from vae_core.finder.training import (
    erased,
    first_params,
    new_finder_state,
    open_crop_set,
    scout_step,
    shared_scout_step,
    shrink,
    train_finder,
)
from vae_core.finder.training_sets import FACE
from vae_core.tensor_file import write_tensors
from vae_core.training import TrainSettings

NAMES = ("finder", "again")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Photos, composed sets and the three networks, each trained for two steps."""
    folder = tmp_path_factory.mktemp("finder")
    photos = write_data(folder / "photos")
    sizes = ["--scout", "6", "--reader", "8", "--gauge", "6"]
    command = ["compose", "--photos", photos, "--out", folder / "set", "--terms", "drawn", *sizes]
    assert main(list(map(str, command))) == 0
    assert train(folder, "finder", "first.safetensors") == 0
    start = ["--start", str(folder / "first.safetensors")]
    assert train(folder, "reader", "second.safetensors", *start) == 0
    start = ["--start", str(folder / "second.safetensors")]
    assert train(folder, "gauge", "finder.safetensors", *start) == 0
    return folder


def train(folder, preset, out, *more):
    command = ["train", "--preset", preset, "--data", folder / "set", "--out", folder / out]
    return main([*map(str, command), "--steps", "2", "--batch", "2", *more])


def test_the_finder_that_comes_out_can_be_used(folder):
    finder = Finder.from_file(folder / "finder.safetensors")
    assert {name.split(".")[0] for name in finder.params} == {"scout", "reader", "gauge"}
    assert finder.boxes.keys() == {"person", "dog"}


def test_the_card_tells_what_was_measured(folder):
    card = (folder / "finder.md").read_text()
    rows = [line for line in card.splitlines() if "2 of 2" in line]
    assert [row.split("|")[1].strip() for row in rows] == ["scout and reader", "reader", "gauge"]
    assert "drawn" in card
    assert "photos without a face" in card
    assert (folder / "finder.safetensors.sha256").read_text().split()[0] in card


@pytest.mark.parametrize("network", ["scout", "reader", "gauge"])
def test_a_network_of_a_finder_can_learn_more_and_the_finder_stays_whole(folder, network):
    start = ["--start", str(folder / "finder.safetensors"), "--restart"]
    assert train(folder, network, "again.safetensors", *start) == 0
    before, after = (Finder.from_file(folder / f"{name}.safetensors") for name in NAMES)
    changed = {name for name, p in before.params.items() if (p != after.params[name]).any()}
    assert changed
    assert {name.split(".")[0] for name in changed} == {network}
    assert after.boxes.keys() == {"person", "dog"}


def test_a_reader_can_keep_a_share_of_the_old_one(folder):
    start = ["--start", str(folder / "finder.safetensors")]
    assert train(folder, "reader", "new.safetensors", *start) == 0
    assert train(folder, "reader", "mixed.safetensors", *start, "--keep", "0.25") == 0
    old, new, mixed = (
        Finder.from_file(folder / f"{name}.safetensors").params
        for name in ("finder", "new", "mixed")
    )
    for name, values in mixed.items():
        expected = 0.25 * old[name] + 0.75 * new[name]
        np.testing.assert_allclose(values, expected, rtol=2e-3, atol=1e-5)
    assert "reader, 25 % of the old one kept" in (folder / "mixed.md").read_text()


@pytest.mark.parametrize(("preset", "keep"), [("reader", "1"), ("gauge", "0.5"), ("finder", "0.5")])
def test_a_share_is_kept_of_what_there_is(folder, preset, keep, capsys):
    start = ["--start", str(folder / "first.safetensors")] if preset != "finder" else []
    assert train(folder, preset, "nothing.safetensors", *start, "--keep", keep) == 2
    assert "--keep" in capsys.readouterr().err


def test_the_set_says_what_it_is_made_of(folder):
    header = json.loads((folder / "set" / "finder.json").read_text())
    assert (header["scout"], header["reader"], header["gauge"]) == (6, 8, 6)
    assert header["terms"] == "drawn"


def test_the_card_names_whatever_was_trained_on(folder, tmp_path):
    """Each source once, however many sets are made of it."""
    known, lines = folder / "finder.safetensors", []
    for k, terms in enumerate(("drawn", "animals", "drawn")):
        data, out = tmp_path / f"set{k}", tmp_path / f"finder{k}.safetensors"
        command = ["compose", "--photos", folder / "photos", "--out", data, "--terms", terms]
        sizes = ["--scout", "0", "--reader", "2", "--gauge", "0"]
        assert main(list(map(str, [*command, *sizes]))) == 0
        job = ["train", "--preset", "reader", "--data", data, "--out", out, "--start", known]
        assert main([*map(str, job), "--steps", "1", "--batch", "2"]) == 0
        lines.append(out.with_suffix(".md").read_text().split("## Data")[1].split("##")[0].strip())
        known = out
    assert lines == ["drawn", "drawn animals", "drawn animals"]


def test_a_network_keeps_the_layers_that_still_fit():
    known = {"reader.heads.bias": np.arange(11.0), "reader.heads.weight": np.ones((2, 2))}
    params = first_params("reader", 0, known)
    np.testing.assert_array_equal(params["reader.heads.bias"], np.arange(11))
    assert params["reader.heads.weight"].shape == (256, 11)
    assert {p.dtype for p in params.values()} == {np.dtype(np.float32)}


@pytest.mark.parametrize("count", [1, 5, 8])
def test_scouts_that_share_the_pictures_learn_as_their_mean(count):
    """However many pictures there are; the shares of an odd number weigh the same."""
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (count, 32, 32, 3)).astype(np.float32)
    faces = np.stack([some_faces(rng) for _ in range(count)])
    params = first_params("scout", 0, {})
    params = {name.removeprefix("scout."): p for name, p in params.items()}
    heat, points, grads = shared_scout_step(params, x, faces)
    parts = np.array_split(np.arange(count), min(2, count))
    alone = [scout_step(params, x[part], faces[part]) for part in parts]
    assert heat == pytest.approx(np.mean([part[0] for part in alone]))
    assert points == pytest.approx(np.mean([part[1] for part in alone]))
    for name, gradient in grads.items():
        expected = np.mean([np.asarray(part[2][name]) for part in alone], axis=0)
        np.testing.assert_allclose(np.asarray(gradient), expected, rtol=1e-4, atol=1e-6)


def some_faces(rng):
    """Three FACE records, one of them a face in the middle."""
    records = np.zeros(3, FACE)
    records["species"] = [rng.integers(2), -1, -1]
    records["centre"], records["size"], records["weight"], records["sure"] = 16, 16, 1, True
    records["points"] = rng.uniform(8, 24, (3, 4, 2))
    return records


@pytest.mark.parametrize("preset", ["scout", "reader", "gauge"])
def test_networks_that_go_on_from_others_must_be_told_which(folder, preset, capsys):
    assert train(folder, preset, "nothing.safetensors") == 2
    assert "--start" in capsys.readouterr().err


def test_the_finder_begins_from_nothing(folder, capsys):
    start = ["--start", str(folder / "first.safetensors")]
    assert train(folder, "finder", "nothing.safetensors", *start) == 2
    assert "--start" in capsys.readouterr().err


def test_mined_examples_come_after_the_composed_ones(folder, tmp_path):
    command = ["compose", "--photos", folder / "photos", "--out", tmp_path, "--terms", "drawn"]
    sizes = ["--scout", "0", "--reader", "3", "--gauge", "0", "--mined", "2"]
    finder = ["--finder", folder / "finder.safetensors"]
    assert main(list(map(str, [*command, *sizes, *finder]))) == 0
    assert np.load(tmp_path / "reader.npy", mmap_mode="r").shape == (5, 64, 64, 3)
    composed = np.load(folder / "set" / "reader.npy", mmap_mode="r")
    np.testing.assert_array_equal(np.load(tmp_path / "reader.npy")[:3], composed[:3])


def test_a_resumed_run_is_the_uninterrupted_one(folder):
    sets = [open_crop_set(folder / "set", kind) for kind in ("scout", "reader")]
    settings = TrainSettings(steps=3, batch=2)
    whole, halves = new_finder_state(settings), new_finder_state(settings)
    for _ in train_finder(*sets, settings, whole):
        pass
    first = train_finder(*sets, settings, halves)
    next(first)
    first.close()
    for _ in train_finder(*sets, settings, halves):
        pass
    for name, p in whole.params.items():
        np.testing.assert_array_equal(p, halves.params[name])


def test_a_rectangle_of_some_pictures_is_covered(rng):
    x = rng.integers(0, 256, (40, 64, 64, 3), dtype=np.uint8)
    covered = erased(x.copy(), 0.5, rng)
    changed = (covered != x).any(axis=3)
    assert 5 < changed.any(axis=(1, 2)).sum() < 35
    assert changed.mean(axis=(1, 2)).max() <= 0.25


def test_weights_shrink_and_biases_stay():
    params = {"a.weight": np.ones(3), "a.bias": np.ones(3)}
    shrink(params, 0.1)
    np.testing.assert_allclose(params["a.weight"], 0.9)
    np.testing.assert_array_equal(params["a.bias"], 1)


@pytest.fixture(scope="module")
def mined(folder, tmp_path_factory):
    """Two composed and four mined pictures, and the finder that named these."""
    data, finder = tmp_path_factory.mktemp("mined"), folder / "finder.safetensors"
    command = ["compose", "--photos", folder / "photos", "--out", data, "--terms", "drawn"]
    sizes = ["--scout", "0", "--gauge", "0", "--reader", "2", "--mined", "4", "--finder", finder]
    assert main(list(map(str, [*command, *sizes]))) == 0
    return data, finder


def test_a_readers_pictures_are_made_anew_as_long_as_it_learns(mined, monkeypatch):
    monkeypatch.setattr("vae_core.finder.renewal.NEWS", 0.0)
    data, finder = mined[0], Finder.from_file(mined[1])
    header, before = json.loads((data / "finder.json").read_text()), np.load(data / "reader.npy")
    deadline = time.monotonic() + 100
    with renewed(data, header, finder, processes=2, seed=5) as tell:
        tell(first_params("reader", 0, {}))
        assert (data / "reader-now.safetensors").exists()
        while (np.load(data / "reader.npy") == before).all(axis=(1, 2, 3)).any():
            assert time.monotonic() < deadline
            time.sleep(0.1)
    left = np.load(data / "reader.npy")
    time.sleep(0.3)
    np.testing.assert_array_equal(np.load(data / "reader.npy"), left)
    assert not (data / "reader-now.safetensors").exists()


def test_miners_hear_of_the_newest_reader(tmp_path, monkeypatch):
    finder = Finder({"reader.part": np.zeros(1), "scout.part": np.ones(1)}, {}, 1.0, {})
    seen = []
    monkeypatch.setattr(
        "vae_core.finder.renewal.mined_examples",
        lambda rng, scenery, finder: [seen.append(float(finder.params["reader.part"][0]))],
    )
    news = tmp_path / "news"
    examples = mined_meanwhile(None, finder, news, 0, 0)
    next(examples)
    write_tensors(news, {"reader.part": np.full(1, 2.0, np.float32)}, {})
    for _ in range(LOOKED_FOR):
        next(examples)
    assert seen[0] == 0
    assert seen[-1] == 2


def test_a_reader_learns_from_pictures_that_are_made_meanwhile(mined, tmp_path):
    data, start = mined
    out = tmp_path / "finder.safetensors"
    job = ["train", "--preset", "reader", "--data", data, "--out", out, "--start", start]
    assert main([*map(str, job), "--steps", "2", "--batch", "2", "--renew", "2"]) == 0
    assert Finder.from_file(out).finished


def test_each_process_makes_its_own_share_of_one_kind():
    for total, mined, processes in ((100, 60, 12), (100, 0, 3), (100, 100, 2), (100, 60, 2)):
        given = shares(total, mined, processes)
        assert len(given) == processes
        assert [s.first for s in given[1:]] == [s.end for s in given[:-1]]
        assert all(s.mined == (s.first >= total - mined) for s in given)
        assert (given[0].first, given[-1].end) == (0, total)


@pytest.mark.parametrize("preset", ["finder", "scout", "gauge"])
def test_only_a_readers_pictures_are_made_anew(folder, preset, capsys):
    start = ["--start", str(folder / "first.safetensors")] if preset != "finder" else []
    assert train(folder, preset, "nothing.safetensors", *start, "--renew", "2") == 2
    assert "anew" in capsys.readouterr().err


def test_fewer_than_no_processes_are_refused(folder, capsys):
    start = ["--start", str(folder / "first.safetensors")]
    assert train(folder, "reader", "nothing.safetensors", *start, "--renew", "-1") == 2
    assert "0 or more" in capsys.readouterr().err

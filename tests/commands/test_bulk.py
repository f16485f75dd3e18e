"""Whole folders of friends and dogs, morphed on all cores, again and again until all are there."""

import os
from pathlib import Path

import pytest
from PIL import Image

from tests.commands.test_morph import draw_photo
from vae_core.__main__ import main
from vae_core.commands import bulk
from vae_core.commands.morph import RENDERERS


@pytest.fixture
def folders(tmp_path):
    """Three friends and two dogs, one of which shares a friend's name."""
    for folder, names in (("friends", "ann bob cy"), ("dogs", "rex bob")):
        (tmp_path / folder).mkdir()
        for i, name in enumerate(names.split()):
            colour = ("peachpuff", "black", "tan")[i]
            draw_photo(tmp_path / folder / f"{name}.png", colour, background="navy")
    (tmp_path / "friends" / "notes.txt").write_text("no photo")
    return tmp_path


@pytest.fixture
def run(trained, folders, capsys, monkeypatch):
    """``morph`` of the folders, its status and what it said, in this process unless told."""

    def morphing(*more, dogs=True, here=True):
        given = ["morph", "--friends", str(folders / "friends"), "--out", str(folders / "out")]
        if dogs:
            given += ["--dogs", str(folders / "dogs")]
        with monkeypatch.context() as patch:
            if here:
                patch.setattr(bulk, "spread", one_after_the_other)
            status = main([*given, "--model", str(trained), "--steps", "3", *more])
        said = capsys.readouterr()
        return status, said.out, said.err

    return morphing


def one_after_the_other(tasks, args):
    """Stands for the processes, which take long to start."""
    maker = bulk.Maker(args)
    return map(maker.do, tasks)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


ALL = [f"{friend}--{dog}.gif" for friend in ("ann", "bob", "cy") for dog in ("bob", "rex")]


def test_every_friend_meets_every_dog_in_processes(run, folders):
    status, said, _ = run("--processes", "2", here=False)
    assert status == 0
    assert names(folders / "out") == ALL
    assert "6 of 6 morphs" in said
    with Image.open(folders / "out" / ALL[0]) as gif:
        assert gif.format == "GIF"


def test_a_morph_of_the_bulk_is_that_of_the_command_for_two(run, folders, trained):
    run("--format", "png")
    single = folders / "single.png"
    both = [str(folders / "friends" / "ann.png"), str(folders / "dogs" / "rex.png")]
    main(["morph", *both, "--out", str(single), "--model", str(trained), "--steps", "3"])
    assert (folders / "out" / "ann--rex.png").read_bytes() == single.read_bytes()


def test_what_is_there_is_not_made_again(run, folders):
    run()
    kept, lost = folders / "out" / ALL[0], folders / "out" / ALL[3]
    before = kept.stat().st_mtime_ns
    lost.unlink()
    (folders / "out" / f"{bulk.PART}ann--rex.gif").write_bytes(b"half a")
    status, said, _ = run()
    assert status == 0
    assert "6 of 6 morphs" in said
    assert "1 of them new" in said
    assert kept.stat().st_mtime_ns == before
    assert names(folders / "out") == ALL


def test_one_bad_photo_costs_its_own_morphs_only_and_is_told_at_the_end(run, folders):
    (folders / "friends" / "bob.png").write_text("not a photo")
    (folders / "dogs" / "rex.png").write_bytes(b"")
    status, said, complaints = run()
    assert status == 1
    assert names(folders / "out") == ["ann--bob.gif", "cy--bob.gif"]
    assert "2 of 6 morphs" in said
    last = complaints.strip().splitlines()[-2:]
    assert [Path(line.split(": ")[0]).name for line in last] == ["rex.png", "bob.png"]
    assert all(line.endswith(".") for line in last)


def test_pairs_are_those_of_one_name(run, folders):
    status, _, _ = run("--pairs")
    assert status == 0
    assert names(folders / "out") == ["bob--bob.gif"]


def test_pairs_want_a_name_that_both_have(run, folders):
    for photo in (folders / "dogs").iterdir():
        photo.rename(photo.with_stem(f"dog-{photo.stem}"))
    status, _, said = run("--pairs")
    assert status == 2
    assert "Without --pairs" in said
    assert not (folders / "out").exists()


def test_without_dogs_every_friend_becomes_one(run, folders):
    status, _, _ = run("--dog-name", "nearest", dogs=False)
    assert status == 0
    assert names(folders / "out") == ["ann.gif", "bob.gif", "cy.gif"]


def test_a_morph_stands_under_its_name_when_it_is_whole(run, folders, monkeypatch):
    def fail(frames, order):
        raise OSError(28, "No space left on device")

    monkeypatch.setitem(RENDERERS, ".gif", fail)
    run()
    assert not [name for name in names(folders / "out") if not name.startswith(bulk.PART)]


def test_tasks_are_handed_out_a_few_at_a_time_and_dogs_in_blocks(tmp_path, monkeypatch):
    """Memory stays flat: what waits does not grow with the folders."""
    monkeypatch.setattr(bulk, "TOGETHER", 2)
    friends, dogs = ([tmp_path / f"{kind}{i}.png" for i in range(5)] for kind in "fd")
    args = type("Args", (), {"pairs": False, "format": "gif", "out": tmp_path})
    morphs = list(bulk.all_morphs(friends, dogs, args))
    assert len({out for _, _, out in morphs}) == 25
    assert all(len(task.morphs) <= 2 for task in bulk.tasks(morphs))
    assert sum(len(task.morphs) for task in bulk.tasks(morphs)) == 25
    seen = [dog.name for _, dog, _ in morphs]
    assert set(seen[:10]) == {"d0.png", "d1.png"}


def test_what_cannot_be_done_is_said_in_a_sentence(run, folders, capsys, trained):
    out = str(folders / "out")
    assert main(["morph", "--out", out]) == 2
    assert "Give a friend's photo" in capsys.readouterr().err
    assert main(["morph", "a.jpg", "--dogs", "b", "--out", out]) == 2
    assert "Give a friend's photo" in capsys.readouterr().err
    os.link(folders / "dogs" / "rex.png", folders / "dogs" / "rex.jpg")
    assert "2 photos called rex" in run()[2]
    assert main(["morph", "--friends", str(folders / "nobody"), "--out", out]) == 2
    assert "nobody is not a folder" in capsys.readouterr().err

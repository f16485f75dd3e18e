"""The stages of a morph are told while it is made, to whoever knows its number."""

import os

import anyio
import pytest

from app.progress import END, SLOT, Progress, report
from tests.app.pictures import dog_photo, photo

NUMBER = "0123456789abcdef"


def follow(progress, work):
    """What a listener is told while the work goes on."""
    events = []

    async def listen():
        events.extend([event async for event in progress.follow(NUMBER)])

    async def both():
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(listen)
            await anyio.sleep(0.05)
            await work()

    anyio.run(both)
    return events


def test_a_listener_hears_every_stage_in_order_and_the_end():
    progress = Progress()

    async def work():
        with progress.told(NUMBER):
            report("one")
            report("two")
            await anyio.sleep(0.1)
            await anyio.to_thread.run_sync(report, "three")  # threads report, too
            await anyio.sleep(0.1)

    said = ["data: one\n\n", "data: two\n\n", "data: three\n\n", "event: over\ndata:\n\n"]
    assert follow(progress, work) == said


def test_what_fails_is_over_too_and_nothing_is_kept_that_nobody_listens_to():
    progress = Progress()
    with progress.told(""):
        report("to nobody")
    report("outside")
    assert not progress.memory[:].strip(b"\0")
    with pytest.raises(ValueError, match="no"), progress.told(NUMBER):
        raise ValueError("no")
    assert progress.stages(NUMBER) == [END]


def test_a_late_listener_hears_what_is_over_until_another_number_has_the_place(monkeypatch):
    monkeypatch.setattr("app.progress.SLOTS", 1)
    monkeypatch.setattr("app.progress.PATIENCE", 0.1)
    progress = Progress()

    async def nothing():
        return

    with progress.told(NUMBER):
        report("one")
        assert progress.stages("another") is None
    assert follow(progress, nothing) == ["data: one\n\n", "event: over\ndata:\n\n"]
    with progress.told(NUMBER), progress.told("another"):
        report("two")
    assert progress.stages("another") == ["two", END]
    assert follow(progress, nothing) == []


def test_stages_beyond_what_a_place_holds_are_left_out():
    progress = Progress()
    with progress.told(NUMBER):
        for _ in range(2 * SLOT // len("stage\n")):
            report("stage")
    assert set(progress.stages(NUMBER)) <= {"stage", END}


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_another_process_of_the_server_can_tell():
    progress = Progress()
    if (child := os.fork()) == 0:
        with progress.told(NUMBER):
            report("in another process…")
        os._exit(0)
    os.waitpid(child, 0)
    assert progress.stages(NUMBER) == ["in another process…", END]


def test_nobody_is_told_for_ever(monkeypatch):
    monkeypatch.setattr("app.progress.LONGEST", 0.1)
    progress = Progress()

    async def long():
        with progress.told(NUMBER):
            report("one")
            await anyio.sleep(0.5)

    assert follow(progress, long) == ["data: one\n\n", "event: over\ndata:\n\n"]


def test_who_asks_for_what_nobody_does_is_sent_away(monkeypatch):
    monkeypatch.setattr("app.progress.PATIENCE", 0.1)

    async def nothing():
        return

    assert follow(Progress(), nothing) == []


@pytest.mark.parametrize("number", ["x", "0123", NUMBER + "0", "../../etc/passwd"])
def test_a_number_is_sixteen_digits(client, number):
    files = {"friend": photo(), "dog": dog_photo()}
    assert client.post("/", files=files, params={"progress": number}).status_code == 422

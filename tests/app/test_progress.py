"""The stages of a morph are told while it is made, to whoever knows its number."""

import anyio
import pytest

from app.progress import Progress, report
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
    assert progress.stages == {}


def test_nothing_is_kept_of_what_fails_or_nobody_listens_to():
    progress = Progress()
    with pytest.raises(ValueError, match="no"), progress.told(NUMBER):
        raise ValueError("no")
    with progress.told(""):
        report("to nobody")
    report("outside")
    assert progress.stages == {}


def test_a_late_listener_hears_what_is_over_and_only_the_latest_is_remembered(monkeypatch):
    monkeypatch.setattr("app.progress.RECENT", 2)
    progress = Progress()
    for number in ("first", "second", NUMBER):
        with progress.told(number):
            report("one")

    async def nothing():
        return

    assert follow(progress, nothing) == ["data: one\n\n", "event: over\ndata:\n\n"]
    assert list(progress.recent) == ["second", NUMBER]


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

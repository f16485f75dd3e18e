"""Photos are decoded by children: as well as here, and within bounds."""

import os
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import numpy as np
import pytest

from app.decoding import DUE, TOO_COSTLY, BusyError, DecoderPool, MemoryBudget
from app.messages import Line
from app.settings import Settings
from tests.app.pictures import as_bytes, draw_face, photo
from tests.hostile.files import ODD, jpeg_of_many_scans, webp_of_size
from tests.hostile.server import state_of
from vae_core.errors import (
    PhotoTooLargeError,
    PhotoTooSlowError,
    PhotoTooSmallError,
    UnreadablePhotoError,
)
from vae_core.imaging.photo import BYTES_A_PIXEL, PhotoLimits, read_photo

LIMITS = PhotoLimits()
MEMORY = 300_000_000
SECONDS = 20.0
"""More than any photo here takes, however busy the machine is."""

HURRY = 1.5
ENDLESS = jpeg_of_many_scans(3000, 60_000)
"""A photo that takes minutes."""


@pytest.fixture(scope="module")
def pool():
    with DecoderPool(2, SECONDS, MEMORY, Settings().largest_photo) as pool:
        yield pool


@pytest.fixture(scope="module")
def hasty():
    with DecoderPool(2, HURRY, MEMORY, Settings().largest_photo) as pool:
        for _ in range(2):
            pool(photo(), None, LIMITS)
        yield pool


def pids(pool):
    return {decoder.process.pid for decoder in pool.decoders}


@pytest.mark.parametrize("kind", ODD)
def test_a_child_reads_every_photo_as_the_library_does(pool, kind):
    data = ODD[kind]()
    theirs, ours = pool(data, None, LIMITS), read_photo(data, None, LIMITS)
    assert (theirs.width, theirs.height) == (ours.width, ours.height)
    np.testing.assert_array_equal(np.asarray(theirs.image), np.asarray(ours.image))


def test_a_draft_is_the_librarys_too(pool):
    data = as_bytes(draw_face(1600, 1200))
    theirs, ours = pool(data, 200, LIMITS), read_photo(data, 200, LIMITS)
    assert theirs.image.size == ours.image.size == (400, 300)
    np.testing.assert_array_equal(np.asarray(theirs.image), np.asarray(ours.image))


@pytest.mark.parametrize(
    ("data", "error", "word"),
    [
        (b"", UnreadablePhotoError, "empty"),
        (b"Dear friend", UnreadablePhotoError, "text"),
        (photo()[:-600], UnreadablePhotoError, "damaged"),
        (as_bytes(draw_face(20, 20)), PhotoTooSmallError, "32"),
        (webp_of_size(9400, 9400), PhotoTooLargeError, "megapixels"),
    ],
)
def test_a_refusal_is_handed_on_and_the_child_lives(pool, data, error, word):
    before = pids(pool)
    with pytest.raises(error, match=word):
        pool(data, None, LIMITS)
    assert pids(pool) == before


def test_a_photo_that_takes_too_long_is_given_up_and_its_child_replaced(hasty):
    before, begun = pids(hasty), time.monotonic()
    with pytest.raises(PhotoTooSlowError, match="too long"):
        hasty(ENDLESS, None, LIMITS)
    assert HURRY <= time.monotonic() - begun < HURRY + 3
    assert len(pids(hasty) & before) == 1
    assert len(pids(hasty)) == 2


def test_a_child_that_is_still_starting_is_lent_last():
    with DecoderPool(2, SECONDS, MEMORY, 1_000_000) as pool:
        with pool.lent() as first:
            pass
        with pool.lent() as again, pool.lent() as other:
            assert again is first
            other.kill()
        with pool.lent() as warm, pool.lent() as new:
            assert warm is first
            assert new not in (first, other)


def test_a_photo_that_kills_its_child_is_refused(pool):
    decoder = pool.idle.get()
    pool.idle.put(decoder)
    decoder.wait_until_ready()
    os.kill(decoder.process.pid, signal.SIGSEGV)
    with pytest.raises(UnreadablePhotoError, match="damaged"):
        pool(photo(), None, LIMITS)
    assert pool(photo(), None, LIMITS).width == 120


def test_an_answer_that_is_due_sooner_leaves_less_time(pool):
    def read():
        DUE.set(time.monotonic() + 0.3)
        with pytest.raises(PhotoTooSlowError):
            pool(ENDLESS, None, LIMITS)

    begun = time.monotonic()
    copy_context().run(read)
    assert time.monotonic() - begun < SECONDS / 2


def test_a_photo_that_needs_more_memory_than_there_is_is_refused(pool):
    pixels = MEMORY // BYTES_A_PIXEL["PNG"] + 10_000
    side = int(pixels**0.5) + 1
    before = pids(pool)
    with pytest.raises(PhotoTooLargeError, match=TOO_COSTLY):
        pool(as_bytes(draw_face(side, side), "PNG"), None, LIMITS)
    assert pids(pool) == before
    assert pool.budget.left == MEMORY


def test_a_child_gives_back_what_a_large_photo_took(pool):
    def memory():
        return sum(state_of(decoder.process.pid).memory for decoder in pool.decoders)

    pool(photo(), None, LIMITS)
    before = memory()
    assert pool(as_bytes(draw_face(4000, 4000)), None, LIMITS).image.size == (4000, 4000)
    end = time.monotonic() + 10
    while memory() - before > 30_000_000:
        assert time.monotonic() < end, "it kept the memory"
        time.sleep(0.05)


def test_photos_wait_for_memory_and_for_a_child(pool):
    large = as_bytes(draw_face(3600, 3600))
    with ThreadPoolExecutor(6) as threads:
        read = list(threads.map(lambda _: pool(large, 100, LIMITS).width, range(6)))
    assert read == [3600] * 6
    assert pool.budget.left == MEMORY


def test_whoever_waits_too_long_is_asked_to_come_back():
    budget = MemoryBudget(100)
    budget.take(60, 0)
    with pytest.raises(BusyError):
        budget.take(60, 0.05)
    threading.Timer(0.05, budget.give_back, [60]).start()
    budget.take(60, 5)
    assert budget.left == 40


def test_nothing_of_one_photo_is_left_for_the_next(pool):
    pool(photo("PNG"), None, LIMITS)
    for decoder in pool.decoders:
        with decoder.shared.view(200_000) as memory:
            assert bytes(memory) == bytes(200_000)


@pytest.mark.parametrize("piece", [b"x", b"x" * 5000])
def test_a_child_that_talks_without_end_is_not_listened_to_for_longer(piece):
    ours, theirs = socket.socketpair()
    over = threading.Event()

    def talk():
        while not over.wait(0.02):
            theirs.sendall(piece)

    talking = threading.Thread(target=talk)
    talking.start()
    line, begun = Line(ours), time.monotonic()
    with pytest.raises(TimeoutError):
        line.receive(0.5)
    assert time.monotonic() - begun < 3
    over.set()
    talking.join()
    line.close()
    theirs.close()


def test_children_end_with_the_pool():
    with DecoderPool(2, SECONDS, MEMORY, 1_000_000) as pool:
        processes = [decoder.process for decoder in pool.decoders]
        pool(photo(), None, PhotoLimits(pixels=300_000))
    assert all(process.returncode is not None for process in processes)


def test_no_child_is_started_in_the_place_of_one_that_ended_with_the_pool():
    with DecoderPool(1, SECONDS, MEMORY, 1_000_000) as pool:
        (decoder,) = pool.decoders
        lent = pool.lent()
        lent.__enter__()
    lent.__exit__(None, None, None)
    assert pool.decoders == {decoder}
    with DecoderPool(1, SECONDS, MEMORY, 1_000_000) as pool, pool.lent() as decoder:
        decoder.kill()
    assert decoder not in pool.decoders


def test_children_end_by_themselves_when_the_server_is_gone():
    with DecoderPool(1, SECONDS, MEMORY, 1_000_000) as pool:
        (decoder,) = pool.decoders
        decoder.wait_until_ready()
        decoder.line.close()
        assert decoder.process.wait(5) == 0


def test_children_do_not_listen_to_signals_that_stop_the_server():
    with DecoderPool(1, SECONDS, MEMORY, 1_000_000) as pool:
        (decoder,) = pool.decoders
        decoder.wait_until_ready()
        for number in (signal.SIGINT, signal.SIGTERM):
            os.kill(decoder.process.pid, number)
        assert pool(photo(), None, PhotoLimits(pixels=300_000)).width == 120

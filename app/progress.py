"""What the server is at, told to whoever waits for it."""

import mmap
import time
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from functools import partial
from typing import ParamSpec, TypeVar

import anyio

from app.decoding import check_time

P = ParamSpec("P")
T = TypeVar("T")

LONGEST = 12.0
"""Seconds for which a listener is told; by then an answer is there, or refused."""

PATIENCE = 2.0
"""Seconds for which a number may be unknown."""

SLOTS, SLOT = 256, 1024
"""How many numbers are remembered at the same time, and in how many bytes each."""

PAUSE = 0.04
"""Seconds between two looks."""

END = ""
"""What stands after the last stage."""

REPORT: ContextVar[Callable[[str], None]] = ContextVar("report", default=lambda stage: None)


def report(stage: str) -> None:
    """Say what comes next, to whoever asked for the work of this context.

    BusyError if it is too late for that: nobody waits any more.
    """
    check_time()
    REPORT.get()(stage)


def quietly(
    threads: Executor, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> Future[T]:
    """Begin a part of this context's work on another thread, where nothing is said of it."""
    context = copy_context()
    context.run(REPORT.set, lambda stage: None)
    return threads.submit(partial(context.run, partial(work, *args, **kwargs)))


class Progress:
    """The stages of what is under way, by numbers that the senders chose.

    They stand in memory that all processes of a server see, since a listener may reach another
    process than the one that works. A slot holds a number and then stages, a line each, which are
    only ever added to: a line without its end is still being written. It is kept, for listeners
    that come late, until another number falls into the same slot.
    """

    def __init__(self) -> None:
        self.memory = mmap.mmap(-1, SLOTS * SLOT)

    @contextmanager
    def told(self, number: str) -> Iterator[None]:
        """Keep what is reported inside the block under a number; without one, keep nothing."""
        if not number:
            yield
            return
        begin = slot_of(number)
        self.memory[begin : begin + SLOT] = f"{number}\n".encode().ljust(SLOT, b"\0")
        token = REPORT.set(partial(self.add, number))
        try:
            yield
        finally:
            REPORT.reset(token)
            self.add(number, END)

    def add(self, number: str, stage: str) -> None:
        """Write a stage below the others, if there is room and the slot is still this number's."""
        begin, line = slot_of(number), f"{stage}\n".encode()
        written = self.memory[begin : begin + SLOT].rstrip(b"\0")
        if written.startswith(number.encode()) and len(written) + len(line) <= SLOT:
            begin += len(written)
            self.memory[begin : begin + len(line)] = line

    def stages(self, number: str) -> list[str] | None:
        """Return the stages so far; None if nobody works under that number, or has lately."""
        begin = slot_of(number)
        first, *lines = self.memory[begin : begin + SLOT].rstrip(b"\0").split(b"\n")
        return [line.decode() for line in lines[:-1]] if first == number.encode() else None

    async def follow(self, number: str) -> AsyncIterator[str]:
        """Yield server-sent events: each stage as it begins, and ``over`` at the end.

        Of a number that nobody works under nothing is told; a browser asks again by itself.
        """
        begun, told = time.monotonic(), 0
        while time.monotonic() < begun + LONGEST:
            stages = self.stages(number)
            if stages is None and time.monotonic() > begun + PATIENCE:
                return
            for stage in (stages or [])[told:]:
                told += 1
                if stage == END:
                    yield "event: over\ndata:\n\n"
                    return
                yield f"data: {stage}\n\n"
            await anyio.sleep(PAUSE)
        yield "event: over\ndata:\n\n"


def slot_of(number: str) -> int:
    """Return where a number's slot begins."""
    return zlib.crc32(number.encode()) % SLOTS * SLOT

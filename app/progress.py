"""What the server is at, told to whoever waits for it."""

import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from functools import partial
from typing import ParamSpec, TypeVar

import anyio

P = ParamSpec("P")
T = TypeVar("T")

LONGEST = 12.0
"""Seconds for which a listener is told; by then an answer is there, or refused."""

PATIENCE = 2.0
"""Seconds for which a number may be unknown."""

RECENT = 64
"""Numbers that are remembered when their work is over."""

PAUSE = 0.04
"""Seconds between two looks."""

REPORT: ContextVar[Callable[[str], None]] = ContextVar("report", default=lambda stage: None)


def report(stage: str) -> None:
    """Say what comes next, to whoever asked for the work of this context."""
    REPORT.get()(stage)


def quietly(
    threads: Executor, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> Future[T]:
    """Begin a part of this context's work on another thread, where nothing is said of it."""
    context = copy_context()
    context.run(REPORT.set, lambda stage: None)
    return threads.submit(partial(context.run, partial(work, *args, **kwargs)))


class Progress:
    """The stages of what is under way, by numbers that the senders chose."""

    def __init__(self) -> None:
        self.stages: dict[str, list[str]] = {}
        self.recent: dict[str, list[str]] = {}
        """Those of what is over, for listeners that come late."""

    @contextmanager
    def told(self, number: str) -> Iterator[None]:
        """Keep what is reported inside the block under a number; without one, keep nothing."""
        if not number:
            yield
            return
        stages = self.stages[number] = []
        token = REPORT.set(stages.append)
        try:
            yield
        finally:
            REPORT.reset(token)
            self.recent[number] = self.stages.pop(number, stages)
            while len(self.recent) > RECENT:
                self.recent.pop(next(iter(self.recent)))

    async def follow(self, number: str) -> AsyncIterator[str]:
        """Yield server-sent events: each stage as it begins, and ``over`` at the end.

        Of a number that nobody works under nothing is told; a browser asks again by itself.
        """
        begun = time.monotonic()
        while number not in self.stages and number not in self.recent:
            if time.monotonic() > begun + PATIENCE:
                return
            await anyio.sleep(PAUSE)
        stages, told = self.stages.get(number, self.recent.get(number, [])), 0
        while time.monotonic() < begun + LONGEST:
            over = number not in self.stages
            for stage in stages[told:]:
                told += 1
                yield f"data: {stage}\n\n"
            if over:
                break
            await anyio.sleep(PAUSE)
        yield "event: over\ndata:\n\n"

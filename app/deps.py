"""What every handler may ask for, made once when the server starts."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from threading import Event
from typing import Annotated, ParamSpec, TypeVar

from fastapi import Depends, Request

from app.decoding import GIVEN_UP, MemoryBudget
from app.intake import GONE, VanishedError
from app.metrics import Metrics
from app.morphing import Morpher
from app.progress import Progress
from app.settings import Settings

P = ParamSpec("P")
T = TypeVar("T")

GLANCE = 0.1
"""Seconds between two looks at whether the client is still there."""


@dataclass(frozen=True)
class Services:
    """The service object, the threads it works on, and what is made once."""

    settings: Settings
    morpher: Morpher
    threads: Executor
    frames: MemoryBudget
    """Memory for the frames of all morphs together that are being made."""
    example: Callable[[], Mapping[str, bytes]]
    """Makes, once, a morph from the default model's own latents: a strip, by the file's kind."""
    progress: Progress
    metrics: Metrics
    ready: Callable[[], bool]
    """Whether photos can be decoded."""

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do a piece of work on a thread, a bounded number at a time: the event loop stays free.

        Work that is given up before it begins is never done. What has begun goes on to its next
        :func:`~app.decoding.check_time` and keeps its thread until then, but nobody waits for it.
        VanishedError when the client goes before the work is done.
        """
        context, given_up = copy_context(), Event()
        context.run(GIVEN_UP.set, given_up)
        call = partial(context.run, partial(work, *args, **kwargs))
        future = asyncio.get_running_loop().run_in_executor(self.threads, call)
        try:
            while not future.done():
                await asyncio.wait([future], timeout=GLANCE)
                if not future.done() and await GONE.get()():
                    raise VanishedError
            return future.result()
        finally:
            future.cancel()
            given_up.set()


def services(request: Request) -> Services:
    """Return the services of the application that the request came to."""
    found: Services = request.state.services
    return found


ServicesDep = Annotated[Services, Depends(services)]

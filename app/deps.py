"""What every handler may ask for, made once when the server starts."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from typing import Annotated, ParamSpec, TypeVar

from fastapi import Depends, Request

from app.decoding import MemoryBudget
from app.metrics import Metrics
from app.morphing import Morpher
from app.progress import Progress
from app.settings import Settings

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Services:
    """The service object, the threads it works on, and what was made beforehand."""

    settings: Settings
    morpher: Morpher
    threads: Executor
    frames: MemoryBudget
    """Memory for the frames of all morphs together that are being made."""
    example: Mapping[str, bytes]
    """A morph from latents that the default model brings along, as a strip: by the file's kind."""
    progress: Progress
    metrics: Metrics
    ready: Callable[[], bool]
    """Whether photos can be decoded."""

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do a piece of work on a thread, a bounded number at a time: the event loop stays free.

        Work that is given up before it begins is never done. What has begun goes on to its end and
        keeps its thread until then, but nobody waits for it.
        """
        call = partial(copy_context().run, partial(work, *args, **kwargs))
        return await asyncio.get_running_loop().run_in_executor(self.threads, call)


def services(request: Request) -> Services:
    """Return the services of the application that the request came to."""
    found: Services = request.state.services
    return found


ServicesDep = Annotated[Services, Depends(services)]

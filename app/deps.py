"""What every handler may ask for, made once when the server starts."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, ParamSpec, TypeVar

import anyio
import anyio.to_thread
from fastapi import Depends, Request

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
    limiter: anyio.CapacityLimiter
    example: bytes | None
    """A morph from latents that the default model brings along, as a PNG strip."""
    progress: Progress = field(default_factory=Progress)

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do a piece of work on a thread, a bounded number at a time: the event loop stays free."""
        call = partial(work, *args, **kwargs)
        return await anyio.to_thread.run_sync(call, limiter=self.limiter)


def services(request: Request) -> Services:
    """Return the services of the application that the request came to."""
    found: Services = request.state.services
    return found


ServicesDep = Annotated[Services, Depends(services)]

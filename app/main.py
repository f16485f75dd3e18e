"""create_app: the rooms of the application, put together."""

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import cache, partial

import anyio
import anyio.to_thread
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartParser
from starlette.routing import Route

from app import api, gallery, pages
from app.assets import ASSETS
from app.decoding import DecoderPool, MemoryBudget
from app.deps import Services
from app.errors import INTERNAL, ProblemAnswer, headers_of, problem_of
from app.headers import HEADERS, SecurityHeaders
from app.intake import Intake
from app.journal import REQUEST_ID, Journal
from app.metrics import Metrics
from app.morphing import Morpher
from app.packing import Packing
from app.progress import Progress
from app.rendering import strips
from app.settings import Settings
from app.visitors import Visitors
from vae_core import __version__
from vae_core.errors import DogpeopleError
from vae_core.memory import give_memory_back

DESCRIPTION = (
    "Two photos in, the faces between them out. A variational autoencoder, written by hand, finds "
    "both faces in one latent space and walks from one to the other. Photos are used for the "
    "answer and never stored."
)


ROUTERS = (pages.router, gallery.router, api.router, api.health)

PAUSE = 2.0
"""Seconds after which memory is given back again."""

MultiPartParser.spool_max_size = 0
"""Uploads stay in memory, whatever their size, and never pass through a file on disk."""


def create_app(settings: Settings | None = None, morpher: Morpher | None = None) -> FastAPI:
    """One application per settings object, so that every test can make its own.

    morpher: what serves instead of the settings' models.  Raises CheckpointError when there is no
    model to serve.
    """
    settings = settings or Settings.from_env()
    morpher = morpher or Morpher.from_settings(settings)
    progress = Progress()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Services]]:
        threads = ThreadPoolExecutor(settings.hands)
        memory = MemoryBudget(settings.max_frames_bytes)
        async with anyio.create_task_group() as tasks:
            with DecoderPool.from_settings(settings, morpher.finder_file) as pool:
                watch_decoders(metrics, pool)
                tasks.start_soon(keep_giving_back)
                tasks.start_soon(metrics.keep_looking)
                tasks.start_soon(get_ready, pool)
                finder = pool if morpher.finder_file else morpher.finder
                service = replace(morpher, read=pool, finder=finder)
                yield {
                    "services": Services(
                        settings=settings,
                        morpher=service,
                        threads=threads,
                        frames=memory,
                        example=cache(partial(example_strips, morpher)),
                        progress=progress,
                        metrics=metrics,
                        ready=lambda: pool.ready,
                    )
                }
                tasks.cancel_scope.cancel()
                threads.shutdown(wait=False, cancel_futures=True)  # nobody waits for it any more

    app = FastAPI(
        title="dogpeople",
        version=__version__,
        description=DESCRIPTION,
        lifespan=lifespan,
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
        form_limits={
            "max_files": settings.max_files,
            "max_fields": settings.max_fields,
            "max_part_size": settings.max_field_bytes,
        },
    )
    for router in ROUTERS:
        app.include_router(router)
    app.mount("/static", ASSETS, name="static")
    for error in (DogpeopleError, RequestValidationError, HTTPException):
        app.add_exception_handler(error, refuse)
    app.add_exception_handler(Exception, break_down)
    metrics = app.state.metrics = Metrics(routes(), settings.workers)
    app.add_middleware(Packing)
    app.add_middleware(Intake, settings=settings, refuse=refuse, metrics=metrics)
    app.add_middleware(Visitors, settings=settings, refuse=refuse)
    app.add_middleware(Journal, metrics=metrics)
    app.add_middleware(SecurityHeaders)
    return app


def example_strips(morpher: Morpher) -> dict[str, bytes]:
    """Return the example's strips by their format; none if the model brings no example."""
    frames = morpher.example()
    return {} if frames is None else strips(frames)


def routes() -> list[tuple[str, str]]:
    """Return every method and path that is answered to."""
    found = [r for router in ROUTERS for r in router.routes if isinstance(r, Route)]
    return [(method, route.path) for route in found for method in sorted(route.methods or ())]


async def get_ready(pool: DecoderPool) -> None:
    """Return when a photo could be decoded."""
    while not pool.ready:
        with suppress(DogpeopleError):
            await anyio.to_thread.run_sync(pool.wait_until_ready, abandon_on_cancel=True)
        await anyio.sleep(0)


def watch_decoders(metrics: Metrics, pool: DecoderPool) -> None:
    """Have the metrics look at the children."""
    metrics.watch("dogpeople_decoders", lambda: len(pool.decoders))
    metrics.watch("dogpeople_decoders_busy", lambda: len(pool.decoders) - pool.idle.qsize())
    metrics.watch("dogpeople_decoders_replaced_total", lambda: pool.replaced)


async def keep_giving_back() -> None:
    """Give memory back now and then, until cancelled."""
    while True:
        await anyio.sleep(PAUSE)
        await anyio.to_thread.run_sync(give_memory_back)


async def refuse(request: Request, error: Exception) -> Response:
    """Answer what cannot be done: to a person on a page, to a program as JSON."""
    problem = problem_of(error)
    if pages.is_for_people(request):
        page = pages.problem_page(request, problem)
        page.headers.update(headers_of(error, problem.status))
        return page
    return ProblemAnswer(problem, headers_of(error, problem.status))


async def break_down(request: Request, error: Exception) -> Response:
    """Answer for a mistake of ours; the server's log has the traceback."""
    number = getattr(request.state, "request_id", "")
    return ProblemAnswer(INTERNAL, HEADERS | {REQUEST_ID: number})

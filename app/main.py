"""create_app: the rooms of the application, put together."""

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace

import anyio
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartParser

from app import api, gallery, pages
from app.assets import ASSETS
from app.decoding import DecoderPool, MemoryBudget
from app.deps import Services
from app.errors import INTERNAL, ProblemAnswer, headers_of, problem_of
from app.headers import HEADERS, SecurityHeaders
from app.intake import Intake
from app.journal import REQUEST_ID, Journal
from app.memory import keep_giving_back
from app.morphing import Morpher
from app.packing import Packing
from app.portraits import FaceFinder
from app.rendering import strips
from app.settings import Settings
from app.visitors import Visitors
from vae_core import __version__
from vae_core.errors import DogpeopleError

DESCRIPTION = (
    "Two photos in, the faces between them out. A variational autoencoder, written by hand, finds "
    "both faces in one latent space and walks from one to the other. Photos are used for the "
    "answer and never stored."
)


MultiPartParser.spool_max_size = 0
"""Uploads stay in memory, whatever their size, and never pass through a file on disk."""


def create_app(settings: Settings | None = None, finder: FaceFinder | None = None) -> FastAPI:
    """One application per settings object, so that every test can make its own.

    finder: one to use instead of the models folder's. Raises CheckpointError when there is no
    model to serve.
    """
    settings = settings or Settings.from_env()
    morpher = Morpher.from_folder(settings.models, settings.model, settings.photo_limits, finder)
    frames = morpher.example()
    example = {} if frames is None else strips(frames)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Services]]:
        threads = ThreadPoolExecutor(settings.workers)
        frames = MemoryBudget(settings.max_frames_bytes)
        async with anyio.create_task_group() as tasks:
            with decoder_pool(settings) as read:
                tasks.start_soon(keep_giving_back)
                service = replace(morpher, read=read)
                yield {"services": Services(settings, service, threads, frames, example)}
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
    app.include_router(pages.router)
    app.include_router(gallery.router)
    app.include_router(api.router)
    app.include_router(api.health)
    app.mount("/static", ASSETS, name="static")
    for error in (DogpeopleError, RequestValidationError, HTTPException):
        app.add_exception_handler(error, refuse)
    app.add_exception_handler(Exception, break_down)
    app.add_middleware(Packing)
    app.add_middleware(Intake, settings=settings, refuse=refuse)
    app.add_middleware(Visitors, settings=settings, refuse=refuse)
    app.add_middleware(Journal)
    app.add_middleware(SecurityHeaders)
    return app


def decoder_pool(settings: Settings) -> DecoderPool:
    """Start the children that decode photos."""
    return DecoderPool(
        settings.workers,
        settings.decode_seconds,
        settings.max_decode_bytes,
        settings.largest_photo,
    )


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

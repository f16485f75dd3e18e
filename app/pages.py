"""The pages that people see. They work without JavaScript; with it, they are less work."""

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.templating import Jinja2Templates
from starlette.exceptions import HTTPException

from app.api import face_of
from app.deps import ServicesDep, services
from app.forms import MorphForm, morph_of
from app.headers import REVALIDATE
from app.morphing import EXAMPLE_STEPS
from app.rendering import Playback, frames_url
from app.schemas import Face, Problem
from app.settings import ROOT
from vae_core.morph import Encoded, Morph

STEPS = {11: "11, quick", 25: "25, smooth", 64: "64, silky"}

LIKENESS = (
    (25, "A faithful likeness", "It came out better than most faces that the model learnt from."),
    (75, "A fair likeness", "It came out as well as the faces that the model learnt from."),
    (95, "A loose likeness", "Most faces that the model learnt from came out better."),
    (100, "Hardly a likeness", "Try a photo that looks at you and where the face fills the frame."),
)
"""Up to which percentile of the training pictures' losses a face is called what."""

templates = Jinja2Templates(ROOT / "templates")
router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class Likeness:
    """One face as the model saw and redrew it, and in words how well."""

    face: Face
    title: str
    advice: str


@dataclass(frozen=True)
class Result:
    """A morph, ready to be put into the page: every picture is a data URL."""

    steps: int
    strip: str
    gif: str
    webp: str
    friend: Likeness
    dog: Likeness | None
    notes: list[str]


@router.get("/")
async def home(request: Request) -> Response:
    """Show the empty page, with the model's own example."""
    return page(request)


@router.post("/")
async def morph(
    request: Request, services: ServicesDep, form: Annotated[MorphForm, Depends()]
) -> Response:
    """Show the page with the morph in it; no JavaScript is needed, and nothing is kept."""
    wrap = partial(result_of, playback=form.playback)
    result = await morph_of(form, services, wrap, strict=False)
    return page(request, result=result)


@router.get("/example.png")
async def example(services: ServicesDep) -> Response:
    """Show a morph between two latents of the model's own, as a strip."""
    if services.example is None:
        raise HTTPException(404)
    return Response(services.example, media_type="image/png", headers={"Cache-Control": REVALIDATE})


@router.get("/docs")
async def docs(request: Request) -> Response:
    """Show the API's documentation, from files of our own."""
    return templates.TemplateResponse(request, "docs.html")


def page(
    request: Request, result: Result | None = None, problem: Problem | None = None
) -> Response:
    """Render the one page, with a result, a problem or neither."""
    found = services(request)
    morpher = found.morpher
    context: dict[str, Any] = {
        "result": result,
        "problem": problem,
        "steps": STEPS,
        "models": [name for name, c in morpher.checkpoints.items() if c.frame.aligns],
        "default": morpher.default,
        "example_steps": EXAMPLE_STEPS if found.example else None,
    }
    status = problem.status if problem else 200
    return templates.TemplateResponse(request, "home.html", context, status)


def problem_page(request: Request, problem: Problem) -> Response:
    """Show a problem where a person can mend it: on the form, if it came from there."""
    if request.url.path == "/" and request.method == "POST":
        return page(request, problem=problem)
    return templates.TemplateResponse(request, "problem.html", {"problem": problem}, problem.status)


def is_for_people(request: Request) -> bool:
    """Tell whether a page is expected back: from the form, or by a browser outside the API."""
    path = request.url.path
    accepts = request.headers.get("accept", "")
    return path == "/" or ("text/html" in accepts and not path.startswith("/api/"))


def result_of(morph: Morph, notes: list[str], playback: Playback) -> Result:
    """Render everything that the page shows and offers for download."""
    return Result(
        steps=len(morph.frames),
        strip=frames_url(morph.frames, "strip"),
        gif=frames_url(morph.frames, "gif", playback),
        webp=frames_url(morph.frames, "webp", playback),
        friend=likeness_of(morph.friend),
        dog=likeness_of(morph.dog) if morph.dog else None,
        notes=notes,
    )


def likeness_of(encoded: Encoded) -> Likeness:
    """Say in words how faithful the model is to a face."""
    title, advice = next(
        (title, advice) for limit, title, advice in LIKENESS if encoded.percentile <= limit
    )
    return Likeness(face_of(encoded), title, advice)

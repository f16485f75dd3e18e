"""The pages that people see. They work without JavaScript; with it, they are less work."""

from dataclasses import MISSING, fields
from types import SimpleNamespace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.templating import Jinja2Templates
from starlette.exceptions import HTTPException
from starlette.responses import StreamingResponse

from app.assets import ASSETS
from app.deps import ServicesDep, services
from app.forms import MorphForm, morph_of
from app.headers import WHILE
from app.morphing import EXAMPLE_STEPS
from app.progress import report
from app.reference import Reference, code
from app.rendering import RENDERINGS
from app.results import FILES, Result, pictures_of, result_of
from app.schemas import Problem
from app.settings import ROOT
from app.sharing import Shared
from vae_core.directions import NEAREST
from vae_core.morph import Morph

CHOICES: dict[str, dict[Any, str]] = {
    "steps": {11: "11, quick", 25: "25, smooth", 64: "64, silky"},
    "sizes": {"": "Small", 256: "Medium", 512: "Large"},
    "walks": {
        "linear": "Straight",
        "spherical": "In an arc",
        "norm": "Straight, at full strength",
        "principal": "The coarse first",
        "even": "The same change each frame",
    },
    "easings": {"linear": "At once", "smooth": "Gently"},
    "speeds": {6: "Slow", 12: "Normal", 24: "Fast"},
    "directions": {"true": "To and fro", "false": "One way"},
    "holds": {0: "No", 6: "A moment", 18: "A while"},
}
"""What the page's lists offer, and in which words."""

LABELS = {"gif": "GIF", "webp": "WebP", "zip": "Frames"}

DEFAULTS = {f.name: f.default for f in fields(MorphForm) if f.default is not MISSING}
UNCHOSEN = SimpleNamespace(**DEFAULTS | {"size": 256, "dog_name": NEAREST})
"""A form that nobody has filled in; on a screen frames are larger than most models' own."""

templates = Jinja2Templates(ROOT / "templates")
templates.env.globals["assets"] = ASSETS
templates.env.filters["code"] = code
router = APIRouter(include_in_schema=False)


@router.get("/")
async def home(request: Request) -> Response:
    """Show the empty page, with the model's own example."""
    return page(request)


@router.post("/")
async def morph(
    request: Request,
    services: ServicesDep,
    form: Annotated[MorphForm, Depends()],
    files: Annotated[Literal["now", "later"], Query()] = "now",
    progress: Annotated[str, Query(pattern="^([0-9a-f]{16})?$")] = "",
) -> Response:
    """Show the page with the morph in it; no JavaScript is needed, and nothing is kept.

    files: whether downloads come with it; a script asks the API for one when it is wanted.
    progress: a number under which the stages are told meanwhile.
    """

    def wrap(made: Morph, notes: list[str]) -> Result:
        report("Laying the frames side by side…")
        shared = Shared.of(made.latents, services.morpher.checkpoint(form.model).name, form)
        return result_of(made, notes, shared, FILES if files == "now" else ())

    with services.progress.told(progress):
        result = await morph_of(form, services, wrap, strict=False)
    return page(request, form, result=result)


@router.get("/progress/{number}")
async def progress(services: ServicesDep, number: str) -> Response:
    """Tell the stages of a morph as they begin, as server-sent events."""
    events = services.progress.follow(number)
    return StreamingResponse(events, media_type="text/event-stream")


@router.get("/shared")
async def shared_morph(
    request: Request, services: ServicesDep, shared: Annotated[Shared, Depends()]
) -> Response:
    """Show the morph that an address describes, as the model imagines it."""

    def work() -> Result:
        frames = services.morpher.imagine(*shared.ends, shared.manner, shared.model)
        return pictures_of(frames, shared)

    return page(request, result=await services.run(work), shared=shared)


@router.get("/shared.png")
async def shared_preview(services: ServicesDep, shared: Annotated[Shared, Depends()]) -> Response:
    """Show three frames of it, for whoever previews a link."""
    frames = await services.run(services.morpher.preview, *shared.ends, shared.manner, shared.model)
    png = await services.run(RENDERINGS["strip"].render, frames, shared.address)
    return Response(png, media_type="image/png", headers={"Cache-Control": WHILE})


@router.get("/example.{kind}")
async def example(services: ServicesDep, kind: str) -> Response:
    """Show a morph between two latents of the model's own, as a strip."""
    made = await services.run(services.example)
    if kind not in made:
        raise HTTPException(404)
    headers = {"Cache-Control": WHILE}
    return Response(made[kind], media_type=f"image/{kind}", headers=headers)


@router.get("/dogs/{model}/{name}.webp")
async def dog(services: ServicesDep, model: str, name: str) -> Response:
    """Show a dog that a model knows by name."""
    picture = await services.run(services.morpher.dog, name, model)
    webp = await services.run(RENDERINGS["webp"].render, picture[None])
    return Response(webp, media_type="image/webp", headers={"Cache-Control": WHILE})


@router.get("/docs")
async def docs(request: Request) -> Response:
    """Show the API's documentation."""
    reference = Reference(request.app.openapi(), address_of(request))
    context = {"operations": reference.operations(), "about": request.app.description}
    return templates.TemplateResponse(request, "docs.html", context)


def page(
    request: Request,
    form: MorphForm | None = None,
    result: Result | None = None,
    problem: Problem | None = None,
    shared: Shared | None = None,
) -> Response:
    """Render the one page, with a result, a problem or neither, and the form as it was sent."""
    found = services(request)
    morpher = found.morpher
    context: dict[str, Any] = {
        "result": result,
        "problem": problem,
        "chosen": form or UNCHOSEN,
        "dogs": list(morpher.checkpoint().metadata.get("dogs", {})),
        "models": [name for name, c in morpher.checkpoints.items() if c.frame.aligns],
        "default": morpher.default,
        "example_steps": EXAMPLE_STEPS if morpher.has_example else None,
        "labels": LABELS,
        "shared": shared,
        "here": address_of(request),
    }
    status = problem.status if problem else 200
    return templates.TemplateResponse(request, "home.html", context | CHOICES, status)


def address_of(request: Request) -> str:
    """Return where the server is, as the visitor sees it."""
    return str(request.base_url).rstrip("/")


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

"""Pages to look around in: latent space, the plane of digits, how it all works."""

import json
from functools import cache
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from starlette.exceptions import HTTPException

from app.deps import ServicesDep, services
from app.headers import WHILE
from app.morphing import Morpher
from app.pages import templates
from app.rendering import RENDERINGS, data_url
from app.settings import ROOT
from app.sharing import unpack
from vae_core.checkpoint import Checkpoint
from vae_core.imaging.render import in_rows
from vae_core.trials import Trial, trials

POINTS = ROOT / "static" / "digits"
"""Where digits are in a model's plane, made by ``python -m vae_core scatter``: NAME.json."""

GRID = 20
"""Digits in a row of a plane, and rows."""

router = APIRouter(include_in_schema=False)


@router.get("/explore")
async def explore(
    request: Request,
    model: str = "",
    face: Annotated[str, Query(max_length=8192, description="As in a link that is shared.")] = "",
) -> Response:
    """Show the sliders through a model's latent space; LatentsError if the face is none of its."""
    morpher = services(request).morpher
    name = exploring(morpher, model)
    latent = None
    if name and face:
        [latent] = morpher.latents([unpack(face).tolist()], morpher.checkpoint(name)).tolist()
    context = {"model": name, "face": json.dumps(latent) if latent else ""}
    return templates.TemplateResponse(request, "explore.html", context)


def exploring(morpher: Morpher, wanted: str) -> str:
    """Return the model that can be explored: the one that is wanted, or else the first."""
    able = [name for name, c in morpher.checkpoints.items() if "species" in c.metadata]
    first = morpher.default if morpher.default in able else next(iter(able), "")
    return wanted if wanted in able else first


@router.get("/digits")
async def digits(request: Request) -> Response:
    """Show the planes of the models that have one."""
    morpher = services(request).morpher
    planes = [c for name, c in morpher.checkpoints.items() if name in extents()]
    described = sorted(map(plane_of, planes), key=lambda plane: plane["beta"])
    context = {"planes": described, "side": GRID}
    return templates.TemplateResponse(request, "digits.html", context)


@router.get("/digits/{model}.png")
async def digit_grid(services: ServicesDep, model: str) -> Response:
    """Show what a model decodes all over its plane."""
    if model not in services.morpher.checkpoints or model not in extents():
        raise HTTPException(404)
    grid = await services.run(services.morpher.grid, extents()[model], GRID, model)
    png = await services.run(RENDERINGS["strip"].render, grid[None])
    return Response(png, media_type="image/png", headers={"Cache-Control": WHILE})


@router.get("/how")
async def how(request: Request) -> Response:
    """Tell what a variational autoencoder is, with pictures of our own models."""
    found = services(request)
    checkpoint = found.morpher.checkpoint()
    digits = found.morpher.checkpoints.get("mnist-ramp")
    tried, picture = await found.run(tried_on, checkpoint)
    context: dict[str, Any] = {
        "model": checkpoint,
        "example": found.morpher.has_example,
        "digits": digits if digits and digits.name in extents() else None,
        "dogs": list(checkpoint.metadata.get("dogs", {}))[:6],
        "tried": tried,
        "tried_on": picture,
    }
    return templates.TemplateResponse(request, "how.html", context)


def tried_on(checkpoint: Checkpoint) -> tuple[list[Trial], str]:
    """Return what a model redraws well and badly, and the data URL of a picture of it."""
    tried, pictures = trials(checkpoint)
    if not tried:
        return [], ""
    picture = in_rows(pictures, len(tried))
    return tried, data_url(RENDERINGS["webp"].render(picture[None]), "image/webp")


@cache
def extents() -> dict[str, list[list[float]]]:
    """Read which part of its plane each model's digits are in; what is not there is not known."""
    paths = POINTS.glob("*.json")
    return {path.stem: json.loads(path.read_text("utf-8"))["extent"] for path in paths}


def plane_of(checkpoint: Checkpoint) -> dict[str, Any]:
    """Say what a model's plane is called, and how it came about."""
    settings = checkpoint.metadata.get("settings", {})
    return {
        "name": checkpoint.name,
        "beta": settings.get("beta", 0),
        "losses": checkpoint.metadata.get("losses", {}),
    }

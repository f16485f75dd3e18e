"""Pages to look around in: latent space, the plane of digits, how it all works."""

import json
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.deps import services
from app.morphing import Morpher
from app.pages import templates
from app.settings import ROOT
from app.sharing import unpack

POINTS = ROOT / "static" / "digits"
"""Where digits are in a model's plane, made by ``python -m vae_core scatter``: NAME.json."""

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

"""The REST API: parse, call one method, wrap."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query, Response
from starlette.responses import JSONResponse, PlainTextResponse

from app.answers import align_answer, describe, face_of, morph_answer, picture_answer, picture_urls
from app.deps import ServicesDep
from app.forms import MorphForm, PhotoField, PortraitForm, morph_of, read_portrait, read_upload
from app.metrics import MEDIA_TYPE
from app.rendering import (
    RENDERINGS,
    preview_url,
)
from app.schemas import (
    MAX_STEPS,
    AlignAnswer,
    DecodeAnswer,
    DecodeBody,
    DirectionsAnswer,
    EncodeAnswer,
    FacesAnswer,
    Format,
    Health,
    Kind,
    ModelsAnswer,
    MorphAnswer,
    PictureFormat,
    Problem,
    SamplesAnswer,
)
from app.sharing import Shared
from vae_core.morph import Morph

PROBLEMS: dict[int | str, dict[str, Any]] = {
    "4XX": {
        "description": "What is wrong, in one sentence for a person (RFC 9457).",
        "content": {"application/problem+json": {"schema": Problem.model_json_schema()}},
    }
}
PICTURES: dict[str, Any] = {
    rendering.media_type: {"schema": {"type": "string", "format": "binary"}}
    for rendering in RENDERINGS.values()
}
FORMATS = (
    "`strip`: one PNG, the frames side by side. `gif`, `webp`: an animation that loops. "
    "`zip`: each frame as a PNG. `json`: the frames as data URLs, and the latents."
)

ModelQuery = Annotated[
    str, Query(description="A name from `/api/v1/models`; the default model when left out.")
]

health = APIRouter(tags=["server"])
router = APIRouter(prefix="/api/v1", tags=["morph"], responses=PROBLEMS)


@router.post(
    "/morph",
    summary="A friend's photo in, and a dog's if there is one; a morph out",
    response_class=Response,
    responses={200: {"model": MorphAnswer, "content": PICTURES, "description": FORMATS}},
)
async def morph(
    services: ServicesDep,
    form: Annotated[MorphForm, Depends()],
    format: Annotated[Format, Form(description=FORMATS)] = "strip",
) -> Response:
    """Encode a friend and a dog, walk from one latent to the other, and decode every step.

    Without a photo of a dog the model imagines one: of that name, or drawn by that seed, or else
    the friend as a dog.
    """

    def wrap(result: Morph, notes: list[str]) -> Response:
        name = services.morpher.checkpoint(form.model).name
        address = Shared.of(result.latents, name, form).address
        if format != "json":
            how = format, "friend-to-dog", form.playback, address
            return picture_answer(result.frames, *how)
        return morph_answer(result, notes, name, form, address)

    return await morph_of(form, services, wrap)


@router.post("/faces", summary="One photo in, all its faces out")
async def faces(
    services: ServicesDep,
    photo: PhotoField,
    preview: Annotated[bool, Form(description="Whether to answer with a small copy, too.")] = False,
) -> FacesAnswer:
    """Find every face of a person or a dog, and its eyes, nose and mouth."""
    data = await read_upload(photo, services)

    def work() -> FacesAnswer:
        read, found = services.morpher.faces(data)
        url = preview_url(read) if preview else None
        described: Any = [face.to_json() for face in found]
        return FacesAnswer(width=read.width, height=read.height, faces=described, preview=url)

    return await services.run(work)


@router.post(
    "/align",
    summary="One photo in, what the model sees of it out",
    response_class=Response,
    responses={200: {"model": AlignAnswer, "content": {"image/png": PICTURES["image/png"]}}},
)
async def align(
    services: ServicesDep,
    form: Annotated[PortraitForm, Depends()],
    format: Annotated[PictureFormat, Form(description="`json`: with the landmarks.")] = "png",
) -> Response:
    """Bring a face to the same pose as all others."""
    portrait = await read_portrait(form, services)

    def work() -> Response:
        crop, sitter = services.morpher.align(portrait, form.model)
        if format == "png":
            return picture_answer(crop.pixels[None], "strip", "face")
        return align_answer(crop, sitter, services.morpher.checkpoint(form.model).name)

    return await services.run(work)


@router.post("/encode", summary="One photo in, its latent out")
async def encode(services: ServicesDep, form: Annotated[PortraitForm, Depends()]) -> EncodeAnswer:
    """Find a photo's place in latent space, and how faithfully the model sees it."""
    portrait = await read_portrait(form, services)

    def work() -> EncodeAnswer:
        encoded, note = services.morpher.encode(portrait, form.model)
        name = services.morpher.checkpoint(form.model).name
        notes = [note] if note else []
        return EncodeAnswer(model=name, notes=notes, **face_of(encoded).model_dump())

    return await services.run(work)


@router.post(
    "/decode",
    summary="Latents in, pictures out",
    response_class=Response,
    responses={200: {"model": DecodeAnswer, "content": PICTURES, "description": FORMATS}},
)
async def decode(services: ServicesDep, body: DecodeBody) -> Response:
    """Decode latents, such as those that `encode` and `morph` answer with."""

    def work() -> Response:
        frames = services.morpher.decode(body.latents, body.model)
        if body.format != "json":
            return picture_answer(frames, body.format, "decoded")
        name = services.morpher.checkpoint(body.model).name
        return JSONResponse(DecodeAnswer(model=name, frames=picture_urls(frames)).model_dump())

    return await services.run(work)


@router.get("/directions", summary="Ways through latent space from a face")
async def directions(services: ServicesDep, model: ModelQuery = "") -> DirectionsAnswer:
    """List what people's faces vary by, and the way from people to dogs."""
    known = services.morpher.directions(model)
    return DirectionsAnswer(
        model=services.morpher.checkpoint(model).name,
        start=known.start.tolist(),
        directions=known.own.tolist(),
        dog=known.dog.tolist(),
    )


@router.get("/samples", summary="Latents of faces that nobody has")
async def samples(
    services: ServicesDep,
    of: Annotated[Kind, Query(description="What kind of face; `prior` is N(0, 1).")] = "prior",
    count: Annotated[int, Query(ge=1, le=MAX_STEPS)] = 1,
    seed: Annotated[int, Query(ge=0, description="Another number draws others.")] = 0,
    model: ModelQuery = "",
) -> SamplesAnswer:
    """Draw latents, as the model's people or dogs are spread, or from the prior."""
    latents = await services.run(services.morpher.draw, of, count, seed, model)
    name = services.morpher.checkpoint(model).name
    return SamplesAnswer(model=name, latents=latents.tolist())


@router.get("/models", summary="The models that are loaded")
async def models(services: ServicesDep) -> ModelsAnswer:
    """List every model, the ones for faces and the others."""
    morpher = services.morpher
    described = [describe(c, morpher.default) for c in morpher.checkpoints.values()]
    return ModelsAnswer(models=described)


@health.get("/healthz", summary="Is the server up?")
async def healthz() -> Health:
    """Answer at once, whatever else is going on."""
    return Health()


@health.get("/readyz", summary="Can it take work?", responses={503: {"model": Health}})
async def readyz(services: ServicesDep, response: Response) -> Health:
    """Answer 200 when models are loaded and photos can be decoded, and else 503.

    A server that is busy is ready, too: it answers what is too much with 429.
    """
    if services.ready():
        return Health()
    response.status_code = 503
    return Health(status="starting")


@health.get(
    "/metrics", summary="What was counted, for Prometheus", response_class=PlainTextResponse
)
async def metrics(services: ServicesDep) -> PlainTextResponse:
    """Tell requests by route and status, how long they took, and what the server is at."""
    return PlainTextResponse(services.metrics.text(), media_type=MEDIA_TYPE)

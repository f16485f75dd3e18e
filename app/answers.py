"""What was made, wrapped as the API answers with it."""

from dataclasses import asdict
from typing import Any

from fastapi import Response
from starlette.responses import JSONResponse

from app.forms import MorphForm
from app.portraits import Sitter
from app.rendering import RENDERINGS, THERE_AND_BACK, Playback, picture_url, render_frames
from app.schemas import AlignAnswer, Face, Light, Model, MorphAnswer
from vae_core.checkpoint import Checkpoint
from vae_core.encoded import Encoded
from vae_core.imaging.align import ANCHORS, Crop, Frame
from vae_core.morph import Morph
from vae_core.types import Array


def picture_answer(
    frames: Array,
    format: str,
    name: str,
    playback: Playback = THERE_AND_BACK,
    project: str = "",
) -> Response:
    """Wrap frames as a picture or animation, with a file name for whoever saves it."""
    rendering = RENDERINGS[format]
    disposition = f'inline; filename="{name}.{rendering.suffix}"'
    return Response(
        render_frames(frames, format, playback, project),
        media_type=rendering.media_type,
        headers={"Content-Disposition": disposition},
    )


def align_answer(crop: Crop, sitter: Sitter, model: str) -> JSONResponse:
    """Wrap a crop as JSON."""
    answer: dict[str, Any] = {
        "model": model,
        "species": sitter.species,
        "landmarks": sitter.landmarks and asdict(sitter.landmarks),
        "crop": picture_url(crop.pixels),
        "notes": [sitter.note] if sitter.note else [],
    }
    return JSONResponse(AlignAnswer(**answer).model_dump())


def morph_answer(
    morph: Morph, notes: list[str], model: str, form: MorphForm, address: str
) -> JSONResponse:
    """Wrap a morph as JSON."""
    answer = MorphAnswer(
        model=model,
        walk=form.walk,
        frames=picture_urls(morph.frames),
        order=form.playback.order(len(morph.frames)).tolist(),
        latents=morph.latents.tolist(),
        share=address,
        friend=face_of(morph.friend),
        dog=face_of(morph.dog) if morph.dog else None,
        notes=notes,
    )
    return JSONResponse(answer.model_dump())


def face_of(encoded: Encoded) -> Face:
    """Wrap an encoded photo."""
    return Face(
        latent=encoded.latent.tolist(),
        crop=picture_url(encoded.picture),
        reconstruction=picture_url(encoded.reconstruction),
        loss=encoded.loss,
        percentile=encoded.percentile,
    )


def picture_urls(frames: Array) -> list[str]:
    """Wrap every frame by itself."""
    return [picture_url(frame) for frame in frames]


def describe(checkpoint: Checkpoint, default: str) -> Model:
    """Say what a model is and where it comes from."""
    height, width, channels = checkpoint.config.image
    return Model(
        name=checkpoint.name,
        default=checkpoint.name == default,
        faces=checkpoint.frame.aligns,
        height=height,
        width=width,
        channels=channels,
        latent=checkpoint.config.latent,
        alignment=alignment_of(checkpoint.frame),
        light=light_of(checkpoint.frame),
        dataset=checkpoint.metadata.get("dataset", {}),
        losses=checkpoint.metadata.get("losses", {}),
        dogs=list(checkpoint.metadata.get("dogs", {})),
    )


def alignment_of(frame: Frame) -> Any:
    """Say where each species' landmarks go; None if the frame aligns no faces."""
    if not frame.aligns:
        return None
    return {
        species: {name: getattr(frame, name) for name in ("left_eye", "right_eye", anchor)}
        for species, anchor in ANCHORS.items()
    }


def light_of(frame: Frame) -> Light | None:
    """Say what the frame brings a face's light to."""
    return Light(mean=frame.light[0], contrast=frame.light[1]) if frame.light else None

"""The formats that frames are handed out in."""

import base64
from collections.abc import Callable
from dataclasses import dataclass

from vae_core.imaging.photo import Photo
from vae_core.imaging.render import (
    render_gif,
    render_png,
    render_preview,
    render_strip,
    render_webp,
)
from vae_core.types import Array

PREVIEW = 1600
"""Longest side of a preview, in pixels."""


@dataclass(frozen=True)
class Rendering:
    """A picture format: its media type, its file name's ending, and (N, H, W, C) -> bytes."""

    media_type: str
    suffix: str
    render: Callable[[Array], bytes]


RENDERINGS: dict[str, Rendering] = {
    "strip": Rendering("image/png", "png", render_strip),
    "gif": Rendering("image/gif", "gif", render_gif),
    "webp": Rendering("image/webp", "webp", render_webp),
}


def data_url(data: bytes, media_type: str = "image/png") -> str:
    """Bytes as a URL that holds them."""
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def picture_url(picture: Array) -> str:
    """One picture (H, W, C) as the data URL of a PNG."""
    return data_url(render_png(picture))


def frames_url(frames: Array, form: str) -> str:
    """Frames (N, H, W, C) as a data URL in one of the formats above."""
    rendering = RENDERINGS[form]
    return data_url(rendering.render(frames), rendering.media_type)


def preview_url(photo: Photo) -> str:
    """Photo as the data URL of a small picture that every browser can show."""
    return data_url(render_preview(photo, PREVIEW), "image/webp")

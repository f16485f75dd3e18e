"""The formats that frames are handed out in."""

import base64
from collections.abc import Callable
from dataclasses import dataclass

from app.decoding import check_time
from vae_core.imaging.photo import Photo
from vae_core.imaging.render import (
    render_gif,
    render_jpeg,
    render_png,
    render_preview,
    render_strip,
    render_webp,
    render_zip,
    side_by_side,
)
from vae_core.timing import playing_order
from vae_core.types import Array

PREVIEW = 1600
"""Longest side of a preview, in pixels."""

FPS = 12.0
"""Frames that an animation shows in a second, unless another number is asked for."""


@dataclass(frozen=True)
class Rendering:
    """A picture format: its media type, its file name's ending, and (N, H, W, C) -> bytes.

    moves: whether it plays the frames one after another, in a loop; ``render`` takes an ``order``
    and ``fps``.
    """

    media_type: str
    suffix: str
    render: Callable[..., bytes]
    moves: bool = True


RENDERINGS: dict[str, Rendering] = {
    "strip": Rendering("image/png", "png", render_strip, moves=False),
    "gif": Rendering("image/gif", "gif", render_gif),
    "webp": Rendering("image/webp", "webp", render_webp),
    "zip": Rendering("application/zip", "zip", render_zip, moves=False),
}


@dataclass(frozen=True)
class Playback:
    """How an animation plays.

    hold: frames for which it holds either end.  ping_pong: whether it goes back, too.  fps: frames
    a second.
    """

    hold: int = 0
    ping_pong: bool = True
    fps: float = FPS

    def order(self, steps: int) -> Array:
        """Return which frames are shown, one after another, (n,) integers."""
        return playing_order(steps, self.hold, self.ping_pong)


THERE_AND_BACK = Playback()


def data_url(data: bytes, media_type: str = "image/png") -> str:
    """Bytes as a URL that holds them."""
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def picture_url(picture: Array) -> str:
    """One picture (H, W, C) as the data URL of a PNG; BusyError when it is too late for it."""
    check_time()
    return data_url(render_png(picture))


def frames_url(
    frames: Array, form: str, playback: Playback = THERE_AND_BACK, project: str = ""
) -> str:
    """Frames (N, H, W, C) as a data URL in one of the formats above."""
    return data_url(render_frames(frames, form, playback, project), RENDERINGS[form].media_type)


def render_frames(
    frames: Array, form: str, playback: Playback = THERE_AND_BACK, project: str = ""
) -> bytes:
    """Frames (N, H, W, C) as the bytes of a file; a strip or ZIP has each of them once.

    project: what a strip says, so that it can be opened again. BusyError when it is too late.
    """
    check_time()
    rendering = RENDERINGS[form]
    if form == "strip":
        return render_strip(frames, project)
    if not rendering.moves:
        return rendering.render(frames)
    return rendering.render(frames, fps=playback.fps, order=playback.order(len(frames)))


def jpeg_url(frames: Array) -> str:
    """Frames (N, H, W, C) as the data URL of a strip to look at; BusyError when it is too late."""
    check_time()
    return data_url(render_jpeg(frames), "image/jpeg")


def strips(frames: Array) -> dict[str, bytes]:
    """Frames (N, H, W, C) side by side: as a WebP for the page, as a PNG for links' previews."""
    return {"png": render_strip(frames), "webp": render_webp(side_by_side(frames)[None])}


def preview_url(photo: Photo) -> str:
    """Photo as the data URL of a small picture that every browser can show."""
    return data_url(render_preview(photo, PREVIEW), "image/webp")

"""A morph that fits into an address: two latents, and how to go from one to the other.

No photo is in it, and nothing is kept for it.
"""

import base64
import binascii
from dataclasses import asdict, dataclass
from typing import Annotated
from urllib.parse import urlencode

import numpy as np
from fastapi import Query

from app.forms import MorphForm
from app.rendering import FPS, Playback
from app.schemas import MAX_FPS, MAX_HOLD, MAX_STEPS, Easing, Walk
from vae_core.errors import LatentsError
from vae_core.morph import Manner
from vae_core.types import Array

LATENT = Query(max_length=8192, description="A latent as base64url of little-endian float16.")


@dataclass(frozen=True)
class Shared:
    """What an address says of a morph."""

    friend: Annotated[str, LATENT]
    dog: Annotated[str, LATENT]
    model: str = ""
    steps: Annotated[int, Query(ge=2, le=MAX_STEPS)] = 11
    walk: Walk = "linear"
    easing: Easing = "linear"
    hold: Annotated[int, Query(ge=0, le=MAX_HOLD)] = 0
    ping_pong: bool = True
    fps: Annotated[float, Query(ge=1, le=MAX_FPS)] = FPS
    detail: Annotated[float, Query(ge=0, le=1)] = 1.0

    @classmethod
    def of(cls, latents: Array, model: str, form: MorphForm) -> "Shared":
        """Keep the ends of a walk, (T, Z), and how it was asked for."""
        friend, dog = pack(latents[0]), pack(latents[-1])
        way = form.steps, form.walk, form.easing
        plays = form.hold, form.ping_pong, form.fps
        return cls(friend, dog, model, *way, *plays, form.detail)

    @property
    def query(self) -> str:
        """Return what stands behind the question mark of an address."""
        return urlencode(asdict(self))

    @property
    def address(self) -> str:
        """Return the path and query of the page that shows it."""
        return f"/shared?{self.query}"

    @property
    def manner(self) -> Manner:
        """How the morph goes."""
        return Manner(self.steps, self.walk, self.easing, self.detail)

    @property
    def playback(self) -> Playback:
        """How an animation of it plays."""
        return Playback(self.hold, self.ping_pong, self.fps)

    @property
    def ends(self) -> tuple[Array, Array]:
        """Both latents, (Z,); LatentsError if an address was cut or changed."""
        return unpack(self.friend), unpack(self.dog)


def pack(latent: Array) -> str:
    """(Z,) -> text for an address, of half precision."""
    return base64.urlsafe_b64encode(np.asarray(latent, "<f2").tobytes()).decode().rstrip("=")


def unpack(text: str) -> Array:
    """Undo :func:`pack`; LatentsError if the text is no latent."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        latent = np.frombuffer(data, "<f2").astype(np.float32)
    except (binascii.Error, ValueError):
        raise LatentsError("The link is not whole: a part of it was lost on the way.") from None
    return latent

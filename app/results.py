"""What the page shows of a morph: pictures as data URLs, and words."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from app.answers import face_of
from app.rendering import RENDERINGS, frames_url, jpeg_url
from app.schemas import Face
from app.sharing import Shared
from vae_core.encoded import Encoded
from vae_core.metrics import Histogram
from vae_core.morph import Morph
from vae_core.remarks import remark_on
from vae_core.types import Array

LIKENESS = (
    (25, "A faithful likeness", "It came out better than most faces that the model learnt from."),
    (75, "A fair likeness", "It came out as well as the faces that the model learnt from."),
    (95, "A loose likeness", "Most faces that the model learnt from came out better."),
    (100, "Hardly a likeness", "Try a photo that looks at you and where the face fills the frame."),
)
"""Up to which percentile of the training pictures' losses a face is called what."""

FILES = tuple(name for name in RENDERINGS if name != "strip")
"""What can be taken along besides the strip, which the page is played from."""


@dataclass(frozen=True)
class Likeness:
    """One face as the model saw and redrew it, and in words how well."""

    face: Face
    title: str
    advice: str
    histogram: Histogram
    place: float
    """Where its loss is in the histogram of the training pictures', 0 to 1."""


@dataclass(frozen=True)
class Result:
    """A morph, ready to be put into the page: every picture is a data URL.

    files: format -> what can be taken along. A page with a script asks for it when it is wanted,
    and the strip that it is played from is a JPEG then, a fifth of the PNG.
    """

    steps: int
    strip: str
    files: dict[str, str]
    share: str
    """The address of a page that shows the same way through latent space."""
    explore: str
    """The address of a page that sets out from the friend; empty if the model knows no ways."""
    friend: Likeness | None = None
    dog: Likeness | None = None
    notes: Sequence[str] = ()


def result_of(
    morph: Morph, notes: list[str], shared: Shared, formats: Sequence[str] = FILES
) -> Result:
    """Render everything that the page shows of a morph, and some of what it offers for download."""
    ways = "species" in morph.friend.checkpoint.metadata
    result = pictures_of(morph.frames, shared, formats, ways)
    dog = likeness_of(morph.dog) if morph.dog else None
    return replace(result, friend=likeness_of(morph.friend), dog=dog, notes=notes)


def pictures_of(
    frames: Array, shared: Shared, formats: Sequence[str] = FILES, ways: bool = False
) -> Result:
    """Render a morph of which there are no photos.

    ways: whether the model knows where to go from a face.
    """
    explore = urlencode({"model": shared.model, "face": shared.friend})
    return Result(
        steps=len(frames),
        strip=png_or_jpeg(frames, shared, formats),
        files={name: frames_url(frames, name, shared.playback) for name in formats},
        share=shared.address,
        explore=f"/explore?{explore}" if ways else "",
    )


def png_or_jpeg(frames: Array, shared: Shared, formats: Sequence[str]) -> str:
    """Return the strip: one to keep, if that is offered, or else one to look at."""
    return frames_url(frames, "strip", project=shared.address) if formats else jpeg_url(frames)


def likeness_of(encoded: Encoded) -> Likeness:
    """Say in words how faithful the model is to a face, and why it may not be."""
    title, usual = next(
        (title, advice) for limit, title, advice in LIKENESS if encoded.percentile <= limit
    )
    remark = remark_on(encoded.picture, encoded.points, encoded.percentile)
    histogram = encoded.checkpoint.histogram
    place = histogram.place(encoded.loss)
    return Likeness(face_of(encoded), title, remark or usual, histogram, place)

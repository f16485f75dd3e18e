"""What the page shows of a morph: pictures as data URLs, and words."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.api import face_of
from app.rendering import RENDERINGS, Playback, frames_url
from app.schemas import Face
from vae_core.morph import Encoded, Morph

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


@dataclass(frozen=True)
class Result:
    """A morph, ready to be put into the page: every picture is a data URL.

    files: format -> what can be taken along. A page with a script asks for it when it is wanted.
    """

    steps: int
    strip: str
    files: dict[str, str]
    friend: Likeness
    dog: Likeness | None
    notes: list[str]


def result_of(
    morph: Morph, notes: list[str], playback: Playback, formats: Sequence[str] = FILES
) -> Result:
    """Render everything that the page shows, and some of what it offers for download."""
    return Result(
        steps=len(morph.frames),
        strip=frames_url(morph.frames, "strip"),
        files={name: frames_url(morph.frames, name, playback) for name in formats},
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

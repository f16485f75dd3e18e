"""The bodies of requests and answers, as the API's documentation shows them."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

from app.portraits import Role, Species

Format = Literal["strip", "gif", "webp", "zip", "json"]
PictureFormat = Literal["png", "json"]
Walk = Literal["linear", "spherical", "norm", "principal", "even"]
Kind = Literal["person", "dog", "prior"]
Easing = Literal["linear", "smooth"]

MAX_STEPS = 64
MAX_SIZE = 1024
MAX_HOLD = 64
MAX_FPS = 30

Latent = Annotated[list[FiniteFloat], Field(description="One number for each latent of the model.")]
PictureUrl = Annotated[
    str, Field(description="A PNG as a data URL.", examples=["data:image/png;base64,iVBORw0…"])
]
Point = tuple[float, float]
Notes = Annotated[
    list[str],
    Field(
        description="What someone should know who expected otherwise, each in a sentence.",
        examples=[["The friend's photo: The face that was taken is a dog's, not a person's."]],
    ),
]


class Marks(BaseModel):
    """Where a face is, in pixels of the upright photo; left is the picture's left."""

    left_eye: Point = Field(examples=[(210, 300)])
    right_eye: Point = Field(examples=[(330, 298)])
    nose: Point | None = Field(
        None, description="A person's tip, a dog's pad.", examples=[(270, 370)]
    )
    mouth: Point | None = Field(None, examples=[(271, 425)])


class FoundFace(BaseModel):
    """One of the faces in a photo."""

    species: Species
    score: float = Field(description="How sure it is that this is a face, 0 to 1.", examples=[0.97])
    box: tuple[float, float, float, float] = Field(
        description="Left, top, right, bottom: forehead to chin of a person, a dog's whole head.",
        examples=[(160, 210, 380, 480)],
    )
    landmarks: Marks


class FacesAnswer(BaseModel):
    """All faces in a photo."""

    width: int = Field(description="Of the upright photo, in pixels.", examples=[3024])
    height: int = Field(examples=[4032])
    faces: list[FoundFace] = Field(description="The surest first; empty if there is none.")
    preview: Annotated[
        str | None,
        Field(description="The upright photo as a small WebP, as a data URL, if asked for."),
    ] = None


class Face(BaseModel):
    """One photo as the model sees it."""

    latent: Latent
    crop: Annotated[PictureUrl, Field(description="What the model was shown, as a data URL.")]
    reconstruction: Annotated[
        PictureUrl, Field(description="What the model makes of it, as a data URL.")
    ]
    loss: float = Field(description="Mean square error per pixel of the reconstruction.")
    percentile: float = Field(
        description="Share of the training pictures, 0 to 100, that are reconstructed better.",
        examples=[37.5],
    )


class EncodeAnswer(Face):
    """One encoded photo."""

    model: str = Field(examples=["classic"])
    notes: Notes


class AlignAnswer(BaseModel):
    """One photo as the model sees it, and how it was brought there."""

    model: str = Field(examples=["classic"])
    species: Species = Field(description="Whose face it is.")
    landmarks: Marks | None = Field(
        description="Where it is; null if the middle of the photo was taken."
    )
    crop: PictureUrl
    notes: Notes


class MorphAnswer(BaseModel):
    """A morph in numbers and pictures."""

    model: str = Field(examples=["classic"])
    walk: Walk
    frames: list[PictureUrl] = Field(description="From the friend to the dog.")
    order: list[int] = Field(
        description="Which frames a loop shows, one after another, counted from 0.",
        examples=[[0, 1, 2, 1]],
    )
    latents: list[Latent] = Field(description="One for each frame.")
    share: str = Field(
        description="Path and query of a page that shows the model's own frames of it; the two "
        "latents are in it, no photo is.",
    )
    friend: Face
    dog: Face | None = Field(description="Null if the dog is imagined.")
    notes: Notes


class DirectionsAnswer(BaseModel):
    """Ways through latent space from a face."""

    model: str = Field(examples=["flagship"])
    start: Latent = Field(description="The mean of people: a place to set out from.")
    directions: list[Latent] = Field(
        description="What people's faces vary by most, each one standard deviation long."
    )
    dog: Latent = Field(description="The way from the mean of people to that of dogs.")


class SamplesAnswer(BaseModel):
    """Latents of faces that nobody has."""

    model: str = Field(examples=["flagship"])
    latents: list[Latent]


class DecodeBody(BaseModel):
    """Latents to decode."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"latents": [[0.0] * 50], "model": "classic", "format": "strip"}]
        }
    )

    latents: list[Latent] = Field(
        min_length=1, max_length=MAX_STEPS, description="1 to 64 latents, one for each picture."
    )
    model: str = Field("", description="Its name; the default model when left out.")
    format: Format = "strip"


class DecodeAnswer(BaseModel):
    """Decoded latents."""

    model: str = Field(examples=["classic"])
    frames: list[PictureUrl] = Field(description="One for each latent.")


class Light(BaseModel):
    """Exposure and contrast, as mean and standard deviation of the luminance, 0 to 1."""

    mean: float = Field(examples=[0.5])
    contrast: float = Field(examples=[0.17])


class Model(BaseModel):
    """A model that this server has loaded."""

    name: str = Field(examples=["classic"])
    default: bool = Field(description="Whether it answers when no model is asked for.")
    faces: bool = Field(description="Whether it was made for photos of faces.")
    height: int = Field(description="Of a frame, in pixels.", examples=[50])
    width: int = Field(examples=[50])
    channels: int = Field(description="1: grey, 3: colour.", examples=[1])
    latent: int = Field(description="How many numbers a latent has.", examples=[50])
    alignment: dict[Species, dict[str, Point]] | None = Field(
        description="Which landmarks of a species are brought where, as nearly as turning, scaling "
        "and shifting can: fractions of a frame's width and height; null if it aligns no faces.",
    )
    light: Light | None = Field(
        description="What a face's light is brought to; null if it is left as it is."
    )
    dataset: dict[str, Any] = Field(description="What it was trained on, and under what terms.")
    losses: dict[str, Any] = Field(description="Final losses, as training left them.")
    dogs: list[str] = Field(
        description="The names of dogs that it can imagine; none if it was not taught any.",
        examples=[["Bella", "Fritz"]],
    )


class ModelsAnswer(BaseModel):
    """All models that this server has loaded."""

    models: list[Model]


class Health(BaseModel):
    """How the server is."""

    status: Literal["ok", "starting"] = "ok"


class Problem(BaseModel):
    """What is wrong, for a person and for a program (RFC 9457)."""

    type: str = Field(
        description="What kind of problem; the same for ever.",
        examples=["urn:dogpeople:unreadable-photo"],
    )
    title: str = Field(examples=["The photo cannot be read"])
    status: int = Field(examples=[415])
    detail: str = Field(
        description="One or two sentences for the person who can mend it.",
        examples=["The dog's photo: This file is not a picture that can be read here."],
    )
    photo: Annotated[
        Role | None, Field(description="Which of the two photos is at fault, if one is.")
    ] = None

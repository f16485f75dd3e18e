"""What the page and the API both ask for, and how it becomes a portrait or a morph."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, TypeVar

from fastapi import File, Form, UploadFile

from app.deps import Services
from app.orders import Order
from app.portraits import Portrait, Species, portrait_of
from app.rendering import FPS, Playback
from app.schemas import MAX_FPS, MAX_HOLD, MAX_SIZE, MAX_STEPS, Easing, Walk
from vae_core.directions import Wish
from vae_core.errors import PhotoTooLargeError
from vae_core.imaging.landmarks import Landmarks
from vae_core.morph import Manner, Morph

T = TypeVar("T")

PhotoField = Annotated[UploadFile, File(description="JPEG, PNG, WebP, AVIF, HEIC or GIF.")]
LandmarksField = Annotated[
    str,
    Form(
        description='Where the face is, as JSON, in pixels of the upright photo: `{"left_eye": '
        '[210, 300], "right_eye": [330, 298], "nose": [270, 370], "mouth": [271, 425]}`; left is '
        "the picture's left. They always win; without them the face is found."
    ),
]
SpeciesField = Annotated[
    Species, Form(description="Whose face is expected, or marked by the landmarks.")
]
FaceField = Annotated[
    int | None,
    Form(
        ge=0,
        description="Which of the faces that `/api/v1/faces` answers with, counted from 0; the "
        "surest one of the expected species when left out.",
    ),
]
SizeField = Annotated[
    int | None,
    Form(
        ge=16,
        le=MAX_SIZE,
        description="Pixels of a frame's longer side; never fewer than the model's own, which it "
        "has when left out. A whole photo has 768 then.",
    ),
]
SeedField = Annotated[
    int | None, Form(ge=0, description="Without a dog's photo: a random dog, the same for a seed.")
]
ModelField = Annotated[
    str, Form(description="A name from `/api/v1/models`; the default model when left out.")
]


@dataclass(frozen=True)
class PortraitForm:
    """One photo, and what is known about the face in it."""

    photo: PhotoField
    species: SpeciesField = "person"
    landmarks: LandmarksField = ""
    face: FaceField = None
    model: ModelField = ""


@dataclass(frozen=True)
class MorphForm:
    """One or two photos and what to do with them."""

    friend: PhotoField
    dog: Annotated[UploadFile | None, File(description="A dog's photo; imagined without.")] = None
    steps: Annotated[int, Form(ge=2, le=MAX_STEPS, description="How many frames.")] = 11
    walk: Annotated[Walk, Form(description="The way through latent space.")] = "linear"
    easing: Annotated[Easing, Form(description="The speed on the way.")] = "linear"
    detail: Annotated[
        float, Form(ge=0, le=1, description="How much of the photos' own detail is carried over.")
    ] = 1.0
    size: SizeField = None
    whole_photo: Annotated[
        bool, Form(description="Whether the frames are the friend's whole photo.")
    ] = False
    hold: Annotated[
        int, Form(ge=0, le=MAX_HOLD, description="Frames that an animation holds its ends for.")
    ] = 0
    ping_pong: Annotated[bool, Form(description="Whether an animation goes back, too.")] = True
    fps: Annotated[
        float, Form(ge=1, le=MAX_FPS, description="Frames a second of an animation.")
    ] = FPS
    strength: Annotated[
        float, Form(ge=0, le=2, description="Without a dog: how much of one the friend becomes.")
    ] = 1.0
    dog_name: Annotated[
        str, Form(description="Without a dog's photo: one of the model's `dogs`, or `nearest`.")
    ] = ""
    seed: SeedField = None
    model: ModelField = ""
    friend_species: SpeciesField = "person"
    friend_landmarks: LandmarksField = ""
    friend_face: FaceField = None
    dog_species: SpeciesField = "dog"
    dog_landmarks: LandmarksField = ""
    dog_face: FaceField = None

    @property
    def friend_form(self) -> PortraitForm:
        """What the form says about the friend."""
        return PortraitForm(
            self.friend, self.friend_species, self.friend_landmarks, self.friend_face
        )

    @property
    def dog_form(self) -> PortraitForm | None:
        """What the form says about the dog, if there is a photo of it."""
        if self.dog is None:
            return None
        return PortraitForm(self.dog, self.dog_species, self.dog_landmarks, self.dog_face)

    @property
    def order(self) -> Order:
        """What is asked for."""
        manner = Manner(self.steps, self.walk, self.easing, self.detail, self.whole_photo)
        wish = Wish(self.strength, self.dog_name, self.seed)
        return Order(manner, wish, self.size or 0, self.whole_photo)

    @property
    def playback(self) -> Playback:
        """How an animation plays."""
        return Playback(self.hold, self.ping_pong, self.fps)


async def morph_of(
    form: MorphForm,
    services: Services,
    wrap: Callable[[Morph, list[str]], T],
    strict: bool = True,
) -> T:
    """Make the morph that a form asks for, and wrap it with its notes.

    Both are one piece of work, so that no frames lie and wait. Raises PortraitError,
    UnknownModelError or BusyError.
    """
    with portrait_of("friend"):
        friend = await read_portrait(form.friend_form, services, strict)
    dog = None
    if form.dog_form:
        with portrait_of("dog"):
            dog = await read_portrait(form.dog_form, services, strict)

    def work() -> T:
        cost = form.order.cost(services.morpher.checkpoint(form.model).frame)
        with services.frames.lent(cost):
            return wrap(*services.morpher.morph(friend, dog, form.order, form.model))

    return await services.run(work)


async def read_portrait(form: PortraitForm, services: Services, strict: bool = True) -> Portrait:
    """Take a photo out of a form; PhotoTooLargeError, LandmarksError."""
    data = await read_upload(form.photo, services)
    landmarks = Landmarks.from_json(form.landmarks) if form.landmarks else None
    return Portrait(data, form.species, landmarks, form.face, strict)


async def read_upload(upload: UploadFile, services: Services) -> bytes:
    """Return the bytes of a file that was sent; PhotoTooLargeError."""
    limit = services.settings.max_photo_bytes
    if (upload.size or 0) > limit:
        raise PhotoTooLargeError(
            f"This file has more than {limit // 1_000_000} MB; please send a smaller one."
        )
    return await upload.read()

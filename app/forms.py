"""What the page and the API both ask for, and how it becomes a portrait or a morph."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import File, Form, UploadFile

from app.deps import Services
from app.portraits import Portrait, Species, portrait_of
from app.schemas import MAX_STEPS, Walk
from vae_core.errors import PhotoTooLargeError
from vae_core.imaging.align import Landmarks
from vae_core.morph import Morph

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
    """Two photos and what to do with them."""

    friend: PhotoField
    dog: PhotoField
    steps: Annotated[int, Form(ge=2, le=MAX_STEPS, description="How many frames.")] = 11
    walk: Annotated[Walk, Form(description="The way through latent space.")] = "linear"
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
    def dog_form(self) -> PortraitForm:
        """What the form says about the dog."""
        return PortraitForm(self.dog, self.dog_species, self.dog_landmarks, self.dog_face)


async def morph_of(
    form: MorphForm, services: Services, strict: bool = True
) -> tuple[Morph, list[str]]:
    """Morph the two photos of a form, with notes; PortraitError or UnknownModelError."""
    with portrait_of("friend"):
        friend = await read_portrait(form.friend_form, services, strict)
    with portrait_of("dog"):
        dog = await read_portrait(form.dog_form, services, strict)
    return await services.run(
        services.morpher.morph, friend, dog, form.steps, form.walk, form.model
    )


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

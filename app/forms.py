"""What the page and the API both ask for, and how it becomes a portrait or a morph."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import File, Form, UploadFile

from app.deps import Services
from app.morphing import Portrait, Species, portrait_of
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
        "the picture's left. Without it the middle of the photo is taken."
    ),
]
ModelField = Annotated[
    str, Form(description="A name from `/api/v1/models`; the default model when left out.")
]


@dataclass(frozen=True)
class MorphForm:
    """Two photos and what to do with them."""

    friend: PhotoField
    dog: PhotoField
    steps: Annotated[int, Form(ge=2, le=MAX_STEPS, description="How many frames.")] = 11
    walk: Annotated[Walk, Form(description="The way through latent space.")] = "linear"
    model: ModelField = ""
    friend_landmarks: LandmarksField = ""
    dog_landmarks: LandmarksField = ""


async def morph_of(form: MorphForm, services: Services) -> Morph:
    """Morph the two photos of a form; PortraitError or UnknownModelError."""
    with portrait_of("friend"):
        friend = await read_portrait(form.friend, "person", form.friend_landmarks, services)
    with portrait_of("dog"):
        dog = await read_portrait(form.dog, "dog", form.dog_landmarks, services)
    return await services.run(
        services.morpher.morph, friend, dog, form.steps, form.walk, form.model
    )


async def read_portrait(
    upload: UploadFile, species: Species, landmarks: str, services: Services
) -> Portrait:
    """Take a photo out of a form; PhotoTooLargeError, LandmarksError."""
    limit = services.settings.max_photo_bytes
    if (upload.size or 0) > limit:
        raise PhotoTooLargeError(
            f"This file has more than {limit // 1_000_000} MB; please send a smaller one."
        )
    marks = Landmarks.from_json(landmarks) if landmarks else None
    return Portrait(await upload.read(), species, marks)

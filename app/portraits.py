"""A photo as it was sent, and whose face in it is meant."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from vae_core.errors import DogpeopleError
from vae_core.finder.faces import Face, best_face
from vae_core.imaging.landmarks import Landmarks
from vae_core.imaging.photo import Photo

Species: TypeAlias = Literal["person", "dog"]
Role: TypeAlias = Literal["friend", "dog"]

NOTHING_FOUND = (
    "No face was found, neither a person's nor a dog's. Send a photo in which one looks at the "
    "camera, or give landmarks that say where the face is."
)
MIDDLE_TAKEN = (
    "No face was found, so the middle of the photo was taken; "
    "a photo in which one looks at the camera works better."
)


class NoFaceError(DogpeopleError):
    """A photo in which no face was found."""


class NoSuchFaceError(DogpeopleError):
    """A photo with fewer faces than the number of the one that was asked for."""


class FaceFinder(Protocol):
    """What finds faces in photos."""

    def find(self, photo: Photo) -> list[Face]:
        """Return all faces of a photo, the surest first; there may be none."""
        ...


@dataclass(frozen=True)
class Portrait:
    """A photo as it was sent, with what was said about it.

    species: whose face is expected, or marked by the landmarks.  landmarks: in pixels of the
    upright photo.  face: which of the faces that are found.  strict: whether a photo without a
    face is refused; otherwise its middle will do.
    """

    data: bytes
    species: Species
    landmarks: Landmarks | None = None
    face: int | None = None
    strict: bool = True


@dataclass(frozen=True)
class Sitter:
    """Whose face a portrait shows, and where: without landmarks, in the middle of the photo.

    note: what someone should know who expected otherwise, as a sentence.
    """

    photo: Photo
    species: str
    landmarks: Landmarks | None
    note: str = ""

    @property
    def seat(self) -> tuple[Photo, Landmarks | None, str]:
        """Photo, landmarks and species, as alignment takes them."""
        return self.photo, self.landmarks, self.species


class PortraitError(DogpeopleError):
    """Why one of the two portraits of a morph was refused."""

    def __init__(self, role: Role, reason: DogpeopleError) -> None:
        super().__init__(about(role, str(reason)))
        self.role = role
        self.reason = reason


@contextmanager
def portrait_of(role: Role) -> Iterator[None]:
    """Say of every refusal inside the block which portrait it is about."""
    try:
        yield
    except DogpeopleError as error:
        raise PortraitError(role, error) from error


def about(role: Role, sentence: str) -> str:
    """Say which of the two photos a sentence is about."""
    return f"The {role}'s photo: {sentence}"


def seat(photo: Photo, portrait: Portrait, finder: FaceFinder | None) -> Sitter:
    """Find whose face a portrait shows. Landmarks given by hand always win.

    Raises NoFaceError or NoSuchFaceError.
    """
    if portrait.landmarks or finder is None:
        return Sitter(photo, portrait.species, portrait.landmarks)
    faces = finder.find(photo)
    if not faces and not portrait.strict:
        return Sitter(photo, portrait.species, None, MIDDLE_TAKEN)
    face = choose_face(faces, portrait.species, portrait.face)
    return Sitter(photo, face.species, face.landmarks, surprise(portrait.species, face.species))


def choose_face(faces: Sequence[Face], species: Species, index: int | None) -> Face:
    """Return the face of that index, or the surest of the species, or else the surest of all."""
    if not faces:
        raise NoFaceError(NOTHING_FOUND)
    if index is None:
        return best_face(faces, species)
    if index >= len(faces):
        count = "1 face was" if len(faces) == 1 else f"{len(faces)} faces were"
        raise NoSuchFaceError(f"There is no face {index}: {count} found, counted from 0.")
    return faces[index]


def surprise(expected: str, found: str) -> str:
    """Say that a face is of the other species, if it is."""
    same = found == expected
    return "" if same else f"The face that was taken is a {found}'s, not a {expected}'s."

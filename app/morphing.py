"""The one service of the application: photos in, faces and frames out. It knows no HTTP."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np

from vae_core import latent
from vae_core.checkpoint import Checkpoint, load_checkpoint
from vae_core.errors import CheckpointError, DogpeopleError, LatentsError, UnknownModelError
from vae_core.imaging.align import Landmarks
from vae_core.imaging.photo import PhotoLimits, read_photo
from vae_core.morph import Encoded, Morph, encode_photo, morph
from vae_core.types import Array

Species: TypeAlias = Literal["person", "dog"]
Role: TypeAlias = Literal["friend", "dog"]
SPECIES: dict[Role, Species] = {"friend": "person", "dog": "dog"}

SPARE = 2
"""A photo is read at this many times the frame's size at least: aligning must not enlarge it."""

LARGEST_LATENT = 1e6
"""Far beyond every face; above it float32 could overflow inside a decoder."""

EXAMPLE_STEPS = 11


@dataclass(frozen=True)
class Portrait:
    """A photo as it was sent: its bytes, and landmarks in pixels of the upright photo, if any."""

    data: bytes
    species: Species
    landmarks: Landmarks | None = None


class PortraitError(DogpeopleError):
    """Why one of the two portraits of a morph was refused."""

    def __init__(self, role: Role, reason: DogpeopleError) -> None:
        super().__init__(f"The {role}'s photo: {reason}")
        self.role = role
        self.reason = reason


@contextmanager
def portrait_of(role: Role) -> Iterator[None]:
    """Say of every refusal inside the block which portrait it is about."""
    try:
        yield
    except DogpeopleError as error:
        raise PortraitError(role, error) from error


@dataclass(frozen=True)
class Morpher:
    """The loaded models, by name, and what can be done with them."""

    checkpoints: Mapping[str, Checkpoint]
    default: str
    limits: PhotoLimits

    @classmethod
    def from_folder(cls, folder: Path, default: str, limits: PhotoLimits) -> "Morpher":
        """Load every ``*.safetensors``; CheckpointError if there is none or one is damaged."""
        loaded = [load_checkpoint(path) for path in sorted(folder.glob("*.safetensors"))]
        checkpoints = {checkpoint.name: checkpoint for checkpoint in loaded}
        faces = [name for name, checkpoint in checkpoints.items() if checkpoint.frame.aligns]
        default = default or next(iter([*faces, *checkpoints]), "")
        if default not in checkpoints:
            missing = f"model called {default!r}" if default else "model"
            raise CheckpointError(f"There is no {missing} in the folder {folder}.")
        return cls(checkpoints, default, limits)

    def checkpoint(self, name: str = "") -> Checkpoint:
        """Return the model of that name, or the default; UnknownModelError if there is none."""
        try:
            return self.checkpoints[name or self.default]
        except KeyError:
            names = ", ".join(self.checkpoints)
            raise UnknownModelError(f"There is no such model here; there are: {names}.") from None

    def encode(self, portrait: Portrait, model: str = "") -> Encoded:
        """Find a portrait's place in latent space; PhotoError or LandmarksError if it has none."""
        checkpoint = self.checkpoint(model)
        enough = SPARE * max(checkpoint.frame.height, checkpoint.frame.width)
        # Landmarks may mark a small face in a large photo: then every pixel counts.
        photo = read_photo(portrait.data, None if portrait.landmarks else enough, self.limits)
        return encode_photo(checkpoint, photo, portrait.landmarks, portrait.species)

    def morph(
        self,
        friend: Portrait,
        dog: Portrait,
        steps: int = 11,
        walk: str = "linear",
        model: str = "",
    ) -> Morph:
        """Walk from a friend to a dog; PortraitError says which of the two is at fault."""
        checkpoint = self.checkpoint(model)
        with portrait_of("friend"):
            start = self.encode(friend, model)
        with portrait_of("dog"):
            end = self.encode(dog, model)
        return morph(checkpoint, start, end, steps, walk)

    def decode(self, latents: Sequence[Sequence[float]], model: str = "") -> Array:
        """N latents of Z numbers -> (N, H, W, C) in [0, 1]; LatentsError if they do not fit."""
        checkpoint = self.checkpoint(model)
        size = checkpoint.config.latent
        if not latents or any(len(z) != size for z in latents):
            raise LatentsError(f"A latent of the model {checkpoint.name} has {size} numbers.")
        if not all(abs(number) <= LARGEST_LATENT for z in latents for number in z):
            raise LatentsError("The numbers of a latent must be between minus and plus a million.")
        return checkpoint.decode(np.array(latents, np.float32))

    def example(self) -> Array | None:
        """Frames between two latents that the default model brings along; None if it has none."""
        checkpoint = self.checkpoint()
        ends = checkpoint.metadata.get("example")
        if not ends:
            return None
        latents = latent.walk(np.array(ends["friend"]), np.array(ends["dog"]), EXAMPLE_STEPS)
        return checkpoint.decode(latents)

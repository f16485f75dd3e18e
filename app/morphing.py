"""The one service of the application: photos in, faces and frames out. It knows no HTTP."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from app.orders import PLAIN, Order
from app.portraits import FaceFinder, Portrait, Role, Sitter, about, portrait_of, seat
from app.progress import quietly, report
from app.settings import Settings
from vae_core.checkpoint import LARGEST_LATENT, Checkpoint, load_checkpoint
from vae_core.directions import imagine_dog, known_dog
from vae_core.encoded import Aligned, Encoded, align_photo, encode_aligned, encode_photo
from vae_core.errors import CheckpointError, LatentsError, UnknownModelError
from vae_core.exploring import Directions, directions_in, draw
from vae_core.finder.faces import Face
from vae_core.finder.find import Finder
from vae_core.finder.views import FINDER_SIDE
from vae_core.imaging.align import Crop, align, frame_side, share_wanted, side_wanted
from vae_core.imaging.photo import Photo, PhotoLimits, PhotoReader, read_photo
from vae_core.imaging.portrait import sized
from vae_core.imaging.render import in_rows
from vae_core.imaging.warp import enlarge
from vae_core.latent import plane
from vae_core.morph import Manner, Morph, example_frames, imagine, morph
from vae_core.types import Array

FINDER = "finder.safetensors"
"""The file of the models folder that holds no model but what finds faces."""

EXAMPLE_STEPS = 11

PREVIEW_SIDE = 400
"""Pixels of a frame on a link's picture, of which there are three side by side."""


@dataclass(frozen=True)
class Morpher:
    """The loaded models, by name, and what can be done with them.

    Without a finder the middle of a photo counts as its face.
    """

    checkpoints: Mapping[str, Checkpoint]
    default: str
    limits: PhotoLimits
    finder: FaceFinder | None = None
    read: PhotoReader = read_photo
    """What reads photos; a server has them read in another process."""
    finder_file: Path | None = None
    """What the finder was loaded from, so that another process can load it, too."""

    @classmethod
    def from_settings(cls, settings: Settings, finder: FaceFinder | None = None) -> "Morpher":
        """Load what the settings name, as :meth:`from_folder` does."""
        return cls.from_folder(settings.models, settings.model, settings.photo_limits, finder)

    @classmethod
    def from_folder(
        cls,
        folder: Path,
        default: str = "",
        limits: PhotoLimits | None = None,
        finder: FaceFinder | None = None,
    ) -> "Morpher":
        """Load every ``*.safetensors``, and the finder unless another one is given.

        Raises CheckpointError if there is no model or a file is damaged.
        """
        files = {path.name: path for path in sorted(folder.glob("*.safetensors"))}
        file = files.pop(FINDER, None)
        if file and finder is None:
            finder = finished_finder(file)
        else:
            file = None
        loaded = [load_checkpoint(path) for path in files.values()]
        checkpoints = {checkpoint.name: checkpoint for checkpoint in loaded}
        faces = [checkpoint for checkpoint in loaded if checkpoint.frame.aligns]
        finest = sorted(faces, key=lambda checkpoint: checkpoint.config.pixels, reverse=True)
        default = default or next((c.name for c in [*finest, *loaded]), "")
        if default not in checkpoints:
            missing = f"model called {default!r}" if default else "model"
            raise CheckpointError(f"There is no {missing} in the folder {folder}.")
        return cls(checkpoints, default, limits or PhotoLimits(), finder, finder_file=file)

    def checkpoint(self, name: str = "") -> Checkpoint:
        """Return the model of that name, or the default; UnknownModelError if there is none."""
        try:
            return self.checkpoints[name or self.default]
        except KeyError:
            names = ", ".join(self.checkpoints)
            raise UnknownModelError(f"There is no such model here; there are: {names}.") from None

    def faces(self, data: bytes) -> tuple[Photo, list[Face]]:
        """Read a photo and find all its faces, the surest first; PhotoError."""
        photo = self.read(data, FINDER_SIDE, self.limits)
        return photo, self.finder.find(photo) if self.finder else []

    def align(self, portrait: Portrait, model: str = "") -> tuple[Crop, Sitter]:
        """Bring a portrait's face to where the model wants it; errors as of :meth:`sit`."""
        checkpoint = self.checkpoint(model)
        sitter = self.sit(portrait, checkpoint)
        return align(sitter.photo, checkpoint.frame, sitter.landmarks, sitter.species), sitter

    def encode(self, portrait: Portrait, model: str = "") -> tuple[Encoded, str]:
        """Find a portrait's place in latent space, with a note; errors as of :meth:`sit`."""
        checkpoint = self.checkpoint(model)
        sitter = self.sit(portrait, checkpoint)
        return encode_photo(checkpoint, *sitter.seat), sitter.note

    def morph(
        self, friend: Portrait, dog: Portrait | None, order: Order = PLAIN, model: str = ""
    ) -> tuple[Morph, list[str]]:
        """Walk from a friend to a dog, with notes; PortraitError says which of them is at fault.

        Without a portrait of it the dog is the one that the order wishes for.
        """
        checkpoint = self.checkpoint(model)
        order.check(checkpoint.frame)
        notes: dict[Role, str] = {}
        with ThreadPoolExecutor(1) as beside:
            seated = None
            if dog is not None and not order.whole_photo:  # which says how large the dog is
                seated = quietly(beside, self.seat, dog, checkpoint, order.size)
            with portrait_of("friend"):
                sitter = self.sit(friend, checkpoint, order.side)
                notes["friend"], side = sitter.note, order.side_of(checkpoint.frame, sitter)
                aligned = [align_photo(checkpoint, *sitter.seat, side)]
            if dog is not None:
                with portrait_of("dog"):
                    place = seated.result() if seated else self.seat(dog, checkpoint, side)
                    notes["dog"] = place[0]
                    aligned.append(place[1])
        report("Encoding both faces…" if dog else "Encoding the friend…")
        start, *ends = encode_aligned(checkpoint, *aligned)
        end = ends[0] if ends else self.imagined(checkpoint, start, order)
        report("Drawing the faces in between…")
        result = order.finish(sitter.photo, morph(checkpoint, start, end, order.manner))
        return result, [about(role, note) for role, note in notes.items() if note]

    def imagined(self, checkpoint: Checkpoint, start: Encoded, order: Order) -> Array:
        """Return the latent (Z,) of the dog that an order wishes for."""
        report("Imagining a dog…")
        with portrait_of("dog"):
            return imagine_dog(checkpoint.metadata, start.latent, order.wish)

    def seat(self, portrait: Portrait, checkpoint: Checkpoint, side: int) -> tuple[str, Aligned]:
        """Find a portrait's face and align it, with a note; errors as of :meth:`sit`."""
        sitter = self.sit(portrait, checkpoint, side)
        return sitter.note, align_photo(checkpoint, *sitter.seat, side)

    def sit(self, portrait: Portrait, checkpoint: Checkpoint, side: int = 0) -> Sitter:
        """Read a portrait and find its face, if the model is one of faces.

        side: pixels of the longer side of what is cut out, if more than the model's frame has.
        Raises PhotoError, LandmarksError, NoFaceError or NoSuchFaceError.
        """
        frame = sized(checkpoint.frame, side)
        finder = self.finder if frame.aligns else None
        report("Reading a photo…")
        if portrait.landmarks and frame.aligns:
            share = share_wanted(frame, portrait.landmarks, portrait.species)
            return seat(self.read(portrait.data, share, self.limits), portrait, None)
        draft = max(FINDER_SIDE if finder else 0, frame_side(frame))
        photo = self.read(portrait.data, draft, self.limits)
        if finder:
            report("Finding the face…")
        sitter = seat(photo, portrait, finder)
        # A face may be small in a large photo: then more of its pixels are read.
        wanted = side_wanted(sitter.photo, frame, sitter.landmarks, sitter.species)
        if wanted <= min(sitter.photo.image.size):
            return sitter
        return replace(sitter, photo=self.read(portrait.data, wanted, self.limits))

    def decode(self, latents: Sequence[Sequence[float]], model: str = "") -> Array:
        """N latents of Z numbers -> (N, H, W, C) in [0, 1]; LatentsError if they do not fit."""
        checkpoint = self.checkpoint(model)
        return checkpoint.decode(self.latents(latents, checkpoint))

    def latents(self, latents: Sequence[Sequence[float]], checkpoint: Checkpoint) -> Array:
        """N latents as a stranger gives them -> (N, Z); LatentsError."""
        size = checkpoint.config.latent
        if not latents or any(len(z) != size for z in latents):
            raise LatentsError(f"A latent of the model {checkpoint.name} has {size} numbers.")
        if not all(abs(number) <= LARGEST_LATENT for z in latents for number in z):
            raise LatentsError("The numbers of a latent must be between minus and plus a million.")
        return np.array(latents, np.float32)

    def imagine(self, friend: Array, dog: Array, manner: Manner, model: str = "") -> Array:
        """Frames between two latents (Z,), (steps, H, W, C); LatentsError, UnknownModelError."""
        checkpoint = self.checkpoint(model)
        start, end = self.latents([friend.tolist(), dog.tolist()], checkpoint)
        return imagine(checkpoint, start, end, manner)

    def preview(self, friend: Array, dog: Array, manner: Manner, model: str = "") -> Array:
        """Friend, halfway and dog, large enough for a link's picture: (3, H, W, C); as imagine."""
        frames = self.imagine(friend, dog, replace(manner, steps=3), model)
        return np.stack([enlarge(frame, PREVIEW_SIDE, PREVIEW_SIDE) for frame in frames])

    def directions(self, model: str = "") -> Directions:
        """Return the ways that a model knows from a face; ConfigError if it knows none."""
        return directions_in(self.checkpoint(model).metadata)

    def draw(self, of: str, count: int, seed: int, model: str = "") -> Array:
        """Draw latents, the same for a seed: (count, Z); ConfigError if a model knows no dogs."""
        checkpoint = self.checkpoint(model)
        rng = np.random.default_rng(seed)
        return draw(checkpoint.metadata, of, count, checkpoint.config.latent, rng)

    def grid(self, extent: Sequence[Sequence[float]], side: int, model: str) -> Array:
        """Decode a grid in the plane of a model with two latents: one picture, (H, W, C)."""
        return in_rows(self.checkpoint(model).decode(plane(extent, side)), side)

    def dog(self, name: str, model: str = "") -> Array:
        """Return what a model makes of one of its named dogs, (H, W, C); ConfigError."""
        checkpoint = self.checkpoint(model)
        picture: Array = checkpoint.decode(known_dog(checkpoint.metadata, name)[None])[0]
        return picture

    @property
    def has_example(self) -> bool:
        """Whether the default model brings two latents along to morph between."""
        return bool(self.checkpoint().metadata.get("example"))

    def example(self) -> Array | None:
        """Frames between two latents that the default model brings along; None if it has none."""
        return example_frames(self.checkpoint(), EXAMPLE_STEPS)


def finished_finder(path: Path) -> Finder:
    """Read a finder; CheckpointError if its training is not over."""
    finder = Finder.from_file(path)
    if not finder.finished:
        raise CheckpointError(f"{path.name} cannot find faces yet: its training is not over.")
    return finder

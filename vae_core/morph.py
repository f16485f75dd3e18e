"""From two photos, or one and a wish, to the frames between them: the whole engine in short."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vae_core.checkpoint import Checkpoint
from vae_core.detail import End, Walked, compose
from vae_core.directions import principal_axes, species_of
from vae_core.encoded import Encoded
from vae_core.imaging.align import Frame, Similarity, fit
from vae_core.imaging.landmarks import Landmarks
from vae_core.imaging.lighting import NEUTRAL, restore_light
from vae_core.imaging.paste import canvas_of, put_back, side_on_canvas
from vae_core.imaging.photo import Photo
from vae_core.imaging.portrait import usual_points
from vae_core.imaging.warp import enlarge, in_planes, straight_between
from vae_core.latent import walk_at
from vae_core.timing import even_positions, positions
from vae_core.types import Array

TRIED = 25
"""Positions at which an even walk is tried out before its pace is set."""

SPECIES = ("person", "dog")
"""Whose latents are expected at either end of a walk."""

KEYS = 8
"""Positions of a walk that are decoded at most: in between it hardly bends (decision 0013)."""


@dataclass(frozen=True)
class Manner:
    """How a morph goes.

    steps: frames.  walk: a name from :data:`~vae_core.latent.WALKS`.  easing: one from
    :data:`~vae_core.timing.EASINGS`.  detail: how much of the photos' own is carried over, 0 to 1.
    own_light: whether the friend's light stays until the end.
    """

    steps: int = 11
    walk: str = "linear"
    easing: str = "linear"
    detail: float = 1.0
    own_light: bool = False


@dataclass(frozen=True)
class Morph:
    """frames: (steps, H, W, C) in [0, 1], seen on the way through latents: (steps, Z).

    dog: None if no photo of one was given.
    """

    frames: Array
    latents: Array
    friend: Encoded
    dog: Encoded | None = None


def example_frames(checkpoint: Checkpoint, steps: int, walk: str = "linear") -> Array | None:
    """Morph between the two latents that a checkpoint brings along; None if it has none."""
    ends = checkpoint.metadata.get("example")
    if not ends:
        return None
    return imagine(checkpoint, ends["friend"], ends["dog"], Manner(steps, walk))


def morph(
    checkpoint: Checkpoint, friend: Encoded, dog: Encoded | Array, manner: Manner = Manner()
) -> Morph:
    """Walk from a friend's latent to a dog's, decode the way and carry the detail over.

    dog: a photo's, or a latent (Z,) alone, whose picture is what the decoder makes of it. With
    ``detail`` 1 the first and the last frame are the portraits.
    """
    route = Route(checkpoint, friend, dog, manner)
    where = route.paced(positions(manner.steps, manner.easing))
    frames = route.frames(where, route.ends)
    return Morph(frames, route.latents(where), friend, dog if isinstance(dog, Encoded) else None)


def imagine(checkpoint: Checkpoint, friend: Array, dog: Array, manner: Manner = Manner()) -> Array:
    """Morph between two latents (Z,), of which there is no photo: (steps, H, W, C).

    What the decoder makes of either stands for its photo, so that the way goes as a photo's does.
    """
    axes = principal_axes(checkpoint.metadata) if manner.walk == "principal" else None
    latents = np.array([friend, dog], np.float32)
    kinds = (
        species_of(checkpoint.metadata, z, kind) for z, kind in zip(latents, SPECIES, strict=True)
    )
    points = [usual_points(checkpoint.frame, kind) for kind in kinds]
    first, last = map(End, checkpoint.decode(latents), points)

    def latents_at(where: Array) -> Array:
        return walk_at(friend, dog, where, manner.walk, axes)

    def frames_at(where: Array) -> Array:
        walked = decode_along(checkpoint, latents_at, where, first.picture, last.picture)
        frames: Array = np.clip(compose(walked, first, last, where, manner.detail), 0, 1)
        return frames

    return frames_at(paced(positions(manner.steps, manner.easing), manner.walk, frames_at))


def paced(where: Array, kind: str, frames_at: Callable[[Array], Array]) -> Array:
    """Return positions (T,) at which a walk is paced as its kind wants it.

    frames_at: (N,) -> (N, H, W, C); only the pace of an even walk depends on what is seen.
    """
    if kind != "even":
        return where
    tried = np.linspace(0, 1, TRIED)
    return even_positions(where, tried, frames_at(tried))


def decode_along(
    checkpoint: Checkpoint,
    latents_at: Callable[[Array], Array],
    where: Array,
    start: Array | None = None,
    goal: Array | None = None,
) -> Walked:
    """Decode a walk at positions (T,) from 0 to 1: frames (T, H, W, C) in [0, 1].

    latents_at: (N,) -> (N, Z).  start, goal: what is seen at its ends, (H, W, C), where that is
    known.  A long walk is decoded at :data:`KEYS` even positions and goes straight from each to the
    next: its ends are exact.
    """
    if len(where) <= KEYS:
        seen, shares = checkpoint.decode(latents_at(where)), np.eye(len(where), dtype=np.float32)
    else:
        first, last = ([] if end is None else [end[None]] for end in (start, goal))
        between = np.linspace(0, 1, KEYS)[len(first) : KEYS - len(last)]
        seen = np.concatenate([*first, checkpoint.decode(latents_at(between)), *last])
        shares = straight_between(where, KEYS)
    return Walked(in_planes(seen), shares)


class Route:
    """The way from a friend to a dog: latents, and what is seen at them."""

    def __init__(
        self, checkpoint: Checkpoint, friend: Encoded, dog: Encoded | Array, manner: Manner
    ) -> None:
        self.checkpoint, self.manner = checkpoint, manner
        self.start, first = friend.latent, friend.end
        if isinstance(dog, Encoded):
            self.goal, last, light, shown = dog.latent, dog.end, dog.crop.light, dog.shown
        else:
            self.goal, light, shown = dog, NEUTRAL, None
            last = imagined_end(checkpoint, dog, first.picture.shape)
        self.shown = friend.shown, shown
        self.ends = first, last
        self.lights = friend.crop.light, friend.crop.light if manner.own_light else light

    def latents(self, where: Array) -> Array:
        """(T,) positions -> (T, Z)."""
        kind = self.manner.walk
        axes = principal_axes(self.checkpoint.metadata) if kind == "principal" else None
        return walk_at(self.start, self.goal, where, kind, axes)

    def frames(self, where: Array, ends: tuple[End, End]) -> Array:
        """(T,) positions -> (T, H, W, C) in [0, 1], as large as the pictures of the ends."""
        walked = decode_along(self.checkpoint, self.latents, where, *self.shown)
        frames = compose(walked, *ends, where, self.manner.detail)
        lit: Array = np.clip(restore_light(frames, *self.lights, where), 0, 1, out=frames)
        return lit

    def paced(self, where: Array) -> Array:
        """Return the positions of an even walk, judged by its frames as small as the model's."""
        frame = self.checkpoint.frame

        def frames_at(tried: Array) -> Array:
            first, last = (end.reduced(frame.height, frame.width) for end in self.ends)
            return self.frames(tried, (first, last))

        return paced(where, self.manner.walk, frames_at)


def imagined_end(checkpoint: Checkpoint, latent: Array, shape: tuple[int, ...]) -> End:
    """Return what the decoder makes of a dog's latent (Z,), (H, W, C) large, as a morph's end."""
    picture = checkpoint.decode(np.asarray(latent, np.float32)[None])[0]
    return End(enlarge(picture, *shape[:2]), usual_points(checkpoint.frame, "dog"))


def whole_photo(photo: Photo, morph: Morph, longest: int) -> Array:
    """Put a morph back into the friend's photo: (steps, H, W, C), ``longest`` the longer side."""
    canvas, rate = canvas_of(photo, morph.frames.shape[3], longest)
    to_photo, frame = morph.friend.crop.to_photo, morph.friend.checkpoint.frame
    finer = frame.width / morph.frames.shape[2]
    to_canvas = Similarity(to_photo.turn * finer * rate, to_photo.shift * rate)
    return put_back(canvas, morph.frames, to_canvas)


def side_for_whole(
    frame: Frame, photo: Photo, landmarks: Landmarks | None, species: str, longest: int
) -> int:
    """Return how large frames need be to be put back into a photo of that longer side."""
    rate = min(1.0, longest / max(photo.width, photo.height))
    to_photo = fit(photo, frame, landmarks, species).inverse()
    return side_on_canvas(frame, to_photo, rate)

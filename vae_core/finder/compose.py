"""Composed training pictures: faces at any size, place, turn and light, or none at all."""

import math
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageFilter

from vae_core.finder.faces import spread
from vae_core.finder.scenery import Picture, Scenery
from vae_core.types import Array, Rng

MAX_TURN = math.radians(50)

OTHERS = 0.45
"""Share of canvases that show an animal that is no dog, where there are pictures of some."""

BOX_TO_SPREAD = 1.95
"""Mean side of a dog's head box over the spread of its landmarks."""


@dataclass(frozen=True)
class Placed:
    """A face in a composed picture.

    points: (4, 2), or None where only ``centre`` is known.  weight: of its landmarks.  sure: False
    when another picture may hide it, so that it is neither asked for nor forbidden.
    """

    species: str
    points: Array | None
    centre: Array
    size: float
    weight: float
    sure: bool = True


@dataclass(frozen=True)
class Composed:
    """pixels: (H, W, 3) uint8; faces: all that are in it."""

    pixels: Array
    faces: list[Placed]


@dataclass(frozen=True)
class Turn:
    """p -> matrix p + shift, from a picture to the canvas; mirrored when ``flip``."""

    matrix: Array
    shift: Array
    flip: bool

    def apply(self, points: Array) -> Array:
        """(..., 2) -> (..., 2)."""
        return points @ self.matrix.T + self.shift


def random_turn(
    rng: Rng, anchor: Array, place: Array, scale: float, max_turn: float = MAX_TURN
) -> Turn:
    """Return a similarity, half the time mirrored, that carries ``anchor`` to ``place``."""
    angle = rng.uniform(-max_turn, max_turn) * rng.random() ** 0.25  # small turns more often
    flip = bool(rng.random() < 0.5)
    c, s = scale * math.cos(angle), scale * math.sin(angle)
    matrix = np.array([[c, -s], [s, c]]) @ np.diag([-1.0 if flip else 1.0, 1.0])
    return Turn(matrix, place - matrix @ anchor, flip)


def paste(canvas: Image.Image, picture: Image.Image, turn: Turn, feather: float) -> None:
    """Draw a picture onto the canvas through ``turn``, its border faded over ``feather`` pixels.

    What an RGBA picture leaves out is left out.
    """
    scale = math.sqrt(abs(np.linalg.det(turn.matrix)))
    factor = max(1, math.floor(1 / scale))
    image = picture.reduce(factor) if factor > 1 else picture
    inverse = np.linalg.inv(turn.matrix)
    matrix = np.column_stack([inverse, -inverse @ turn.shift]) / factor
    flat = tuple(matrix.ravel())
    warped = image.transform(canvas.size, Image.Transform.AFFINE, flat, Image.Resampling.BILINEAR)
    whole = image.getchannel("A") if image.mode == "RGBA" else Image.new("L", image.size, 255)
    mask = whole.transform(canvas.size, Image.Transform.AFFINE, flat, Image.Resampling.BILINEAR)
    if feather >= 1:
        blurred = mask.filter(ImageFilter.BoxBlur(feather))
        mask = blurred.point([max(0, 2 * v - 255) for v in range(256)])
    canvas.paste(warped, (0, 0), mask)


def background(rng: Rng, scenery: Scenery, size: int) -> Image.Image:
    """Return a canvas without faces: part of an empty photo or one colour, maybe an animal."""
    canvas = Image.new("RGB", (size, size), tuple(rng.integers(0, 256, 3).tolist()))
    if rng.random() < 0.85:
        picture = scenery.empty[rng.integers(len(scenery.empty))]
        w, h = picture.image.size
        scale = size / min(w, h) * math.exp(rng.uniform(-0.2, 1.0))
        anchor = rng.uniform(0.25, 0.75, 2) * (w, h)
        paste(canvas, picture.image, random_turn(rng, anchor, np.full(2, size / 2), scale), 0)
    add_other(rng, scenery, canvas)
    return canvas


def add_other(rng: Rng, scenery: Scenery, canvas: Image.Image) -> None:
    """Paste, sometimes, an animal that is no dog, whole or in part."""
    if scenery.others and rng.random() < OTHERS:
        other = scenery.others[rng.integers(len(scenery.others))]
        scale = max(canvas.size) / max(other.size) * math.exp(rng.uniform(-0.7, 1.1))
        anchor = rng.uniform(0.1, 0.9, 2) * other.size
        place = rng.uniform(0.3, 0.7, 2) * canvas.size
        paste(canvas, other, random_turn(rng, anchor, place, scale), 0)


def choose(rng: Rng, scenery: Scenery, whole_scenes: float) -> Picture:
    """Return a person's or a dog's picture, from ``scenes`` with the given probability."""
    species = "dog" if rng.random() < 0.5 else "person"
    pool = scenery.scenes if rng.random() < whole_scenes else scenery.heads
    return pool[species][rng.integers(len(pool[species]))]


def add_face(
    rng: Rng,
    canvas: Image.Image,
    picture: Picture,
    face_size: float,
    place: Array,
    max_turn: float = MAX_TURN,
) -> Placed:
    """Paste a picture so that its face has the given spread, in pixels, and place."""
    anchor, own = place_and_size(picture)
    turn = random_turn(rng, anchor, place, face_size / own, max_turn)
    paste(canvas, picture.image, turn, float(rng.choice([0, 0, 2, 5])))
    return placed(picture, turn)


def compose(rng: Rng, scenery: Scenery, size: int, smallest: float, largest: float) -> Composed:
    """Make a picture with no, one or several faces whose spread is between the given pixels."""
    canvas = background(rng, scenery, size)
    faces: list[Placed] = []
    for _ in range(rng.choice([0, 1, 2, 3], p=[0.15, 0.45, 0.25, 0.15])):
        face_size = float(np.exp(rng.uniform(math.log(smallest), math.log(largest))))
        place = rng.uniform(0, size, 2)
        apart = [np.hypot(*(place - f.centre)) > 1.6 * (face_size + f.size) for f in faces]
        if all(apart):
            faces = [replace(f, sure=f.sure and not covered(f, place, face_size)) for f in faces]
            faces.append(add_face(rng, canvas, choose(rng, scenery, 0.5), face_size, place))
    return Composed(relit(rng, canvas), faces)


def whole_scene(rng: Rng, scenery: Scenery) -> Composed:
    """Return a whole photo, or most of one, with its one face if it has any, at a random size."""
    pools = [*scenery.scenes.values(), scenery.empty, scenery.empty]
    pool = pools[rng.integers(len(pools))]
    picture = pool[rng.integers(len(pool))]
    w, h = picture.image.size
    scale = math.exp(rng.uniform(-0.9, 0.5))
    canvas = Image.new("RGB", (round(w * scale), round(h * scale)), (128, 128, 128))
    middle, place = np.array([w, h]) / 2, np.array(canvas.size) / 2 * rng.uniform(0.8, 1.2, 2)
    turn = random_turn(rng, middle, place, scale, MAX_TURN / 2)
    paste(canvas, picture.image, turn, 0)
    faces = [placed(picture, turn)] if picture.species != "none" else []
    if not faces:
        add_other(rng, scenery, canvas)
    return Composed(relit(rng, canvas), faces)


def placed(picture: Picture, turn: Turn) -> Placed:
    """Return where ``turn`` brings a picture's face."""
    scale = math.sqrt(abs(float(np.linalg.det(turn.matrix))))
    centre, own = place_and_size(picture)
    points = None if picture.points is None else turn.apply(picture.points)
    if points is not None and turn.flip:
        points = points[[1, 0, 2, 3]]
    return Placed(picture.species, points, turn.apply(centre), own * scale, picture.weight)


def place_and_size(picture: Picture) -> tuple[Array, float]:
    """Return the centre (2,) and the spread of a picture's face, from its box if need be."""
    if picture.points is not None:
        return picture.points.mean(axis=0), float(spread(picture.points))
    assert picture.box is not None
    sides = picture.box[2:] - picture.box[:2]
    return (picture.box[:2] + picture.box[2:]) / 2, float(sides.mean()) / BOX_TO_SPREAD


def covered(face: Placed, place: Array, face_size: float) -> bool:
    """Say whether a picture pasted at ``place`` may hide an earlier face: pictures are wide."""
    return bool(np.hypot(*(place - face.centre)) < 3.5 * face_size + face.size)


def relit(rng: Rng, canvas: Image.Image) -> Array:
    """Change exposure, contrast, colour, sharpness and noise as phones and rooms do: uint8."""
    if rng.random() < 0.15:
        canvas = canvas.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 1.2)))
    x = np.asarray(canvas, np.float32) / 255
    if rng.random() < 0.12:
        x = np.repeat(x.mean(axis=2, keepdims=True), 3, axis=2)
    x = x ** np.float32(np.exp(rng.normal(0, 0.3)))
    x = x * rng.normal(1, 0.08, 3).astype(np.float32) * np.float32(np.exp(rng.normal(-0.1, 0.22)))
    x = x + rng.normal(0, 0.04, 3).astype(np.float32)
    if rng.random() < 0.25:
        down, across = (np.linspace(-1, 1, n, dtype=np.float32) for n in x.shape[:2])
        ramp = down[:, None, None] if rng.random() < 0.5 else across[None, :, None]
        x = x * (1 + ramp * np.float32(rng.uniform(0.2, 0.6)))
    if rng.random() < 0.3:
        noise = rng.standard_normal(x.shape, np.float32)
        x = x + noise * np.float32(rng.uniform(0, 0.06))
    return (np.clip(x, 0, 1) * 255).astype(np.uint8)

"""Photo + landmarks -> canonical crop, and the way back.

Coordinates are continuous pixels: x right, y down, (0, 0) the top-left corner of the picture, so
the centre of its first pixel is (0.5, 0.5). Internally a point is a complex number x + iy.
"""

import json
import math
from dataclasses import asdict, dataclass, fields
from typing import Any, TypeAlias

import numpy as np

from vae_core.errors import LandmarksError
from vae_core.imaging.lighting import NEUTRAL, Light, measure_light
from vae_core.imaging.photo import Photo
from vae_core.imaging.resample import resample
from vae_core.types import Array

Point: TypeAlias = tuple[float, float]

ANCHORS = {"person": "mouth", "dog": "nose"}
"""The point that, with the eyes, is brought to its place. A dog's mouth moves with its tongue."""


@dataclass(frozen=True)
class Landmarks:
    """Where a face is, in pixels of the upright full-size photo; left is the picture's left.

    ``nose`` or ``mouth`` may be unknown. ``nose`` is the centre of a dog's nose pad.
    """

    left_eye: Point
    right_eye: Point
    nose: Point | None = None
    mouth: Point | None = None

    @classmethod
    def from_json(cls, value: str | dict[str, Any]) -> "Landmarks":
        """Read ``{"left_eye": [x, y], ...}``, given as text or as an object.

        Raises LandmarksError when an eye is missing, or when a point is not two finite numbers.
        """
        points = parse_object(value)
        names = [field.name for field in fields(cls)]
        given = {n: parse_point(n, points[n]) for n in names if points.get(n) is not None}
        missing = [name for name in names[:2] if name not in given]
        if missing:
            raise LandmarksError(f"The landmarks have no {missing[0]}.")
        return cls(**given)

    def check(self, width: int, height: int) -> None:
        """Raise LandmarksError unless the points lie in a photo of that size and span a face."""
        for name, point in asdict(self).items():
            if point is not None and not inside(point, width, height):
                raise LandmarksError(
                    f"The {name} at {point[0]:g}, {point[1]:g} is outside the photo, "
                    f"which has {width} x {height} pixels."
                )
        self.check_shape()

    def check_shape(self) -> None:
        """Raise LandmarksError unless the eyes are apart, and nose and mouth below them."""
        for point in (self.nose, self.mouth):
            if point is not None:
                check_below_eyes(self.left_eye, self.right_eye, point)


@dataclass(frozen=True)
class Similarity:
    """p -> turn * p + shift on points as complex numbers: |turn| scales, its angle rotates."""

    turn: complex
    shift: complex

    @property
    def scale(self) -> float:
        """Length of a unit step after the map."""
        return abs(self.turn)

    def apply(self, points: Array) -> Array:
        """(N, 2) -> (N, 2)."""
        p = np.asarray(points, np.float64) @ np.array([1, 1j])
        q = self.turn * p + self.shift
        return np.stack([q.real, q.imag], axis=1)

    def inverse(self) -> "Similarity":
        """Return the way back."""
        return Similarity(1 / self.turn, -self.shift / self.turn)


@dataclass(frozen=True)
class Frame:
    """The canonical crop: its size in pixels, channels (1 grey, 3 RGB), where a face goes in it.

    Points are fractions of the width and the height: the eyes, a dog's nose and a person's mouth.
    A frame without points aligns nothing. ``light`` is the mean and the contrast to which a face's
    luminance is brought; without it, pictures keep their own.
    """

    height: int
    width: int
    channels: int
    left_eye: Point | None = None
    right_eye: Point | None = None
    nose: Point | None = None
    mouth: Point | None = None
    light: tuple[float, float] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return a plain object for a checkpoint or data set."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Frame":
        """Undo :meth:`to_json`."""
        fields: Any = {k: tuple(v) if isinstance(v, list) else v for k, v in value.items()}
        return cls(**fields)

    @property
    def aligns(self) -> bool:
        """Whether faces have a place in it."""
        return None not in (self.left_eye, self.right_eye, self.nose, self.mouth)

    def point(self, name: str) -> Point:
        """Return a landmark's place in pixels of the crop."""
        x, y = getattr(self, name)
        return x * self.width, y * self.height


@dataclass(frozen=True)
class Crop:
    """What a model sees of a photo, and the way back.

    pixels: (H, W, C) float32 in [0, 1].  to_photo: its places to the photo's, in pixels.  light:
    its brightness to the photo's.
    """

    pixels: Array
    to_photo: Similarity
    light: Light = NEUTRAL


SPARE = 1.5
"""Pixels of a photo along one of the frame that a crop is made from, if the photo has them."""

FACE_LIGHT = (0.5, 0.17)
"""Mean and contrast of the luminance around the face; about the training pictures' medians."""


def face_frame(
    size: int,
    channels: int,
    light: tuple[float, float] | None = None,
    eyes: float = 0.38,
    apart: float = 0.35,
) -> Frame:
    """Return the square frame in which people's and dogs' eyes share their place.

    ``eyes`` is how far down they are, ``apart`` their distance, as fractions of the side. It holds
    a face from hairline to chin. The mouth of a person is 1.02, the nose of a dog 0.81
    eye distances below the eyes, the medians of 10,169 people and 3,725 dogs, so that
    neither species shrinks to fit.
    """
    return Frame(
        height=size,
        width=size,
        channels=channels,
        left_eye=(0.5 - apart / 2, eyes),
        right_eye=(0.5 + apart / 2, eyes),
        nose=(0.5, eyes + 0.81 * apart),
        mouth=(0.5, eyes + 1.02 * apart),
        light=light,
    )


FACE_GREY_50 = face_frame(50, channels=1, light=FACE_LIGHT)
HEAD_RGB_128 = face_frame(128, channels=3, light=FACE_LIGHT, eyes=0.40, apart=0.32)
"""A little wider, so that a friend keeps some hair and a dog its ears."""
DIGIT_28 = Frame(height=28, width=28, channels=1)


def fit_similarity(landmarks: Landmarks, frame: Frame, species: str) -> Similarity:
    """Return the map from photo to frame pixels that brings eyes and anchor nearest their places.

    Least squares in closed form: Umeyama, IEEE PAMI 13(4), 1991, eq. 40-42, which in the plane is
    one complex division. Raises LandmarksError when the species or its anchor is unknown.
    """
    if species not in ANCHORS:
        raise LandmarksError(f"There is no place for a {species}; there are {', '.join(ANCHORS)}.")
    anchor = ANCHORS[species]
    if getattr(landmarks, anchor) is None:
        raise LandmarksError(f"The landmarks of a {species} need the {anchor}.")
    names = ("left_eye", "right_eye", anchor)
    p = np.array([complex(*getattr(landmarks, name)) for name in names])
    q = np.array([complex(*frame.point(name)) for name in names])
    dp, dq = p - p.mean(), q - q.mean()
    turn = complex(np.vdot(dp, dq) / np.vdot(dp, dp))
    return Similarity(turn, complex(q.mean() - turn * p.mean()))


def fit_centre(width: int, height: int, frame: Frame) -> Similarity:
    """Return the map from photo to frame pixels that keeps the largest centred crop."""
    turn = max(frame.width / width, frame.height / height)
    middle = complex(frame.width / 2, frame.height / 2)
    return Similarity(turn, middle - turn * complex(width / 2, height / 2))


def fit(photo: Photo, frame: Frame, landmarks: Landmarks | None, species: str) -> Similarity:
    """Return the map from photo to frame pixels; without landmarks, of the largest centred crop.

    Raises LandmarksError.
    """
    if landmarks is None or not frame.aligns:
        return fit_centre(photo.width, photo.height, frame)
    landmarks.check(photo.width, photo.height)
    return fit_similarity(landmarks, frame, species)


def frame_side(frame: Frame) -> int:
    """Return the shorter side that a photo needs if its face fills it."""
    return math.ceil(SPARE * max(frame.height, frame.width))


def side_wanted(photo: Photo, frame: Frame, landmarks: Landmarks | None, species: str) -> int:
    """Return how many pixels the photo's shorter side needs for a crop of full sharpness.

    Then ``SPARE`` pixels of the picture fall on every one of the frame. A photo that was read as a
    draft may have fewer. Raises LandmarksError.
    """
    to_frame = fit(photo, frame, landmarks, species)
    return math.ceil(SPARE * to_frame.scale * min(photo.width, photo.height))


def share_wanted(frame: Frame, landmarks: Landmarks, species: str) -> float:
    """Return the same as a share, up to 1, of the photo's own pixels. LandmarksError."""
    with np.errstate(all="ignore"):  # a face of no size is refused when the photo was read
        return min(1.0, SPARE * fit_similarity(landmarks, frame, species).scale)


def align(
    photo: Photo, frame: Frame, landmarks: Landmarks | None = None, species: str = "person"
) -> Crop:
    """Bring a face to its place in the frame; without landmarks, take the largest centred crop.

    Where the crop leaves the photo, the photo's border is continued. Raises LandmarksError.
    """
    to_photo = fit(photo, frame, landmarks, species).inverse()
    rates = np.array([[photo.image.width / photo.width], [photo.image.height / photo.height]])
    to_image = rates * as_matrix(to_photo)
    pixels = resample(photo.image, to_image, (frame.height, frame.width), frame.channels)
    if frame.light is None:
        return Crop(pixels, to_photo)
    light = measure_light(pixels, frame.light)
    return Crop(light.normalise(pixels), to_photo, light)


def as_matrix(similarity: Similarity) -> Array:
    """Return the (2, 3) matrix that maps (x, y, 1)."""
    a, b = similarity.turn, similarity.shift
    return np.array([[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]])


def parse_object(value: str | dict[str, Any]) -> dict[str, Any]:
    """Return the object that a text or a parsed JSON holds. Raises LandmarksError."""
    try:
        points = json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        points = None
    if not isinstance(points, dict):
        raise LandmarksError('Landmarks are an object like {"left_eye": [x, y], "right_eye": ...}.')
    return points


def parse_point(name: str, value: Any) -> Point:
    """[x, y] -> (x, y). Raises LandmarksError."""
    try:
        x, y = (float(number) for number in value)
    except (TypeError, ValueError, OverflowError):
        x = y = math.nan
    if isinstance(value, str) or not (math.isfinite(x) and math.isfinite(y)):
        raise LandmarksError(f"The {name} is not a pair of finite numbers, x and y in pixels.")
    return x, y


def inside(point: Point, width: int, height: int) -> bool:
    """Tell whether a point is in a photo of that size, its edge included."""
    return 0 <= point[0] <= width and 0 <= point[1] <= height


def check_below_eyes(left_eye: Point, right_eye: Point, point: Point) -> None:
    """Raise LandmarksError unless the eyes are apart and the point lies on the chin's side."""
    across = complex(*right_eye) - complex(*left_eye)
    if abs(across) < 2:
        raise LandmarksError("The eyes are less than two pixels apart.")
    down = ((complex(*point) - complex(*left_eye)) / across).imag
    if down <= 0.05:
        raise LandmarksError(
            "The nose and the mouth must be below the eyes; left is the picture's left."
        )

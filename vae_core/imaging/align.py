"""Photo + landmarks -> canonical crop, and the way back.

Coordinates are continuous pixels: x right, y down, (0, 0) the top-left corner of the picture, so
the centre of its first pixel is (0.5, 0.5). Internally a point is a complex number x + iy.
"""

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from vae_core.errors import LandmarksError
from vae_core.imaging.landmarks import Landmarks, Point
from vae_core.imaging.lighting import NEUTRAL, Light, measure_light
from vae_core.imaging.photo import Photo
from vae_core.imaging.resample import resample
from vae_core.types import Array

ANCHORS = {"person": "mouth", "dog": "nose"}
"""The point that, with the eyes, is brought to its place. A dog's mouth moves with its tongue."""


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
    photo: Photo,
    frame: Frame,
    landmarks: Landmarks | None = None,
    species: str = "person",
    soft: bool = False,
) -> Crop:
    """Bring a face to its place in the frame; without landmarks, take the largest centred crop.

    Where the crop leaves the photo, the photo's border is continued; ``soft``: for eyes, not for
    models, as a blurred mirror image. Raises LandmarksError.
    """
    to_photo = fit(photo, frame, landmarks, species).inverse()
    rates = np.array([[photo.image.width / photo.width], [photo.image.height / photo.height]])
    to_image = rates * as_matrix(to_photo)
    pixels = resample(photo.image, to_image, (frame.height, frame.width), frame.channels, soft)
    if frame.light is None:
        return Crop(pixels, to_photo)
    light = measure_light(pixels, frame.light)
    return Crop(light.normalise(pixels), to_photo, light)


def as_matrix(similarity: Similarity) -> Array:
    """Return the (2, 3) matrix that maps (x, y, 1)."""
    a, b = similarity.turn, similarity.shift
    return np.array([[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]])

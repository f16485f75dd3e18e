"""A photo's face at any size, uncut by the model's light, and its landmarks in the frame."""

from dataclasses import replace

import numpy as np

from vae_core.imaging.align import Crop, Frame, align
from vae_core.imaging.landmarks import Landmarks
from vae_core.imaging.photo import Photo
from vae_core.types import Array

BELOW = {"person": {"nose": 0.60, "mouth": 1.02}, "dog": {"nose": 0.81, "mouth": 1.30}}
"""How far below the eyes a nose and a mouth usually are, in eye distances; the medians of 10,169
people and 3,725 dogs."""

POINTS = ("left_eye", "right_eye", "nose", "mouth")

EDGE = 0.03
"""How near to the border of the frame a landmark may lie."""


def sized(frame: Frame, side: int) -> Frame:
    """Return the frame with its longer side ``side`` pixels long, and without a light.

    It never becomes smaller than it is.
    """
    rate = max(1.0, side / max(frame.height, frame.width))
    height, width = round(frame.height * rate), round(frame.width * rate)
    return replace(frame, height=height, width=width, light=None)


def portrait_of(
    photo: Photo, frame: Frame, landmarks: Landmarks | None, species: str, side: int
) -> Array:
    """Return the aligned face in the photo's own light, (H, W, C) in [0, 1]. LandmarksError."""
    return align(photo, sized(frame, side), landmarks, species, soft=True).pixels


def points_in(frame: Frame, species: str, landmarks: Landmarks | None, crop: Crop) -> Array:
    """Return eyes, nose and mouth as fractions of the frame, (4, 2); none, (0, 2), of no face.

    What is not known is where it usually is.
    """
    if landmarks is None or not frame.aligns:
        return usual_points(frame, species)
    names = [name for name in POINTS if getattr(landmarks, name) is not None]
    places = crop.to_photo.inverse().apply(np.array([getattr(landmarks, n) for n in names]))
    known = dict(zip(names, places, strict=True))
    points = below(np.stack([known["left_eye"], known["right_eye"]]), species) | known
    fractions = np.stack([points[n] for n in POINTS]) / [frame.width, frame.height]
    return np.clip(fractions, EDGE, 1 - EDGE)


def usual_points(frame: Frame, species: str) -> Array:
    """Return where a species' landmarks usually are, as :func:`points_in`."""
    if not frame.aligns:
        return np.zeros((0, 2))
    points = below(np.array([frame.point("left_eye"), frame.point("right_eye")]), species)
    return np.stack([points[n] for n in POINTS]) / [frame.width, frame.height]


def below(eyes: Array, species: str) -> dict[str, Array]:
    """Return eyes (2, 2) with the nose and the mouth that usually belong to them, by name."""
    across, middle = eyes[1] - eyes[0], eyes.mean(axis=0)
    down = np.array([-across[1], across[0]])
    usual = {name: middle + far * down for name, far in BELOW[species].items()}
    return {"left_eye": eyes[0], "right_eye": eyes[1], **usual}

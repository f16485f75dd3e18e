"""What may be wrong with a photo of a face, in words for whoever took it."""

import numpy as np

from vae_core.imaging.portrait import POINTS
from vae_core.imaging.resample import LUMA
from vae_core.types import Array

DARK, BRIGHT = 0.18, 0.85
"""Mean brightness of a face: one training picture in a hundred is beyond either."""

FLAT = 0.07
"""Contrast of a face, a standard deviation of brightness; hardly any training picture has less."""

TURNED = 0.3
"""How far the nose is beside the middle of the eyes, in eye distances, when a face looks away."""

RARE = 95.0
"""Percentile of the training pictures' losses above which a face is like few of them."""


def remark_on(picture: Array, points: Array, percentile: float) -> str:
    """Say in a sentence what is unusual about a face, or nothing.

    picture: (H, W, C) in [0, 1], aligned, in the photo's own light.  points: its landmarks as
    fractions of the frame, (4, 2), or (0, 2) of no face.  percentile: of its loss.
    """
    grey = picture @ LUMA if picture.shape[2] == 3 else picture[:, :, 0]
    face = grey[inner(points, grey.shape)] if len(points) else grey
    if face.mean() < DARK:
        return "The face is very dark: more light would help."
    if face.mean() > BRIGHT:
        return "The face is very bright: less light would help."
    if face.std() < FLAT:
        return "The photo is faint or blurred: a clearer one would help."
    if len(points) and abs(looks_aside(points)) > TURNED:
        return "The face looks to one side: one that looks at you would come out better."
    if percentile > RARE:
        return "Something is unlike the faces that the model learnt from: a hand or hair, perhaps."
    return ""


def inner(points: Array, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Return the rows and columns around eyes, nose and mouth."""
    low, high = points.min(axis=0), points.max(axis=0)
    margin = (high - low).max() / 4
    (left, top), (right, bottom) = np.clip([low - margin, high + margin], 0, 1) * shape[1::-1]
    return slice(int(top), int(bottom) + 1), slice(int(left), int(right) + 1)


def looks_aside(points: Array) -> float:
    """Return how far the nose is beside the middle of the eyes, along them, in eye distances."""
    left, right, nose = (points[POINTS.index(name)] for name in ("left_eye", "right_eye", "nose"))
    across = right - left
    return float((nose - (left + right) / 2) @ across / (across @ across))

"""Would a person recognise it? Measures of what a face is recognised by, not of its shading."""

import math
from dataclasses import dataclass

import numpy as np

from vae_core.imaging.align import Frame
from vae_core.imaging.resample import LUMA
from vae_core.layers.resize import along_both, cosine_matrix
from vae_core.types import Array

FACE_WIDTH = 2.2
"""Breadth of a face in eye distances: the median of adults, 140 mm over 63 mm."""

FINE = (8.0, 32.0)
"""Cycles across the face: where eyes, brows, nose and mouth are told apart."""


@dataclass(frozen=True)
class Likeness:
    """How well reconstructions are told from each other's originals, N of them.

    recognised: the share whose nearest original is their own.  own: the mean correlation with it.
    other: the mean correlation with the most similar other one.
    """

    recognised: float
    own: float
    other: float


def likeness(originals: Array, reconstructions: Array, frame: Frame) -> Likeness:
    """Look for every reconstruction's original, by their fine features inside the face.

    Both are (N, H, W, C) in [0, 1] in ``frame``. Brightness and contrast are taken out.
    """
    similar = fine_features(reconstructions, frame) @ fine_features(originals, frame).T
    own = np.diag(similar)
    others = similar - 2 * np.eye(len(similar), dtype=similar.dtype)
    found = own > others.max(axis=1)
    return Likeness(float(found.mean()), float(own.mean()), float(others.max(axis=1).mean()))


def fine_features(pictures: Array, frame: Frame) -> Array:
    """(N, H, W, C) -> (N, pixels of the face): the fine bands, of mean 0 and length 1."""
    grey = pictures if pictures.shape[3] == 1 else (pictures @ LUMA)[..., None]
    features = band(grey, *cycles_across(frame))[:, face_mask(frame), 0]
    features -= features.mean(axis=1, keepdims=True)
    features /= np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-9)
    return features


def eye_distance(frame: Frame) -> float:
    """Return how far the eyes are apart in the frame, in widths of it."""
    assert frame.left_eye is not None
    assert frame.right_eye is not None
    return math.dist(frame.left_eye, frame.right_eye)


def cycles_across(frame: Frame) -> tuple[float, float]:
    """Return the fine bands' ends in cycles across the frame."""
    width = FACE_WIDTH * eye_distance(frame)
    return FINE[0] / width, FINE[1] / width


def band(x: Array, low: float, high: float) -> Array:
    """Keep what has ``low`` to ``high`` cycles across the picture: (N, H, W, C) -> the same."""
    _, height, width, _ = x.shape
    down, across = (cosine_matrix(n).astype(x.dtype) for n in (height, width))
    cycles = np.hypot(np.arange(height)[:, None] * width / height, np.arange(width)) / 2
    kept = (cycles >= low) & (cycles <= high)
    return along_both(along_both(x, down, across) * kept[:, :, None], down.T, across.T)


def face_mask(frame: Frame) -> Array:
    """(H, W) bool: an ellipse from the brows' upper edge to the chin, as broad as the face."""
    assert frame.left_eye is not None
    apart = eye_distance(frame)
    y = (np.arange(frame.height) + 0.5) / frame.height - (frame.left_eye[1] + 0.5 * apart)
    x = (np.arange(frame.width) + 0.5) / frame.width - 0.5
    inside: Array = (y[:, None] / (1.2 * apart)) ** 2 + (2 * x / (FACE_WIDTH * apart)) ** 2 < 1
    return inside


def ssim(x: Array, y: Array) -> Array:
    """Structural similarity of the luminances, (N, H, W, C) in [0, 1] twice -> (N,).

    Wang et al., IEEE TIP 13(4), 2004, eq. 13, with the Gaussian window of 1.5 pixels that they
    propose, and constants (0.01)^2 and (0.03)^2.
    """
    a, b = (p if p.shape[3] == 1 else (p @ LUMA)[..., None] for p in (x, y))
    blur = gaussian_matrix(a.shape[1]), gaussian_matrix(a.shape[2])
    mean_a, mean_b = along_both(a, *blur), along_both(b, *blur)
    var_a = along_both(a * a, *blur) - mean_a**2
    var_b = along_both(b * b, *blur) - mean_b**2
    covariance = along_both(a * b, *blur) - mean_a * mean_b
    likeness = (2 * mean_a * mean_b + 1e-4) * (2 * covariance + 9e-4)
    likeness /= (mean_a**2 + mean_b**2 + 1e-4) * (var_a + var_b + 9e-4)
    means: Array = likeness.mean(axis=(1, 2, 3))
    return means


def gaussian_matrix(size: int, sigma: float = 1.5) -> Array:
    """Return (size, size) float32: each row a Gaussian mean around its pixel."""
    places = np.arange(size)
    weights = np.exp(-((places[:, None] - places) ** 2) / (2 * sigma**2))
    matrix: Array = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return matrix

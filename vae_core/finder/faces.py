"""A found face, and what follows from its landmarks alone: its size and its box."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vae_core.finder.network import POINTS
from vae_core.imaging.landmarks import Landmarks
from vae_core.types import Array


def spread(points: Array) -> Array:
    """Return the size of faces: (..., 4, 2) landmarks -> (...,) pixels.

    Root of the summed squared distances from the landmarks' centre: 1.1 times the eye distance of
    a person who looks ahead, and it shrinks less when the head turns.
    """
    centred = points - points.mean(axis=-2, keepdims=True)
    size: Array = np.sqrt(np.square(centred).sum(axis=(-2, -1)))
    return size


def normalised(points: Array) -> Array:
    """Take place and size out of landmarks: (N, 4, 2) -> (N, 9), the last column 1."""
    centred = points - points.mean(axis=1, keepdims=True)
    rows = (centred / spread(points)[:, None, None]).reshape(len(points), -1)
    return np.concatenate([rows, np.ones((len(points), 1))], axis=1)


def fit_boxes(points: Array, boxes: Array) -> Array:
    """Learn the linear map from landmarks (N, 4, 2) to boxes (N, 4) as x0, y0, x1, y1: (9, 4)."""
    size = spread(points)[:, None]
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2 - points.mean(axis=1)
    targets = np.concatenate([centre / size, np.log((boxes[:, 2:] - boxes[:, :2]) / size)], axis=1)
    weights: Array = np.linalg.lstsq(normalised(points), targets, rcond=None)[0]
    return weights


def boxes_of(points: Array, weights: Array) -> Array:
    """Return boxes (N, 4) as x0, y0, x1, y1 of landmarks (N, 4, 2), by :func:`fit_boxes`' map."""
    size = spread(points)[:, None]
    rows = normalised(points) @ weights
    centre, half = points.mean(axis=1) + rows[:, :2] * size, np.exp(rows[:, 2:]) * size / 2
    return np.concatenate([centre - half, centre + half], axis=1)


def overlap(box: Array, boxes: Array) -> Array:
    """Intersection over union of one box (4,) with each of (N, 4): (N,)."""
    low, high = np.maximum(box[:2], boxes[:, :2]), np.minimum(box[2:], boxes[:, 2:])
    common = np.clip(high - low, 0, None).prod(axis=1)
    area = (box[2:] - box[:2]).prod() + (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    share: Array = common / (area - common)
    return share


@dataclass(frozen=True)
class Face:
    """A face in a photo, in pixels of the upright full-size photo.

    species: ``person`` or ``dog``.  box: (x0, y0, x1, y1), forehead to chin of a person, the whole
    head of a dog.  score: 0 to 1.
    """

    species: str
    landmarks: Landmarks
    box: tuple[float, float, float, float]
    score: float

    def to_json(self) -> dict[str, Any]:
        """Return a plain object."""
        points = {name: list(getattr(self.landmarks, name)) for name in POINTS}
        return {
            "species": self.species,
            "score": round(self.score, 4),
            "box": [round(v, 1) for v in self.box],
            "landmarks": {name: [round(v, 1) for v in p] for name, p in points.items()},
        }


def best_face(faces: Sequence[Face], species: str) -> Face:
    """Return the surest of at least one face of a species, or else the surest of all.

    faces: sorted, the surest first, as the finder gives them.
    """
    return next((face for face in faces if face.species == species), faces[0])

"""What the networks should have said: composed faces as heat maps, offsets and weights."""

from typing import NamedTuple

import numpy as np

from vae_core.finder.network import CELL, READER_POINTS, SPECIES
from vae_core.types import Array

ANSWERED = (10.0, 26.0)
"""Spread in pixels of the faces that the scout answers for; a scale pyramid brings others there."""

UNDECIDED = (8.0, 32.0)
"""Faces between these and ANSWERED are neither asked for nor forbidden."""

OFFSET = 16.0
"""Pixels in one unit of a landmark offset, for both networks."""

POINT_WEIGHTS = np.repeat([1, 1, 1, 0.5], 2).astype(np.float32)
"""x and y of both eyes, the nose and the mouth, which moves."""


class ScoutTargets(NamedTuple):
    """heat and its weight: (N, h, w, 2); offsets and their weight: (N, h, w, 8)."""

    heat: Array
    heat_weight: Array
    offsets: Array
    offset_weight: Array


def cell_centres(h: int, w: int) -> Array:
    """(h, w, 2): x and y, in pixels, of the middle of every cell."""
    x, y = (np.arange(n, dtype=np.float32) * CELL + CELL / 2 for n in (w, h))
    return np.stack(np.meshgrid(x, y), axis=-1)


def scout_targets(faces: Array, h: int, w: int) -> ScoutTargets:
    """(N, F) FACE records -> targets on an h x w grid."""
    n, species = len(faces), len(SPECIES)
    centres = cell_centres(h, w)
    heat = np.zeros((n, h, w, species), np.float32)
    heat_weight = np.ones_like(heat)
    offsets = np.zeros((n, h, w, 8), np.float32)
    offset_weight = np.zeros_like(offsets)
    for k, f in zip(*np.nonzero(faces["species"] >= 0), strict=True):
        face = faces[k, f]
        distance = np.hypot(*np.moveaxis(centres - face["centre"], -1, 0))
        if face["sure"] and ANSWERED[0] <= face["size"] <= ANSWERED[1]:
            near = np.exp(-0.5 * (distance / (0.7 * CELL)) ** 2)
            inside = distance.min() <= CELL
            near[near == near.max()] = 1.0 if inside else near.max()
            layer = heat[k, :, :, face["species"]]
            np.maximum(layer, near, out=layer)
            wanted = (near > 0.35) * face["weight"]
            chosen = wanted > 0
            offsets[k][chosen] = (face["points"].reshape(8) - np.tile(centres[chosen], 4)) / OFFSET
            offset_weight[k][chosen] = wanted[chosen][:, None] * POINT_WEIGHTS
        elif UNDECIDED[0] <= face["size"] <= UNDECIDED[1]:
            heat_weight[k][distance < face["size"]] = 0
    return ScoutTargets(heat, heat_weight, offsets, offset_weight)


def mirror_faces(faces: Array, width: int) -> Array:
    """Return FACE records as a left-right mirrored picture of ``width`` pixels has them."""
    mirrored = faces.copy()
    mirrored["centre"][..., 0] = width - faces["centre"][..., 0]
    mirrored["points"] = faces["points"][..., [1, 0, 2, 3], :]
    mirrored["points"][..., 0] = width - mirrored["points"][..., 0]
    return mirrored


def reader_targets(faces: Array) -> tuple[Array, Array, Array]:
    """(N,) FACE records -> classes (N,), offsets (N, 8), weights (N, 8)."""
    return faces["species"].astype(np.int64) + 1, *point_targets(faces, READER_POINTS)


def point_targets(faces: Array, expected: Array) -> tuple[Array, Array]:
    """(N,) FACE records -> offsets from the expected places (4, 2), and weights: (N, 8) each."""
    offsets = ((faces["points"] - expected) / OFFSET).reshape(-1, 8).astype(np.float32)
    return offsets, faces["weight"][:, None] * POINT_WEIGHTS

"""Photo -> faces: the scout names candidates, the reader judges, the gauge measures."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from vae_core.errors import CheckpointError, LandmarksError
from vae_core.finder.faces import Face, boxes_of, overlap, spread
from vae_core.finder.network import (
    GAUGE_POINTS,
    POINTS,
    READER_FRAME,
    READER_POINTS,
    SPECIES,
    build_gauge,
    build_reader,
    build_scout,
    tensor_shapes,
)
from vae_core.finder.targets import OFFSET, cell_centres
from vae_core.finder.views import pyramid, reduced, to_picture, views, whole_cells
from vae_core.imaging.landmarks import Landmarks
from vae_core.imaging.photo import Photo
from vae_core.layers import Layer, output, sigmoid
from vae_core.model import cast
from vae_core.tensor_file import read_tensors
from vae_core.types import Array, Params, scope

CANDIDATES = 10
"""At most, that the reader is shown."""

NEAR = 0.5
"""Distance, in spreads of the larger, within which two candidates may be one."""

ALIKE = 1.6
"""Ratio of their sizes up to which they are; a large false one must not hide a small face."""

HOPEFUL = 0.06
"""Heat above which a cell is a candidate."""

HOPELESS = 0.05
"""Score of a first look under which there is no second."""

MIRROR = [1, 0, 2, 3]
"""Which landmark is which in the mirror."""

WORD = 0.12
"""Power of the heat in a score: the scout's word counts, but for less than the reader's."""

LEANS = (-0.1, 0.1)
"""Radians by which the gauge's looks are turned, after one that brings the face into its place."""

SAME = 0.4
"""Overlap above which two boxes are one face."""

TILTS = (0.0, -0.2, 0.2)
"""Radians by which the reader's later looks are turned: few things look like a face from all."""

READINGS = 1 + len(TILTS)
"""How often the reader looks; each time from where it saw the landmarks the time before."""

HEARD = 0.5
"""Part of a candidate's score that another needs to have a say in where the face of both is."""


def check_tensors(path: Path, tensors: Params) -> None:
    """Raise CheckpointError unless they are those of a finder, whole networks of finite numbers."""
    expected = tensor_shapes()
    parts = {name.split(".")[0] for name in tensors}
    whole = {n: shape for n, shape in expected.items() if n.split(".")[0] in parts}
    if {name: t.shape for name, t in tensors.items()} != whole or not {"scout", "reader"} <= parts:
        raise CheckpointError(f"{path.name}: its tensors are not those of a finder.")
    if not all(np.isfinite(tensor).all() for tensor in tensors.values()):
        raise CheckpointError(f"{path.name} holds numbers that are none: its training went astray.")


class Candidates(NamedTuple):
    """heat: (K,).  points: (K, 4, 2) in pixels of the photo."""

    heat: Array
    points: Array

    def best(self, count: int) -> "Candidates":
        """Return the ``count`` hottest, each only once: one point set per place and size."""
        kept: list[int] = []
        same = same_places(self.points)
        for k in np.argsort(-self.heat).tolist():
            if len(kept) < count and not same[k, kept].any():
                kept.append(k)
        return Candidates(self.heat[kept], self.points[kept])


def same_places(points: Array) -> Array:
    """Say of each two of (K, 4, 2) landmarks whether they have about one place and size: (K, K)."""
    size, centre = spread(points), points.mean(axis=1)
    small, large = np.minimum.outer(size, size), np.maximum.outer(size, size)
    apart = np.linalg.norm(centre[:, None] - centre, axis=-1)
    same: Array = (apart < NEAR * large) & (large < ALIKE * small)
    return same


@dataclass(frozen=True)
class Finder:
    """The trained networks. boxes: per species the map of :func:`~vae_core.finder.faces.fit_boxes`.

    threshold: the score under which a candidate is no face.
    """

    params: Params
    boxes: dict[str, Array]
    threshold: float
    metadata: dict[str, Any]

    @classmethod
    def from_file(cls, path: Path) -> "Finder":
        """Read a finder's checkpoint; CheckpointError when it is missing, damaged or of no finder.

        The file of an earlier stage of training lacks the gauge and the boxes: see ``finished``.
        """
        tensors, header = read_tensors(path)
        check_tensors(path, tensors)
        boxes = {name: w.astype(np.float64) for name, w in scope(tensors, "boxes").items()}
        params = {name: p for name, p in tensors.items() if not name.startswith("boxes.")}
        threshold, metadata = header.get("threshold"), header.get("metadata")
        if not (isinstance(threshold, float) and isinstance(metadata, dict)):
            raise CheckpointError(f"{path.name} does not describe a finder.")
        return cls(cast(params), boxes, threshold, metadata)

    @property
    def finished(self) -> bool:
        """Whether all of it is there that :meth:`find` needs."""
        return self.boxes.keys() == set(SPECIES) and "gauge" in {
            n.split(".")[0] for n in self.params
        }

    def find(self, photo: Photo) -> list[Face]:
        """Return every face, the surest first, in pixels of the upright full-size photo."""
        image = reduced(photo.image)
        candidates = self.candidates(image).best(CANDIDATES)
        if len(candidates.heat) == 0:
            return []
        points, scores = self.read(image, candidates)
        sure = scores.max(axis=1) >= self.threshold
        if not sure.any():
            return []
        points = self.measure(image, self.agreed(points, scores)[sure])
        points *= photo.width / image.width
        return self.faces(np.clip(points, 0, (photo.width, photo.height)), scores[sure])

    def candidates(self, image: Image.Image) -> Candidates:
        """Return what the scout names at all scales."""
        found = list(self.scout(image))
        heat, points = (np.concatenate(parts) for parts in zip(*found, strict=True))
        return Candidates(heat, points)

    def scout(self, image: Image.Image) -> Iterator[Candidates]:
        """Look at a picture at every scale; yield what is hot there."""
        network, params = build_scout(), scope(self.params, "scout")
        for picture in pyramid(image):
            rate = image.width / picture.width
            y = output(network, params, whole_cells(picture))
            heat = sigmoid(y[0, ..., : len(SPECIES)]).max(axis=-1)
            rows, columns = np.nonzero(peaks(heat) & (heat > HOPEFUL))
            offsets = y[0, rows, columns, len(SPECIES) :].reshape(-1, len(POINTS), 2)
            points = cell_centres(*heat.shape)[rows, columns][:, None] + OFFSET * offsets
            yield Candidates(heat[rows, columns], points.astype(np.float64) * rate)

    def read(self, image: Image.Image, candidates: Candidates) -> tuple[Array, Array]:
        """Judge candidates: return better landmarks (K, 4, 2), and species scores (K, 2).

        What the first look finds hopeless is left out; the rest is looked at again from where the
        landmarks were seen. Landmarks are the mean of these later looks; a score is their geometric
        mean, times a power of the heat.
        """
        points, scores = self.look(image, candidates.points)
        hopeful = scores.max(axis=1) > HOPELESS
        looks = [(points[hopeful], scores[hopeful])]
        for angle in TILTS if hopeful.any() else ():
            looks.append(self.look(image, tilted(looks[-1][0], angle)))
        seen, odds = zip(*(looks[1:] or looks), strict=True)
        trust = candidates.heat[hopeful, None] ** WORD
        return np.mean(seen, axis=0), trust * np.prod(odds, axis=0) ** (1 / len(odds))

    def look(self, image: Image.Image, points: Array) -> tuple[Array, Array]:
        """Show the reader every candidate once, upright: better landmarks, odds of each species.

        It sees the mirror image too; the odds are the geometric mean of both.
        """
        kinds = 1 + len(SPECIES)
        ways, x = views(image, points, READER_POINTS)
        straight, mirrored = both_ways(build_reader(), scope(self.params, "reader"), x)
        seen = between(straight[:, kinds:], mirrored[:, kinds:], READER_POINTS)
        odds = np.sqrt(softmax(straight[:, :kinds]) * softmax(mirrored[:, :kinds]))
        return to_picture(ways, seen), odds[:, 1:]

    def agreed(self, points: Array, scores: Array) -> Array:
        """Return for landmarks (K, 4, 2) the mean of all that are of the same face.

        They weigh by their scores (arXiv:1910.13302).
        """
        species, score = scores.argmax(axis=1), scores.max(axis=1)
        boxes = np.concatenate(
            [
                boxes_of(p[None], self.boxes[SPECIES[k]])
                for p, k in zip(points, species, strict=True)
            ]
        )
        means = np.empty_like(points)
        for k, box in enumerate(boxes):
            same = (species == species[k]) & (score >= HEARD * score[k])
            same &= overlap(box, boxes) > SAME
            means[k] = np.average(points[same], axis=0, weights=score[same])
        return means

    def measure(self, image: Image.Image, points: Array) -> Array:
        """Return precise landmarks of faces (K, 4, 2): midway between ``points`` and the gauge's.

        The reader and the gauge learned from different pictures, and err apart from each other.
        """
        near = self.gauged(image, points)
        looks = [self.gauged(image, tilted(near, angle)) for angle in LEANS]
        midway: Array = (points + np.mean(looks, axis=0)) / 2
        return midway

    def gauged(self, image: Image.Image, points: Array) -> Array:
        """Show the gauge faces (K, 4, 2) and their mirror images: better landmarks."""
        ways, x = views(image, points, GAUGE_POINTS)
        both = both_ways(build_gauge(), scope(self.params, "gauge"), x)
        return to_picture(ways, between(*both, GAUGE_POINTS))

    def faces(self, points: Array, scores: Array) -> list[Face]:
        """Keep of faces that overlap the surest; sorted."""
        faces: list[Face] = []
        for k in np.argsort(-scores.max(axis=1)):
            species, score = SPECIES[int(scores[k].argmax())], float(scores[k].max())
            box = boxes_of(points[k : k + 1], self.boxes[species])[0]
            others = np.array([face.box for face in faces]).reshape(-1, 4)
            if (overlap(box, others) > SAME).any():
                continue
            landmarks = Landmarks(*((float(x), float(y)) for x, y in points[k]))
            if spans_a_face(landmarks):
                x0, y0, x1, y1 = map(float, box)
                faces.append(Face(species, landmarks, (x0, y0, x1, y1), score))
        return faces


def tilted(points: Array, angle: float) -> Array:
    """Return landmarks (K, 4, 2) turned about their middles."""
    middle = points.mean(axis=1, keepdims=True)
    c, s = math.cos(angle), math.sin(angle)
    turned: Array = middle + (points - middle) @ np.array([[c, s], [-s, c]])
    return turned


def spans_a_face(landmarks: Landmarks) -> bool:
    """Say whether the eyes are apart and the nose below them, as alignment needs it."""
    try:
        landmarks.check_shape()
    except LandmarksError:
        return False
    return True


def both_ways(network: Layer, params: Params, x: Array) -> tuple[Array, Array]:
    """Return what a network says of pictures (K, H, W, C), and of their mirror images: (K, D)."""
    y = output(network, params, np.concatenate([x, x[:, :, ::-1]]))
    return y[: len(x)], y[len(x) :]


def between(straight: Array, mirrored: Array, expected: Array) -> Array:
    """Return landmarks (K, 4, 2) midway between offsets (K, 8) and those of the mirror image."""
    seen, other = (expected + OFFSET * y.reshape(-1, len(POINTS), 2) for y in (straight, mirrored))
    return (seen + other[:, MIRROR] * [-1, 1] + [READER_FRAME.width, 0]) / 2


def softmax(logits: Array) -> Array:
    """(K, C) -> the odds of each class, (K, C)."""
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    odds: Array = exponentials / exponentials.sum(axis=1, keepdims=True)
    return odds


def peaks(heat: Array) -> Array:
    """Return where (h, w) is as large as all its eight neighbours."""
    padded = np.pad(heat, 1, constant_values=-1)
    h, w = heat.shape
    around = [padded[i : i + h, j : j + w] for i in range(3) for j in range(3)]
    top: Array = heat >= np.max(around, axis=0)
    return top

"""How well the finder does on photos it was not trained on."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from vae_core.finder.faces import Face, boxes_of, overlap
from vae_core.finder.find import Finder
from vae_core.finder.network import POINTS
from vae_core.finder.scenery import number, rows
from vae_core.imaging.photo import Photo, read_photo
from vae_core.types import Array

FOUND = 0.5
"""Overlap (intersection over union) from which a box counts as found."""

TURNS = (-40, -20, 20, 40)
"""Degrees by which :func:`views` turns a face."""

SHARES = (0.08, 0.15, 0.3, 0.6, 1.0)
"""Parts of the photo's short side that it lets a face take."""


@dataclass(frozen=True)
class Annotated:
    """A photo and its one annotated face, if any: points (4, 2) or None, box (4,) or None.

    origin: the collection it is from; all of one are labelled by one hand or detector.
    """

    file: str
    origin: str
    photo: Photo
    species: str
    points: Array | None
    box: Array | None


def annotated(directory: Path, table: str, split: str) -> Iterator[Annotated]:
    """Read the photos of ``scenes.csv`` or ``landmarks.csv`` that belong to a split."""
    for row in rows(directory / table, split):
        points = np.array([[number(row, f"{p}_{axis}") for axis in "xy"] for p in POINTS])
        box = np.array([number(row, side) for side in ("x0", "y0", "x1", "y1")])
        yield Annotated(
            row["file"],
            row["origin"],
            read_photo((directory / row["file"]).read_bytes()),
            row["species"],
            None if np.isnan(points).any() else points,
            None if np.isnan(box).any() else box,
        )


def box_of(scene: Annotated, boxes: Mapping[str, Array]) -> Array:
    """Return the annotated box, or the one that follows from the landmarks: (4,)."""
    if scene.box is not None:
        return scene.box
    assert scene.points is not None
    box: Array = boxes_of(scene.points[None], boxes[scene.species])[0]
    return box


def match(faces: list[Face], species: str, box: Array) -> Face | None:
    """Return the found face of that species whose box overlaps ``box`` enough, or None."""
    for face in faces:
        if face.species == species and overlap(box, np.array([face.box]))[0] > FOUND:
            return face
    return None


def point_offsets(face: Face, points: Array) -> Array:
    """Return where both eyes and the nose were found, seen from their labels: (3,) complex.

    The unit is the step from the labelled left eye to the right: real along the eyes, imaginary
    down the face.
    """
    seen = np.array([getattr(face.landmarks, name) for name in POINTS])
    eyes = (points[1] - points[0]) @ [1, 1j]
    offsets: Array = ((seen - points) @ [1, 1j])[:3] / eyes
    return offsets


def found(finder: Finder, scene: Annotated) -> Face | None:
    """Return the face that is found where one is annotated."""
    return match(finder.find(scene.photo), scene.species, box_of(scene, finder.boxes))


def recall(
    finder: Finder,
    scenes: Iterable[Annotated],
    change: Callable[[Annotated], Annotated] = lambda scene: scene,
) -> dict[str, Any]:
    """Return how many annotated faces are found, and the median landmark error of those."""
    count, errors, missed = 0, [], []
    for scene in map(change, scenes):
        count += 1
        face = found(finder, scene)
        if face is None:
            missed.append(scene.file)
        elif scene.points is not None:
            errors.append(abs(point_offsets(face, scene.points)))
    return {
        "pictures": count,
        "found": 1 - len(missed) / max(1, count),
        "error": float(np.median(np.mean(errors, axis=1))) if errors else None,
        "missed": missed,
    }


def invented(finder: Finder, scenes: Iterable[Annotated]) -> dict[str, Any]:
    """Return the share of pictures without any face in which one is found."""
    results = [(scene.file, finder.find(scene.photo)) for scene in scenes]
    wrong = [file for file, faces in results if faces]
    return {"pictures": len(results), "share": len(wrong) / max(1, len(results)), "files": wrong}


def views(scene: Annotated) -> Iterator[Annotated]:
    """Yield a scene turned four ways, and with its face in five sizes."""
    yield from (on_canvas(scene, 0.4, turn) for turn in TURNS)
    yield from (on_canvas(scene, share, 0) for share in SHARES)


def on_canvas(scene: Annotated, share: float, degrees: float) -> Annotated:
    """Turn a photo about its face, and shrink it until the face takes ``share`` of the short side.

    Around the photo is mid grey; the picture keeps the size of the photo's short side, at least
    400 pixels.
    """
    box = scene.box if scene.box is not None else np.array([0, 0, *scene.photo.image.size])
    centre, side = (box[:2] + box[2:]) / 2, float((box[2:] - box[:2]).max())
    size = max(400, min(scene.photo.image.size))
    angle, scale = np.radians(degrees), share * size / side
    c, s = scale * np.cos(angle), scale * np.sin(angle)
    matrix = np.array([[c, -s], [s, c]])
    middle = np.full(2, size / 2)
    inverse = np.linalg.inv(matrix)
    shift = centre - inverse @ middle
    image = scene.photo.image
    reduce = max(1, int(1 / scale))
    flat = tuple((np.column_stack([inverse, shift]) / reduce).ravel())
    canvas = image.reduce(reduce).transform(
        (size, size),
        Image.Transform.AFFINE,
        flat,
        Image.Resampling.BICUBIC,
        fillcolor=(128, 128, 128),
    )
    points = None if scene.points is None else (scene.points - centre) @ matrix.T + middle
    half = np.abs(matrix) @ ((box[2:] - box[:2]) / 2) if degrees == 0 else None
    turned = np.concatenate([middle - half, middle + half]) if half is not None else None
    return replace(scene, photo=Photo(canvas, size, size), points=points, box=turned)

"""How precise the labels of people's landmarks are: they, the finder and dlib, two by two."""

import importlib
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import table
from vae_core.finder.evaluation import Annotated, box_of, match
from vae_core.finder.find import Finder
from vae_core.finder.network import POINTS
from vae_core.types import Array

PREDICTOR = "models/shape_predictor_68_face_landmarks.dat"
"""In the wheel `face_recognition_models`: dlib's landmarks, learned from iBUG's 300-W."""

Marker = Callable[[Annotated], Array | None]
"""A photo -> both eyes and the nose tip of its annotated face, (3, 2), or None if not found."""


def labels_table(finder: Finder, people: list[Annotated]) -> str:
    """Return the table; nothing where dlib and its landmarks are not installed."""
    if find_spec("dlib") is None or find_spec("face_recognition_models") is None:
        return ""
    markers = {"labels": labelled, "this finder": by_finder(finder), "dlib": by_dlib()}
    marks = {name: [mark(scene) for scene in people] for name, mark in markers.items()}
    whole = [k for k in range(len(people)) if all(m[k] is not None for m in marks.values())]
    points = {name: np.array([m[k] for k in whole]) for name, m in marks.items()}
    eyes = (points["labels"][:, 1] - points["labels"][:, 0]) @ [1, 1j]
    pairs = (("this finder", "labels"), ("labels", "dlib"), ("this finder", "dlib"))
    rows = [
        [f"{a} and {b}", len(whole), *apart((points[a] - points[b]) @ [1, 1j] / eyes[:, None])]
        for a, b in pairs
    ]
    head = ["eyes and nose of people, median distance in eye distances", "pictures"]
    return table([*head, "as they are", "less the mean offset"], rows)


def apart(offsets: Array) -> list[str]:
    """Offsets (N, 3) complex -> their median size, and that without what all have in common."""
    own = offsets - offsets.mean(axis=0)
    return [f"{np.median(abs(d).mean(axis=1)):.3f}" for d in (offsets, own)]


def labelled(scene: Annotated) -> Array | None:
    return None if scene.points is None else scene.points[:3]


def by_finder(finder: Finder) -> Marker:
    def mark(scene: Annotated) -> Array | None:
        face = match(finder.find(scene.photo), scene.species, box_of(scene, finder.boxes))
        if face is None:
            return None
        return np.array([getattr(face.landmarks, name) for name in POINTS[:3]])

    return mark


def by_dlib() -> Marker:
    dlib: Any = importlib.import_module("dlib")
    spec = find_spec("face_recognition_models")
    assert spec is not None
    assert spec.origin is not None
    detector = dlib.get_frontal_face_detector()
    predictor = dlib.shape_predictor(str(Path(spec.origin).parent / PREDICTOR))

    def mark(scene: Annotated) -> Array | None:
        pixels = np.asarray(scene.photo.image)
        x, y = (scene.box[:2] + scene.box[2:]) / 2 if scene.box is not None else (0, 0)
        for face in detector(pixels, 1):
            if face.left() < x < face.right() and face.top() < y < face.bottom():
                points = np.array([(p.x, p.y) for p in predictor(pixels, face).parts()]) + 0.5
                return np.stack(
                    [points[36:42].mean(axis=0), points[42:48].mean(axis=0), points[30]]
                )
        return None

    return mark

"""How precise people's landmarks are: the labels, the finder, marks by eye and dlib, two by two."""

import importlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from importlib.util import find_spec
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import ROOT, table
from vae_core.finder.evaluation import Annotated, box_of, match
from vae_core.finder.find import Finder
from vae_core.finder.network import POINTS
from vae_core.types import Array

MARKS = ROOT / "benchmarks" / "marks.json"
"""Middles of the open eyes and tips of noses in pixels of the photo, marked by eye.

Each on an enlarged piece of a photo of the test split, around the label but off by chance, before
anything of the finder was seen on it. Left out is what is hidden: by glare on glasses, by blur.
"""

PREDICTOR = "models/shape_predictor_68_face_landmarks.dat"
"""In the wheel `face_recognition_models`: dlib's landmarks, learned from iBUG's 300-W."""

Marker = Callable[[Annotated], Array | None]
"""A photo -> both eyes and the nose tip of its annotated face, (3, 2), or None if not found."""


def labels_table(finder: Finder, people: list[Annotated]) -> str:
    """Return the table; without the rows of dlib where it and its landmarks are not installed."""
    marked = {scene.file: scene.points[:3] for scene in by_eye(people) if scene.points is not None}
    markers: dict[str, Marker] = {
        "this finder": by_finder(finder),
        "labels": labelled,
        "marks by eye": lambda scene: marked.get(scene.file),
    }
    if find_spec("dlib") and find_spec("face_recognition_models"):
        markers["dlib"] = by_dlib()
    marks = {name: [mark(scene) for scene in people] for name, mark in markers.items()}
    rows = []
    for a, b in combinations(markers, 2):
        pairs = zip(marks[a], marks[b], strict=True)
        both = [(p, q) for p, q in pairs if p is not None and q is not None]
        rows.append([f"{a} and {b}", len(both), *apart(*map(np.array, zip(*both, strict=True)))])
    head = ["eyes and nose of people, median distance in eye distances", "pictures"]
    return table([*head, "as they are", "less the mean offset", "eyes alone"], rows)


def apart(points: Array, others: Array) -> list[str]:
    """Points (N, 3, 2) twice -> distances: all, less what all have in common, eyes."""
    eyes = (others[:, 1] - others[:, 0]) @ [1, 1j]
    offsets = (points - others) @ [1, 1j] / eyes[:, None]
    ways = (offsets, offsets - offsets.mean(axis=0), offsets[:, :2])
    return [f"{np.median(abs(d).mean(axis=1)):.3f}" for d in ways]


def labelled(scene: Annotated) -> Array | None:
    return None if scene.points is None else scene.points[:3]


def by_finder(finder: Finder) -> Marker:
    def mark(scene: Annotated) -> Array | None:
        face = match(finder.find(scene.photo), scene.species, box_of(scene, finder.boxes))
        if face is None:
            return None
        return np.array([getattr(face.landmarks, name) for name in POINTS[:3]])

    return mark


def by_eye(scenes: Iterable[Annotated]) -> Iterator[Annotated]:
    """Yield those that were marked, with the marks for labels; a mouth has none."""
    known = json.loads(MARKS.read_text())
    for scene in scenes:
        marks = known.get(scene.file, {})
        if len(marks) == 3:
            points = np.array([*(marks[n] for n in POINTS[:3]), (np.nan, np.nan)])
            yield replace(scene, points=points)


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

"""What the finder's training pictures are made of: photos small enough to keep in memory."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from vae_core.errors import DataError, PhotoError
from vae_core.finder.network import POINTS, SPECIES
from vae_core.imaging.photo import read_photo
from vae_core.types import Array

KEPT_HEAD, KEPT_SCENE = 176, 288
"""Longer side, in pixels, to which heads and whole photos are reduced when they are loaded."""


WHOLE = "whole"
"""Subfolder of a folder of others, with photos that show no face."""


@dataclass(frozen=True)
class Picture:
    """A photo and at most one annotated face.

    species: ``person``, ``dog`` or ``none``.  points: (4, 2) landmarks, or None when there is no
    face or it is not frontal enough to have any.  box: the face, (4,), or None.
    """

    image: Image.Image
    species: str
    points: Array | None
    box: Array | None
    weight: float


@dataclass(frozen=True)
class Scenery:
    """Pictures of one split. heads: loosely cropped faces; scenes: whole photos; empty: no face.

    others: animals that are no dogs, on the canvas they are on or, in RGBA, cut out.
    """

    heads: Mapping[str, list[Picture]]
    scenes: Mapping[str, list[Picture]]
    empty: list[Picture]
    others: list[Image.Image] = field(default_factory=list)


def load_scenery(directory: Path, split: str, others: Path | None = None) -> Scenery:
    """Read a split's pictures, by ``landmarks.csv`` and ``scenes.csv``; DataError if absent.

    others: a folder with pictures of animals that are no dogs, if there is one. Those in its
    subfolder ``whole`` are photos without a face instead.
    """
    heads = [
        read_picture(directory, row, KEPT_HEAD) for row in rows(directory / "landmarks.csv", split)
    ]
    scenes = [
        read_picture(directory, row, KEPT_SCENE) for row in rows(directory / "scenes.csv", split)
    ]
    empty = [p for p in scenes if p is not None and p.species == "none"]
    for image in read_others(others / WHOLE) if others else ():
        empty.append(Picture(image.convert("RGB"), "none", None, None, 1.0))
    return Scenery(
        by_species([p for p in heads if p is not None]),
        by_species([p for p in scenes if p is not None]),
        empty,
        read_others(others) if others else [],
    )


def read_others(folder: Path) -> list[Image.Image]:
    """Read all pictures of a folder, not those of its subfolders; none where there is no folder."""
    paths = sorted(folder.iterdir()) if folder.exists() else []
    return [read_other(path) for path in paths if path.is_file()]


def read_other(path: Path) -> Image.Image:
    """Read an animal, reduced as whole photos are; DataError when the file is no picture."""
    try:
        with Image.open(path) as image:
            picture = image.convert("RGBA" if image.has_transparency_data else "RGB")
    except OSError as error:
        raise DataError(f"{path} is not a picture: {error}.") from error
    picture.thumbnail((KEPT_SCENE, KEPT_SCENE), Image.Resampling.LANCZOS)
    return picture


def by_species(pictures: list[Picture]) -> dict[str, list[Picture]]:
    """Sort pictures of persons and dogs apart."""
    return {species: [p for p in pictures if p.species == species] for species in SPECIES}


def rows(path: Path, split: str) -> list[dict[str, str]]:
    """Return the rows of a split."""
    try:
        with path.open(newline="") as file:
            return [row for row in csv.DictReader(file) if row["split"] == split]
    except (OSError, KeyError) as error:
        raise DataError(f"{path} is not a table of pictures: {error}.") from error


def read_picture(directory: Path, row: Mapping[str, str], kept: int) -> Picture | None:
    """Read one row's picture, reduced to ``kept`` pixels; None when its file cannot be read."""
    try:
        photo = read_photo((directory / row["file"]).read_bytes(), enough=kept)
    except (OSError, PhotoError):
        return None
    scale = min(1.0, kept / max(photo.width, photo.height))
    size = (round(photo.width * scale), round(photo.height * scale))
    image = photo.image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3)
    points = np.array([[number(row, f"{p}_{axis}") for axis in "xy"] for p in POINTS]) * scale
    box = np.array([number(row, side) for side in ("x0", "y0", "x1", "y1")]) * scale
    return Picture(
        image,
        row["species"],
        None if np.isnan(points).any() else points,
        None if np.isnan(box).any() else box,
        trust(row),
    )


def number(row: Mapping[str, str], column: str) -> float:
    """Return a cell as a number, NaN where it is empty or missing."""
    return float(row.get(column) or "nan")


def trust(row: Mapping[str, str]) -> float:
    """Weigh a row's landmarks: those marked by eye or detected on people fully, predicted less."""
    return 0.5 if row.get("how") == "predicted" else 1.0

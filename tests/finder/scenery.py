"""Drawn faces, so that no photo is needed: two eyes, a nose and a mouth on a round head."""

import csv
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from vae_core.finder.network import POINTS
from vae_core.finder.scenery import Picture, Scenery

LAYOUT = np.array([[-1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.9]])
"""Landmarks of a drawn face, in half eye distances from the middle of the eyes."""


def draw_face(size: int, centre: tuple[float, float], half: float, ears: bool) -> tuple:
    """Return a picture and the landmarks (4, 2) of the face that is drawn in it."""
    image = Image.new("RGB", (size, size), (90, 140, 90))
    draw = ImageDraw.Draw(image)
    x, y = centre
    if ears:
        for side in (-1, 1):
            draw.polygon(
                [
                    (x + side * half, y - 2 * half),
                    (x + side * 2.6 * half, y - half),
                    (x + side * 2.2 * half, y + 1.5 * half),
                ],
                fill=(70, 40, 20),
            )
    skin = (150, 100, 60) if ears else (230, 190, 160)
    draw.ellipse((x - 2.2 * half, y - 2 * half, x + 2.2 * half, y + 3 * half), fill=skin)
    points = np.array(centre) + LAYOUT * half
    for px, py in points[:2]:
        draw.ellipse(
            (px - half / 3, py - half / 3, px + half / 3, py + half / 3), fill=(20, 20, 20)
        )
    nose, mouth = points[2], points[3]
    draw.ellipse(
        (nose[0] - half / 2, nose[1] - half / 3, nose[0] + half / 2, nose[1] + half / 3),
        fill=(10, 10, 10) if ears else (200, 150, 120),
    )
    draw.line((mouth[0] - half, mouth[1], mouth[0] + half, mouth[1]), fill=(120, 30, 30), width=3)
    return image, points


def drawn_scenery() -> Scenery:
    """Return a scenery of two heads, two scenes and two empty pictures."""
    person, person_points = draw_face(120, (60, 50), 18, ears=False)
    dog, dog_points = draw_face(120, (60, 50), 18, ears=True)
    box = np.array([20.0, 14, 100, 104])
    people = [Picture(person, "person", person_points, box, 1.0)]
    dogs = [Picture(dog, "dog", dog_points, box, 0.5), Picture(dog, "dog", None, box, 1.0)]
    empty = [
        Picture(Image.new("RGB", (90, 70), colour), "none", None, None, 1.0)
        for colour in ((10, 60, 120), (200, 180, 40))
    ]
    by_species = {"person": people, "dog": dogs}
    return Scenery(by_species, by_species, empty)


def write_data(folder: Path) -> Path:
    """Write drawn faces in the layout of ``landmarks.csv`` and ``scenes.csv``."""
    folder.mkdir(parents=True, exist_ok=True)
    point_columns = [f"{p}_{axis}" for p in POINTS for axis in "xy"]
    heads, scenes = [], []
    for split in ("train", "validation", "test"):
        for k, species in enumerate(("person", "dog", "person", "dog")):
            image, points = draw_face(200, (95 + 5 * k, 80), 26 + k, ears=species == "dog")
            name = f"{split}{k}.png"
            image.save(folder / name)
            cells = dict(zip(point_columns, points.ravel(), strict=True))
            heads.append(
                {
                    "file": name,
                    "split": split,
                    "species": species,
                    "origin": "drawn",
                    "how": "marked",
                    "score": 1,
                    **cells,
                }
            )
            box = {"x0": 40, "y0": 25, "x1": 160, "y1": 160}
            scenes.append(
                {
                    "file": name,
                    "split": split,
                    "species": species,
                    "origin": "drawn",
                    **box,
                    **cells,
                }
            )
        Image.new("RGB", (200, 150), (60, 80, 160)).save(folder / f"{split}-none.png")
        scenes.append({"file": f"{split}-none.png", "split": split, "species": "none"})
    write_table(folder / "landmarks.csv", heads)
    write_table(folder / "scenes.csv", scenes)
    return folder


def write_table(path: Path, rows: list[dict]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)

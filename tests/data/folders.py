"""Tiny folders in the layouts that the readers know."""

import csv
import gzip
import struct
from pathlib import Path

import numpy as np
from PIL import Image

LANDMARKS = {"left_eye": (24, 26), "right_eye": (40, 26), "nose": (32, 38), "mouth": (32, 43)}
PARTS = "24 26\n40 26\n32 38\n18 8\n20 14\n32 10\n44 14\n46 8\n"


def write_picture(path: Path, level: int = 128, size: tuple[int, int] = (64, 64)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (level, level, level)).save(path)


def write_pictures(directory: Path, rows: list[dict[str, str]]) -> Path:
    """Our layout: a grey picture for every row, and ``landmarks.csv``."""
    points = {f"{n}_{a}": v for n, p in LANDMARKS.items() for a, v in zip("xy", p, strict=True)}
    defaults = {"split": "", "species": "person", "origin": "here", "how": "marked", "score": "1"}
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "landmarks.csv").open("w", newline="", encoding="utf-8") as lines:
        table = csv.DictWriter(lines, ["file", *defaults, *points])
        table.writeheader()
        for row in rows:
            write_picture(directory / row["file"])
            table.writerow(defaults | points | row)
    return directory


def write_utkface(directory: Path) -> Path:
    names = ["26_1_0_20170116.jpg", "part2/61_0_20170109142408075.jpg", "part2/5_0_4_2017.jpg"]
    for name in names:
        write_picture(directory / name, size=(200, 200))
    write_picture(directory / "preview.jpg")
    (directory / "39_1_notes.txt").write_text("not a picture")
    return directory


def write_columbia_dogs(directory: Path, testing: str | None = None) -> Path:
    for breed, name in (("001.Affenpinscher", "a_01"), ("002.Afghan_hound", "b_01")):
        write_picture(directory / "dogImages" / breed / f"{name}.jpg")
        (directory / "dogParts" / breed).mkdir(parents=True)
        (directory / "dogParts" / breed / f"{name}.txt").write_text(PARTS)
    write_picture(directory / "dogImages" / "002.Afghan_hound" / "without_parts.jpg")
    if testing is not None:
        (directory / "training.txt").write_text("001.Affenpinscher/a_01.jpg\n")
        (directory / "testing.txt").write_text(testing)
    return directory


def idx(values: np.ndarray) -> bytes:
    header = bytes([0, 0, 8, values.ndim]) + struct.pack(f">{values.ndim}i", *values.shape)
    return header + values.astype(np.uint8).tobytes()


def write_mnist(directory: Path, packed: bool, train: int = 40, test: int = 3) -> Path:
    """Pictures whose every pixel is their place in the file, labelled with its last digit."""
    directory.mkdir(parents=True, exist_ok=True)
    for prefix, count in (("train", train), ("t10k", test)):
        images = np.arange(count).reshape(-1, 1, 1) * np.ones((1, 28, 28), int)
        for name, values in (("images-idx3", images), ("labels-idx1", np.arange(count) % 10)):
            path, data = directory / f"{prefix}-{name}-ubyte", idx(values)
            if packed:
                path.with_name(path.name + ".gz").write_bytes(gzip.compress(data))
            else:
                path.write_bytes(data)
    return directory

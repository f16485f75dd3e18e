"""Readers of folders as people have them: each yields samples, and decodes nothing by itself."""

import csv
import functools
import gzip
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

import numpy as np

from vae_core.data.sample import SPLITS, Sample, share_of, split_of, split_of_training
from vae_core.errors import DataError
from vae_core.imaging.align import ANCHORS
from vae_core.imaging.landmarks import Landmarks, Point
from vae_core.imaging.photo import Photo, read_photo
from vae_core.types import Array

DOG_PARTS = (
    "right_eye",
    "left_eye",
    "nose",
    "right_ear_tip",
    "right_ear_base",
    "head_top",
    "left_ear_base",
    "left_ear_tip",
)
"""The lines of a file of Columbia's dogParts; right and left are the dog's own. The order is that
of the data set's authors, as two independent programs that read it have it."""

POINTS = ("left_eye", "right_eye", "nose", "mouth")
COLUMNS = {"file", "split", "species", "origin"} | {f"{p}_{axis}" for p in POINTS for axis in "xy"}
"""What is used of ``landmarks.csv``; other columns are passed over."""

MNIST_FILES = {"train": ("train", split_of_training), "t10k": ("test", lambda name: "test")}
IDX_UINT8 = 0x08
PHOTOS = frozenset({".jpg", ".jpeg", ".png", ".webp", ".avif", ".gif", ".heic"})


def pictures(directory: Path, limits: Mapping[str, int] | None = None) -> Iterator[Sample]:
    """Our own layout: pictures and ``landmarks.csv``, one face a row.

    ``limits`` gives, for an origin, the most of its pictures to take for training; its other
    splits are thinned alike.
    """
    rows = read_rows(directory / "landmarks.csv")
    keep = {origin: kept_share(rows, origin, most) for origin, most in (limits or {}).items()}
    for row in rows:
        if share_of(row["file"]) <= keep.get(row["origin"], 1.0):
            yield picture(directory, row)


def picture(directory: Path, row: Mapping[str, str]) -> Sample:
    """Make a sample of a row of ``landmarks.csv``. Raises DataError."""
    split = row["split"] or split_of(row["file"])
    if split not in SPLITS or row["species"] not in ANCHORS:
        raise DataError(f"landmarks.csv: {row['file']}: an unknown split or species.")
    try:
        landmarks = Landmarks(
            left_eye=point_in(row, "left_eye"),
            right_eye=point_in(row, "right_eye"),
            nose=point_in(row, "nose") if row["nose_x"] else None,
            mouth=point_in(row, "mouth") if row["mouth_x"] else None,
        )
    except (TypeError, ValueError):  # a row cut short has None
        raise DataError(f"landmarks.csv: {row['file']}: the landmarks are not numbers.") from None
    return Sample(
        name=row["file"],
        read=functools.partial(read_file, directory / row["file"]),
        species=row["species"],
        split=split,
        landmarks=landmarks,
        origin=row["origin"],
    )


def utkface(directory: Path) -> Iterator[Sample]:
    """UTKFace: ``[age]_[gender]_[race]_[datetime].jpg``, aligned and cropped, nested or not.

    The faces fill their pictures, so no landmarks are needed. Other files are passed over.
    """
    for path in photos_below(directory):
        if is_utkface(path.name):
            name = path.relative_to(directory).as_posix()
            read = functools.partial(read_file, path)
            yield Sample(name, read, "person", split_of(path.name), origin="utkface")


def columbia_dogs(directory: Path) -> Iterator[Sample]:
    """Columbia "Dogs with Parts": ``dogImages/<breed>/*.jpg`` with ``dogParts/<breed>/*.txt``.

    ``training.txt`` and ``testing.txt``, where present, give the split. Pictures without parts
    are passed over. Source: Liu et al., ECCV 2012.
    """
    testing = read_names(directory / "testing.txt")
    for path in photos_below(directory / "dogImages"):
        name = path.relative_to(directory / "dogImages").as_posix()
        parts = (directory / "dogParts" / name).with_suffix(".txt")
        if parts.exists():
            split = columbia_split(name, testing)
            read = functools.partial(read_file, path)
            yield Sample(name, read, "dog", split, read_dog_parts(parts), "columbia-dogs")


def mnist(directory: Path) -> Iterator[Sample]:
    """MNIST's idx files, gzipped or not, read as they stream; the official test set is ``test``."""
    for prefix, (folder, split) in MNIST_FILES.items():
        images = read_idx(find_idx(directory, f"{prefix}-images-idx3-ubyte"))
        labels = read_idx(find_idx(directory, f"{prefix}-labels-idx1-ubyte"))
        for i, (image, label) in enumerate(zip(images, labels, strict=True)):
            name = f"{folder}/{i:05d}"
            read = functools.partial(np.expand_dims, image, 2)
            yield Sample(name, read, "digit", split(name), origin="mnist", label=int(label))


SOURCES = {
    "pictures": pictures,
    "utkface": utkface,
    "columbia-dogs": columbia_dogs,
    "mnist": mnist,
}


def read_file(path: Path) -> Photo:
    """Read a photo from a file. Raises OSError or PhotoError."""
    return read_photo(path.read_bytes())


def photos_below(directory: Path) -> list[Path]:
    """Return the paths of the pictures below a folder, in a fixed order."""
    if not directory.is_dir():
        raise DataError(f"There is no folder {directory}.")
    return sorted(path for path in directory.rglob("*") if path.suffix.lower() in PHOTOS)


def read_rows(path: Path) -> list[dict[str, str]]:
    """Read a CSV file with a header. Raises DataError."""
    try:
        with path.open(newline="", encoding="utf-8") as lines:
            rows = list(csv.DictReader(lines))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} cannot be read: {error}.") from error
    missing = COLUMNS - set(rows[0] if rows else COLUMNS)
    if missing:
        raise DataError(f"{path} has no column {min(missing)}.")
    return rows


def point_in(row: Mapping[str, str], name: str) -> Point:
    """Return the landmark of that name. Raises ValueError."""
    return float(row[f"{name}_x"]), float(row[f"{name}_y"])


def kept_share(rows: list[dict[str, str]], origin: str, most: int) -> float:
    """Return the share of names up to which ``most`` training pictures of an origin are kept."""
    of_training = (r for r in rows if r["origin"] == origin and r["split"] == "train")
    shares = sorted(share_of(row["file"]) for row in of_training)
    if most >= len(shares):
        return 1.0
    return shares[most - 1] if most > 0 else -1.0


def is_utkface(name: str) -> bool:
    """Tell whether a file's name begins with age, gender and race (a few lack the race)."""
    parts = name.split("_")
    return len(parts) >= 3 and all(part.isdecimal() for part in parts[:2])


def columbia_split(name: str, testing: frozenset[str]) -> str:
    """Return the split that the lists say; validation is taken from what is not for testing."""
    if not testing:
        return split_of(name)
    return "test" if without_suffix(name) in testing else split_of_training(name)


def read_names(path: Path) -> frozenset[str]:
    """Read a list of pictures, one a line, as ``breed/name``; none when there is no such file."""
    if not path.exists():
        return frozenset()
    lines = path.read_text(encoding="utf-8").replace("\\", "/").split("\n")
    return frozenset(without_suffix(line.strip().removeprefix("dogImages/")) for line in lines)


def without_suffix(name: str) -> str:
    """``breed/dog_01.jpg`` -> ``breed/dog_01``."""
    return name.removesuffix(".jpg")


def read_dog_parts(path: Path) -> Landmarks:
    """Read eyes and nose of a file of dogParts: eight lines ``x y``. Raises DataError."""
    try:
        numbers = [[float(v) for v in line.split()] for line in path.read_text().splitlines()]
        points = {name: (x, y) for name, (x, y) in zip(DOG_PARTS, numbers, strict=True)}
    except (OSError, ValueError) as error:
        raise DataError(f"{path} does not hold eight points.") from error
    # The dog's right eye is on the picture's left.
    return Landmarks(points["right_eye"], points["left_eye"], nose=points["nose"])


def find_idx(directory: Path, name: str) -> Path:
    """Return the idx file of that name, gzipped or not. Raises DataError."""
    for path in (directory / name, directory / f"{name}.gz"):
        if path.exists():
            return path
    raise DataError(f"{directory} holds neither {name} nor {name}.gz.")


def read_idx(path: Path) -> Iterator[Array]:
    """Yield the items of an idx file of uint8 one by one, in constant memory. Raises DataError.

    The format: two zeros, the type, the number of axes, their lengths as big-endian int32, data.
    """
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
            count, *shape = read_idx_header(stream)
            size = int(np.prod(shape, dtype=np.int64))
            for _ in range(count):
                yield np.frombuffer(stream.read(size), np.uint8, size).reshape(shape)
    except (OSError, EOFError, ValueError) as error:
        raise DataError(f"{path} is not a complete idx file of bytes: {error}.") from error


def read_idx_header(stream: BinaryIO | gzip.GzipFile) -> list[int]:
    """Return the length of every axis. Raises ValueError."""
    magic = stream.read(4)
    if len(magic) < 4 or magic[:3] != bytes([0, 0, IDX_UINT8]):
        raise ValueError("it does not begin like one")
    axes = stream.read(4 * magic[3])
    return [int(n) for n in np.frombuffer(axes, ">i4", magic[3])]

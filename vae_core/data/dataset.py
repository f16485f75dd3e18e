"""The prepared data set: a folder that training maps into memory.

- ``images.npy``: (N, H, W, C) uint8
- ``index.csv``: name, split, species, origin, label of every picture
- ``dataset.json``: name, terms, frame, counts

It is written beside its place and renamed, so that a folder of that name is always whole.
"""

import csv
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from vae_core.data.sample import SPLITS, Sample
from vae_core.errors import DataError, LandmarksError, PhotoError
from vae_core.imaging.align import Frame, align
from vae_core.imaging.render import round_to_bytes
from vae_core.types import Array

FORMAT = "dogpeople data set 1"
SHRUNK_AT_ONCE = 256
"""Pictures; so many at a time keep the memory that they pass through small."""

COLUMNS = ("name", "split", "species", "origin", "label")


@dataclass(frozen=True)
class Dataset:
    """Pictures on disk and what is known of them.

    ``images`` is a memory map, (N, H, W, C) uint8; ``split`` and ``species`` are (N,) strings.
    What training does not ask for is read from the index when it is.
    """

    header: dict[str, Any]
    frame: Frame
    images: Array
    split: Array
    species: Array
    index: Path

    @cached_property
    def name(self) -> Array:
        """The names, (N,) strings."""
        return self.column("name")

    @cached_property
    def origin(self) -> Array:
        """Where each picture comes from, (N,) strings."""
        return self.column("origin")

    @cached_property
    def label(self) -> Array:
        """A digit's value, (N,) integers, -1 where there is none."""
        return self.column("label", lambda label: int(label) if label else -1)

    def column(self, name: str, read: Callable[[str], Any] = str) -> Array:
        """Read a column of the index, (N,). Raises DataError if it is damaged by now."""
        try:
            return np.array([read(value) for value in read_index(self.index, name)[name]])
        except (OSError, ValueError) as error:
            raise DataError(f"The data set's {self.index} is damaged: {error}.") from error

    def __len__(self) -> int:
        return len(self.images)

    def indices(self, split: str, species: str | None = None) -> Array:
        """Return (n,) integers: where the pictures of a split, and of a species, are."""
        if split not in SPLITS:
            raise DataError(f"There is no split {split!r}; there are {', '.join(SPLITS)}.")
        chosen = self.split == split
        if species is not None:
            chosen &= self.species == species
        return np.flatnonzero(chosen)

    def batch(self, indices: Array) -> Array:
        """Read pictures: (n,) integers -> (n, H, W, C) float32 in [0, 1]."""
        return np.multiply(self.images[indices], np.float32(1 / 255), dtype=np.float32)


def shrunk(dataset: Dataset, factor: int) -> Dataset:
    """Return the data set with pictures 1/factor the size, each pixel a mean, held in memory."""
    frame = replace(
        dataset.frame,
        height=dataset.frame.height // factor,
        width=dataset.frame.width // factor,
    )
    n, height, width, channels = len(dataset), frame.height, frame.width, frame.channels
    images = np.empty((n, height, width, channels), np.uint8)
    for k in range(0, n, SHRUNK_AT_ONCE):
        boxes = dataset.images[k : k + SHRUNK_AT_ONCE].reshape(
            -1, height, factor, width, factor, channels
        )
        images[k : k + SHRUNK_AT_ONCE] = np.rint(boxes.mean(axis=(2, 4), dtype=np.float32))
    return replace(dataset, frame=frame, images=images)


def open_dataset(directory: Path) -> Dataset:
    """Map a prepared data set. Raises DataError when it is missing, incomplete or damaged."""
    directory = Path(directory)
    header = read_header(directory)
    try:
        frame = Frame.from_json(header["frame"])
        images = np.load(directory / "images.npy", mmap_mode="r")
        index = read_index(directory / "index.csv", "split", "species")
    except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
        raise DataError(f"The data set {directory} is damaged: {error}.") from error
    size = (len(index["split"]), frame.height, frame.width, frame.channels)
    if images.shape != size or images.dtype != np.uint8:
        raise DataError(f"The data set {directory} is damaged: pictures and index do not match.")
    split, species = (np.array(column, object) for column in index.values())
    return Dataset(header, frame, images, split, species, directory / "index.csv")


def write_dataset(
    directory: Path,
    frame: Frame,
    samples: Iterable[Sample],
    name: str,
    terms: str,
    overwrite: bool = False,
) -> Dataset:
    """Align every sample and write it; memory does not grow with their number.

    Pictures that cannot be read or aligned are skipped and counted. Raises DataError when there
    is none left, or when the place is taken: ``overwrite`` replaces a data set, nothing else.
    """
    directory = Path(directory)
    check_place(directory, overwrite)
    with placed(directory) as partial:
        counts = write_samples(partial, frame, samples)
        if not counts["pictures"]:
            raise DataError(f"No picture could be read ({counts['skipped']} were skipped).")
        header = {"format": FORMAT, "name": name, "terms": terms, "frame": frame.to_json()}
        text = json.dumps(header | counts, indent=2, ensure_ascii=False)
        (partial / "dataset.json").write_text(text + "\n", encoding="utf-8")
    return open_dataset(directory)


def write_samples(directory: Path, frame: Frame, samples: Iterable[Sample]) -> dict[str, Any]:
    """Write ``images.npy`` and ``index.csv``; return what was counted."""
    counts: Counter[tuple[str, str]] = Counter()
    origins: Counter[str] = Counter()
    skipped = 0
    with (
        growing_npy(directory / "images.npy", frame) as images,
        (directory / "index.csv").open("w", newline="", encoding="utf-8") as index,
    ):
        rows = csv.writer(index)
        rows.writerow(COLUMNS)
        for sample in samples:
            try:
                images.write(pixels_of(sample, frame).tobytes())
            except (PhotoError, LandmarksError, OSError):
                skipped += 1
                continue
            label = "" if sample.label is None else sample.label
            rows.writerow([sample.name, sample.split, sample.species, sample.origin, label])
            counts[sample.split, sample.species] += 1
            origins[sample.origin] += 1
    return {
        "pictures": counts.total(),
        "skipped": skipped,
        "counts": nested(counts),
        "sources": dict(origins),
    }


def pixels_of(sample: Sample, frame: Frame) -> Array:
    """Return a sample's crop, (H, W, C) uint8."""
    picture = sample.read()
    if not isinstance(picture, np.ndarray):
        crop = align(picture, frame, sample.landmarks, sample.species)
        return round_to_bytes(crop.pixels)
    if picture.shape != (frame.height, frame.width, frame.channels):
        raise DataError(f"{sample.name} has shape {picture.shape}, which does not fit the frame.")
    return picture


@contextmanager
def growing_npy(path: Path, frame: Frame) -> Iterator[BinaryIO]:
    """Open an .npy file of uint8 to append (H, W, C) pictures to; their number is filled in last.

    NumPy's header leaves room for the first axis to grow, so it keeps its length.
    """
    shape = (frame.height, frame.width, frame.channels)
    with path.open("wb") as stream:
        write_npy_header(stream, (0, *shape))
        start = stream.tell()
        yield stream
        count = (stream.tell() - start) // (frame.height * frame.width * frame.channels)
        stream.seek(0)
        write_npy_header(stream, (count, *shape))
        assert stream.tell() == start, "the header must not grow over the pictures"


def write_npy_header(stream: BinaryIO, shape: tuple[int, ...]) -> None:
    """Write version 1.0, which always has the same length for the same (H, W, C)."""
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, header)


def check_place(directory: Path, overwrite: bool) -> None:
    """Raise DataError unless the place is free, or holds a data set that may be replaced."""
    if not directory.exists():
        return
    if not overwrite:
        raise DataError(f"{directory} exists already.")
    try:
        read_header(directory)
    except DataError:
        raise DataError(f"{directory} is not a data set of ours and is left alone.") from None


@contextmanager
def placed(directory: Path) -> Iterator[Path]:
    """Give a new folder that takes the place of ``directory`` once all went well."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{directory.name}.", dir=directory.parent) as temp:
        partial = Path(temp, "new")
        partial.mkdir()
        yield partial
        if directory.exists():
            directory.replace(Path(temp, "old"))
        partial.replace(directory)


def read_header(directory: Path) -> dict[str, Any]:
    """Read ``dataset.json``. Raises DataError."""
    try:
        header: dict[str, Any] = json.loads((directory / "dataset.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{directory} is not a prepared data set.") from error
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise DataError(f"{directory} is not a prepared data set of this version.")
    return header


def read_index(path: Path, *columns: str) -> dict[str, list[str]]:
    """Return columns of ``index.csv``, equal strings being one: training holds them all along."""
    wanted: dict[str, list[str]] = {column: [] for column in columns}
    with path.open(newline="", encoding="utf-8") as lines:
        rows = csv.reader(lines)
        if tuple(next(rows, ())) != COLUMNS:
            raise ValueError("index.csv has other columns")
        for row in rows:
            values = dict(zip(COLUMNS, row, strict=True))
            for column, strings in wanted.items():
                strings.append(sys.intern(values[column]))
    return wanted


def nested(counts: Counter[tuple[str, str]]) -> dict[str, dict[str, int]]:
    """{(split, species): n} -> {split: {species: n}}, every split present."""
    table: dict[str, dict[str, int]] = {split: {} for split in SPLITS}
    for (split, species), count in sorted(counts.items()):
        table.setdefault(split, {})[species] = count
    return table

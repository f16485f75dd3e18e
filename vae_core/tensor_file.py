"""A file of named arrays: safetensors, with a JSON header of our own and a checksum over all of it.

Nothing in it can run code. Names, places and shapes are verified before memory is taken for them.
"""

import hashlib
import json
import math
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from safetensors.numpy import save

from vae_core.backend import to_cpu
from vae_core.errors import CheckpointError
from vae_core.types import Array, Params

FORMAT = 1
MAX_HEADER = 1 << 20
"""Bytes; a header has a few thousand."""

MAX_FILE = 1 << 31
"""Bytes; the state of a training run, the largest file there is, has a few hundred million."""

DTYPES: dict[str, np.dtype[Any]] = {"F32": np.dtype("<f4"), "F16": np.dtype("<f2")}
"""Types of numbers, by safetensors' names."""


class Header(NamedTuple):
    """The beginning of a file: our JSON as text, the checksum it claims, both parsed.

    types: of the tensors, in the order in which they follow in the file.  shapes: theirs.
    """

    text: str
    sha256: str
    values: dict[str, Any]
    types: dict[str, np.dtype[Any]]
    shapes: dict[str, tuple[int, ...]]


def write_tensors(path: Path, tensors: Mapping[str, Array], header: dict[str, Any]) -> None:
    """Write named arrays and a JSON header to a safetensors file, atomically and durably.

    The bytes go to a temporary file in the same folder, are flushed to the disk, and take the
    file's name in one step; an error on the way leaves the old file as it was.
    """
    arrays = {name: np.ascontiguousarray(to_cpu(a)) for name, a in tensors.items()}
    text = json.dumps(header | {"format": FORMAT})
    metadata = {"dogpeople": text, "sha256": checksum(arrays, text)}
    temporary = path.with_name(path.name + ".tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            file.write(save(arrays, metadata))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise CheckpointError(f"{path.name} could not be saved: {error.strerror}.") from error


def read_tensors(path: Path) -> tuple[Params, dict[str, Any]]:
    """Read what :func:`write_tensors` wrote; CheckpointError if a single bit has changed."""
    with opened(path) as file:
        header = read_header(path, file)
        return read_arrays(path, file, header), header.values


@contextmanager
def opened(path: Path) -> Iterator[BufferedReader]:
    """Open a file; another one that takes its name meanwhile does no harm. CheckpointError."""
    try:
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise CheckpointError(f"{path.name} could not be read: {error.strerror}.") from error


def read_header(path: Path, file: BufferedReader) -> Header:
    """Read the beginning of a file, and none of its tensors. Raises CheckpointError."""
    size = int.from_bytes(file.read(8), "little")
    if bytes_of(file) > MAX_FILE:
        raise CheckpointError(f"{path.name} is larger than any file that this program writes.")
    if size > MAX_HEADER:
        raise CheckpointError(f"{path.name} is damaged: its header has {size} bytes.")
    try:
        fields = json.loads(file.read(size).decode())
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path.name} is damaged: its header cannot be read.") from error
    try:
        metadata = fields.pop("__metadata__")
        text, sha256 = metadata["dogpeople"], metadata["sha256"]
        values = json.loads(text)
        fields = dict(sorted(fields.items(), key=lambda field: field[1]["data_offsets"]))
        shapes = {name: tuple(f["shape"]) for name, f in fields.items()}
        known = all(f["dtype"] in DTYPES for f in fields.values())
        types = {name: DTYPES[f["dtype"]] for name, f in fields.items() if known}
        whole = not known or is_gapless(fields.values(), bytes_of(file) - 8 - size)
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path.name} was not written by this program.") from error
    if not known or not isinstance(values, dict) or values.get("format") != FORMAT:
        raise CheckpointError(f"{path.name} is of a format that this version does not read.")
    if not whole:
        raise CheckpointError(f"{path.name} is damaged: its tensors are not where they should be.")
    return Header(text, sha256, values, types, shapes)


def is_gapless(tensors: Iterable[dict[str, Any]], size: int) -> bool:
    """Tell whether tensors of these types, shapes and places fill ``size`` bytes one by one."""
    end = 0
    for tensor in tensors:
        begin, stop = tensor["data_offsets"]
        counts = all(type(n) is int and 0 <= n <= MAX_FILE for n in tensor["shape"])
        bytes_ = DTYPES[tensor["dtype"]].itemsize * math.prod(tensor["shape"])
        if begin != end or stop - begin != bytes_ or not counts:
            return False
        end = stop
    return end == size


def bytes_of(file: BufferedReader) -> int:
    """Return how many bytes a file has, wherever it is being read."""
    return os.fstat(file.fileno()).st_size


def read_arrays(path: Path, file: BufferedReader, header: Header) -> Params:
    """Read what follows a file's header and verify the checksum. Raises CheckpointError.

    Not by safetensors' own function, which copies the file twice: a starting server waits for that.
    """
    try:
        arrays = {name: np.empty(header.shapes[name], kind) for name, kind in header.types.items()}
    except ValueError as error:  # of a hundred sides, or of none and enormous ones
        raise CheckpointError(f"{path.name} is damaged: {error}") from error
    for array in arrays.values():
        file.readinto(array.data)  # too few bytes fail the checksum
    if checksum(arrays, header.text) != header.sha256:
        raise CheckpointError(f"{path.name} is damaged: its checksum does not match.")
    return arrays


def checksum(arrays: Mapping[str, Array], header: str) -> str:
    """SHA-256 of the header and of every array's name, type, shape and bytes, as hex digits."""
    digest = hashlib.sha256(header.encode())
    for name in sorted(arrays):
        a = arrays[name]
        digest.update(f"{name} {a.dtype} {a.shape}".encode())
        digest.update(a.data if a.size else b"")
    return digest.hexdigest()


def sync_folder(folder: Path) -> None:
    """Flush a folder's own entry to the disk, so that a rename survives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""One file holds one model: safetensors, with a JSON header that says everything about it.

Nothing in it can run code. Names, shapes and a checksum over header and numbers are verified
before the model is used; shapes are compared before memory is taken for them.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from vae_core.errors import CheckpointError, ConfigError
from vae_core.imaging.align import Frame
from vae_core.metrics import Histogram
from vae_core.model import VAE, VAEConfig, build_vae, cast
from vae_core.types import Array, Params

FORMAT = 1
MAX_HEADER = 1 << 20
"""Bytes; a header has a few thousand."""

DTYPES = ("F32", "F16")


class Header(NamedTuple):
    """The beginning of a file: our JSON as text, the checksum it claims, both parsed."""

    text: str
    sha256: str
    values: dict[str, Any]
    shapes: dict[str, tuple[int, ...]]


@dataclass(frozen=True)
class Checkpoint:
    """A trained VAE, the frame its pictures are brought to, and where it comes from.

    ``metadata`` holds plain JSON: preset, step, git revision, data set and terms, losses, and the
    histogram of the training pictures' losses.
    """

    name: str
    config: VAEConfig
    frame: Frame
    params: Params
    metadata: dict[str, Any]

    @cached_property
    def vae(self) -> VAE:
        """The functions that the configuration names."""
        return build_vae(self.config)

    @cached_property
    def histogram(self) -> Histogram:
        """Per-picture mean square errors of the training set."""
        return Histogram.from_json(self.metadata["histogram"])

    def encode(self, x: Array) -> Array:
        """(N, H, W, C) in [0, 1] -> (N, Z)."""
        return self.vae.encode(self.params, x)

    def decode(self, z: Array) -> Array:
        """(N, Z) -> (N, H, W, C) in [0, 1]."""
        return self.vae.decode(self.params, z)

    def reconstruct(self, x: Array) -> Array:
        """(N, H, W, C) -> (N, H, W, C), through the mean latent."""
        return self.vae.reconstruct(self.params, x)


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a model to one file, atomically: there is the old file or the new, never a part."""
    header = {
        "name": checkpoint.name,
        "config": checkpoint.config.to_json(),
        "frame": checkpoint.frame.to_json(),
        "metadata": checkpoint.metadata,
    }
    write_tensors(path, checkpoint.params, header)


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a model, as float32; CheckpointError if any byte of it is not as it was written."""
    with opened(path) as file:
        header = read_header(path, file)
        name, config, frame, metadata = parse_description(path, header.values)
        if header.shapes != shapes_of(path, config):
            raise CheckpointError(f"{path.name}: its tensors are not those of its model.")
        params = read_arrays(path, file, header)
    return Checkpoint(name, config, frame, cast(params), metadata)


def parse_description(
    path: Path, values: dict[str, Any]
) -> tuple[str, VAEConfig, Frame, dict[str, Any]]:
    """Return name, configuration, frame and metadata of a header; CheckpointError without them."""
    try:
        config = VAEConfig.from_json(values["config"])
        frame = Frame.from_json(values["frame"])
        return str(values["name"]), config, frame, dict(values["metadata"])
    except (ConfigError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise CheckpointError(f"{path.name} does not describe a model: {error}") from error


def shapes_of(path: Path, config: VAEConfig) -> dict[str, tuple[int, ...]]:
    """Return the shapes of a configuration's parameters; CheckpointError beyond all memory."""
    try:
        return build_vae(config).shapes()
    except (ValueError, OverflowError) as error:
        raise CheckpointError(f"{path.name} describes a model too large to exist.") from error


def write_tensors(path: Path, tensors: Mapping[str, Array], header: dict[str, Any]) -> None:
    """Write named arrays and a JSON header to a safetensors file, atomically and durably.

    The bytes go to a temporary file in the same folder, are flushed to the disk, and take the
    file's name in one step; an error on the way leaves the old file as it was.
    """
    arrays = {name: np.ascontiguousarray(a) for name, a in tensors.items()}
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
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file; another one that takes its name meanwhile does no harm. CheckpointError."""
    try:
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise CheckpointError(f"{path.name} could not be read: {error.strerror}.") from error


def read_header(path: Path, file: BinaryIO) -> Header:
    """Read the beginning of a file, and none of its tensors. Raises CheckpointError."""
    size = int.from_bytes(file.read(8), "little")
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
        shapes = {name: tuple(f["shape"]) for name, f in fields.items()}
        known = all(f["dtype"] in DTYPES for f in fields.values())
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path.name} was not written by this program.") from error
    if not known or not isinstance(values, dict) or values.get("format") != FORMAT:
        raise CheckpointError(f"{path.name} is of a format that this version does not read.")
    return Header(text, sha256, values, shapes)


def read_arrays(path: Path, file: BinaryIO, header: Header) -> Params:
    """Read all of a file and verify its checksum. Raises CheckpointError."""
    file.seek(0)
    try:
        arrays: Params = load(file.read())
    except (SafetensorError, ValueError) as error:
        raise CheckpointError(f"{path.name} is damaged: {error}") from error
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

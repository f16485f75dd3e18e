"""One file holds one model: safetensors, with a JSON header that says everything about it.

Nothing in it can run code. Names, shapes and a checksum over header and numbers are verified
before the model is used; shapes are compared before memory is taken for them.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

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

DTYPES = {"F32": np.float32, "F16": np.float16}


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
    """Write a model to one file, atomically: there is the old file or the new, never half of one."""
    header = {
        "name": checkpoint.name,
        "config": checkpoint.config.to_json(),
        "frame": checkpoint.frame.to_json(),
        "metadata": checkpoint.metadata,
    }
    write_tensors(path, checkpoint.params, header)


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a model, as float32; CheckpointError if any byte of it is not as it was written."""
    header, shapes = read_header(path)
    try:
        config = VAEConfig.from_json(header["config"])
        frame = Frame.from_json(header["frame"])
        name, metadata = str(header["name"]), dict(header["metadata"])
    except (ConfigError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{path.name} does not describe a model: {error}") from error
    if shapes != build_vae(config).shapes():
        raise CheckpointError(f"{path.name}: its tensors are not those of the model it describes.")
    params, _ = read_tensors(path)
    return Checkpoint(name, config, frame, cast(params), metadata)


def write_tensors(path: Path, tensors: Mapping[str, Array], header: dict[str, Any]) -> None:
    """Write named arrays and a JSON header to a safetensors file, atomically and durably.

    The bytes go to a temporary file in the same folder, are flushed to the disk, and take the
    file's name in one step; an error on the way leaves the old file as it was.
    """
    arrays = {name: np.ascontiguousarray(a) for name, a in tensors.items()}
    text = json.dumps(header | {"format": FORMAT}, sort_keys=True)
    metadata = {"dogpeople": text, "sha256": checksum(arrays, text)}
    temporary = path.with_name(path.name + ".tmp")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with temporary.open("wb") as file:
            file.write(save(arrays, metadata))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise CheckpointError(f"{path.name} could not be saved: {error.strerror}.") from error


def read_tensors(path: Path) -> tuple[Params, dict[str, Any]]:
    """Read what :func:`write_tensors` wrote; CheckpointError if a single bit has changed."""
    header, _ = read_header(path)
    try:
        content = path.read_bytes()
        arrays = load(content)
    except (OSError, SafetensorError, ValueError) as error:
        raise CheckpointError(f"{path.name} is damaged: {error}") from error
    metadata = _parse(path, content[8:])["__metadata__"]
    if checksum(arrays, metadata["dogpeople"]) != metadata.get("sha256"):
        raise CheckpointError(f"{path.name} is damaged: its checksum does not match.")
    return arrays, header


def read_header(path: Path) -> tuple[dict[str, Any], dict[str, tuple[int, ...]]]:
    """Return a file's JSON header and its tensors' shapes, reading none of the tensors."""
    try:
        with path.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            if size > MAX_HEADER:
                raise CheckpointError(f"{path.name} is damaged: its header has {size} bytes.")
            fields = _parse(path, file.read(size))
    except OSError as error:
        raise CheckpointError(f"{path.name} could not be read: {error.strerror}.") from error
    try:
        header = json.loads(fields.pop("__metadata__")["dogpeople"])
        shapes = {name: tuple(f["shape"]) for name, f in fields.items()}
        known = all(f["dtype"] in DTYPES for f in fields.values())
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise CheckpointError(f"{path.name} was not written by this program.") from error
    if not known or not isinstance(header, dict) or header.get("format") != FORMAT:
        raise CheckpointError(f"{path.name} is of a format that this version does not read.")
    return header, shapes


def _parse(path: Path, content: bytes) -> dict[str, Any]:
    """Read the JSON object that ``content`` begins with."""
    try:
        value, _ = json.JSONDecoder().raw_decode(content.decode("utf-8", "surrogateescape"))
    except ValueError as error:
        raise CheckpointError(f"{path.name} is damaged: its header cannot be read.") from error
    if not isinstance(value, dict):
        raise CheckpointError(f"{path.name} is damaged: its header cannot be read.")
    return value


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

"""One file holds one model: safetensors, with a JSON header that says everything about it.

Nothing in it can run code. Names, shapes and a checksum over header and numbers are verified
before the model is used; shapes are compared before memory is taken for them.
"""

import hashlib
import json
import math
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cached_property
from io import BufferedReader
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from safetensors.numpy import save

from vae_core.backend import to_cpu
from vae_core.errors import CheckpointError, ConfigError
from vae_core.imaging.align import Frame
from vae_core.layers import Resize
from vae_core.metrics import Histogram
from vae_core.model import VAE, VAEConfig, build_vae, cast
from vae_core.refine import Refinement, refine
from vae_core.types import Array, Params

FORMAT = 1
MAX_HEADER = 1 << 20
"""Bytes; a header has a few thousand."""

LARGEST_LATENT = 1e6
"""Far beyond every face; above it float32 could overflow inside a decoder."""

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


@dataclass(frozen=True)
class Checkpoint:
    """A trained VAE, the frame its pictures are brought to, and where it comes from.

    ``metadata`` holds plain JSON: preset, step, git revision, data set and terms, losses, the
    histogram of the training pictures' losses, and how latents are refined, if they are.
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

    @cached_property
    def refinement(self) -> Refinement | None:
        """How an encoded latent is brought nearer to its picture; None: it stays as it is."""
        return Refinement.from_json(v) if (v := self.metadata.get("refinement")) else None

    @cached_property
    def inner(self) -> "Checkpoint":
        """The same model on pictures of the size at which its networks work."""
        config = self.config.inner
        frame = replace(self.frame, height=config.image[0], width=config.image[1])
        return replace(self, config=config, frame=frame) if config != self.config else self

    def encode(self, x: Array) -> Array:
        """(N, H, W, C) in [0, 1] -> (N, Z)."""
        return self._encode(x)[0]

    def encode_and_show(self, x: Array) -> tuple[Array, Array | None]:
        """Return :meth:`encode`, and :meth:`decode` of that if refining has shown it."""
        z, y = self._encode(x)
        large = Resize(self.inner.config.image[:2], self.config.image[:2])
        return z, None if y is None else self.vae.likelihood.mean(large.forward({}, y)[0])

    def _encode(self, x: Array) -> tuple[Array, Array | None]:
        if not self.refinement:
            return self.vae.encode(self.params, x), None
        small = Resize(self.config.image[:2], self.inner.config.image[:2]).forward({}, x)[0]
        return refine(self.inner.vae, self.params, small, self.refinement)

    def decode(self, z: Array) -> Array:
        """(N, Z) -> (N, H, W, C) in [0, 1]."""
        return self.vae.decode(self.params, z)

    def reconstruct(self, x: Array) -> Array:
        """(N, H, W, C) -> (N, H, W, C), without noise."""
        return self.decode(self.encode(x))


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a model to one file, atomically: there is the old file or the new, never a part."""
    config, frame = checkpoint.config.to_json(), checkpoint.frame.to_json()
    header = {"name": checkpoint.name, "config": config, "frame": frame}
    write_tensors(path, checkpoint.params, header | {"metadata": checkpoint.metadata})


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a model, as float32; CheckpointError if any byte of it is not as it was written."""
    with opened(path) as file:
        header = read_header(path, file)
        name, config, frame, metadata = parse_description(path, header.values)
        if len(config.hidden) > len(header.shapes) or header.shapes != shapes_of(path, config):
            raise CheckpointError(f"{path.name}: its tensors are not those of its model.")
        params = read_arrays(path, file, header)
    if not all(np.isfinite(p).all() for p in params.values()):
        raise CheckpointError(f"{path.name} holds numbers that are none: its training went astray.")
    return Checkpoint(name, config, frame, cast(params), metadata)


def parse_description(
    path: Path, values: dict[str, Any]
) -> tuple[str, VAEConfig, Frame, dict[str, Any]]:
    """Return name, configuration, frame and metadata of a header; CheckpointError without them."""
    try:
        config = VAEConfig.from_json(values["config"])
        frame = Frame.from_json(values["frame"])
        metadata = dict(values["metadata"])
        check_metadata(metadata, config)
        if (frame.height, frame.width, frame.channels) != config.image:
            raise ValueError("its frame is not of the model's size.")
        return str(values["name"]), config, frame, metadata
    except (ConfigError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise CheckpointError(f"{path.name} does not describe a model: {error}") from error


def check_metadata(metadata: dict[str, Any], config: VAEConfig) -> None:
    """Raise ValueError, TypeError or KeyError if what is used of it later could not be."""
    if not all(isinstance(metadata.get(key, {}), dict) for key in ("dataset", "losses")):
        raise ValueError("its data set or its losses are not described.")
    if histogram := metadata.get("histogram"):
        Histogram.from_json(histogram).check()
    if refinement := metadata.get("refinement"):
        Refinement.from_json(refinement)
        if config.likelihood != "coloured":
            raise ValueError("its latents cannot be refined.")
    for end in ("friend", "dog") if metadata.get("example") else ():
        latent = np.asarray(metadata["example"][end], np.float64)
        if latent.shape != (config.latent,) or not (np.abs(latent) < LARGEST_LATENT).all():
            raise ValueError("its example is no pair of latents.")


def shapes_of(path: Path, config: VAEConfig) -> dict[str, tuple[int, ...]]:
    """Return the shapes of a configuration's parameters; CheckpointError beyond all memory."""
    try:
        return build_vae(config).shapes()
    except (ValueError, OverflowError, MemoryError) as error:
        raise CheckpointError(f"{path.name} describes a model too large to exist.") from error


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

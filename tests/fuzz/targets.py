"""What is fuzzed: each takes any bytes and raises nothing but what a stranger may be told."""

import atexit
import contextlib
import json
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
from pydantic import ValidationError
from safetensors.numpy import save

from app.morphing import Morpher
from app.schemas import DecodeBody
from app.sharing import pack, unpack
from tests.app.tiny import save_models
from tests.drawn import CONFIG, FRAME
from tests.hostile.cases import BODIES, TEXTS
from tests.hostile.files import WHOLE
from vae_core.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from vae_core.errors import (
    CheckpointError,
    LandmarksError,
    LatentsError,
    PhotoError,
    UnknownModelError,
)
from vae_core.imaging.align import align
from vae_core.imaging.landmarks import Landmarks
from vae_core.imaging.photo import PhotoLimits, read_photo
from vae_core.model import build_vae, cast
from vae_core.tensor_file import checksum

LIMITS = PhotoLimits(pixels=250_000, longest=2000)
"""Small, so that many are read in a second."""


def photo(data: bytes) -> None:
    """Any bytes are a photo or a refusal."""
    with contextlib.suppress(PhotoError):
        read = read_photo(data, 40, LIMITS)
        assert read.image.mode == "RGB"
        assert read.width * read.height <= LIMITS.pixels


def checkpoint(data: bytes) -> None:
    """Any bytes are a model or a refusal; those after a brace, as the text of a true checksum."""
    path = scratch() / "model.safetensors"
    path.write_bytes(forged(data) if data.startswith(b"{") else data)
    with contextlib.suppress(CheckpointError):
        model = load_checkpoint(path)
        z = model.encode(np.zeros((1, *model.config.image), np.float32))
        assert model.decode(z).shape == (1, *model.config.image)
        if "histogram" in model.metadata:
            assert 0 <= model.histogram.percentile(0.5) <= 100


def forged(text: bytes) -> bytes:
    """A file with good tensors and a true checksum over whatever it says of itself."""
    said = text.decode("utf-8", "replace")
    metadata = {"dogpeople": said, "sha256": checksum(whole().params, said)}
    return save(whole().params, metadata)


def landmarks(data: bytes) -> None:
    """Any text marks a face or is refused."""
    with contextlib.suppress(LandmarksError):
        marks = Landmarks.from_json(data.decode("utf-8", "replace"))
        for species in ("person", "dog"):
            with contextlib.suppress(LandmarksError):
                crop = align(good_photo(), FRAME, marks, species)
                assert np.isfinite(crop.pixels).all()


def latents(data: bytes) -> None:
    """Any text is decoded or refused, as JSON and as a part of a shared link."""
    with contextlib.suppress(LatentsError):
        z = unpack(data.decode("utf-8", "replace"))
        assert len(morpher().latents([z.tolist()], morpher().checkpoint())) == 1
    with contextlib.suppress(ValidationError, LatentsError, UnknownModelError):
        body = DecodeBody.model_validate_json(data)
        assert np.isfinite(morpher().decode(body.latents, body.model)).all()


TARGETS: dict[str, Callable[[bytes], None]] = {
    "photo": photo,
    "checkpoint": checkpoint,
    "landmarks": landmarks,
    "latents": latents,
}


def seeds() -> dict[str, list[bytes]]:
    """What each target begins with."""
    path = scratch() / "whole.safetensors"
    save_checkpoint(path, whole())
    content = path.read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    marks = {"left_eye": [40, 50], "right_eye": [80, 52.5], "nose": [60, 70], "mouth": [60, 85]}
    body = {"latents": [[0.5, -1, 2e3, 0, 0]], "model": "faces", "format": "json"}
    return {
        "photo": WHOLE,
        "checkpoint": [content, header["__metadata__"]["dogpeople"].encode()],
        "landmarks": [json.dumps(marks).encode(), *(t.encode("utf-8", "replace") for t in TEXTS)],
        "latents": [
            json.dumps(body).encode(),
            pack(np.ones(5)).encode(),
            *(b for b in BODIES if len(b) < 1000),
        ],
    }


@cache
def scratch() -> Path:
    """A folder in memory, if there is such a place."""
    parent = "/dev/shm" if Path("/dev/shm").is_dir() else None
    folder = Path(tempfile.mkdtemp(prefix="dogpeople-fuzz-", dir=parent))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@cache
def whole() -> Checkpoint:
    params = cast(build_vae(CONFIG).init(np.random.default_rng(0)))
    metadata = {"histogram": {"edges": [0.0, 0.5, 1.0], "counts": [3, 1]}}
    ends = {"example": {"friend": [0.5] * CONFIG.latent, "dog": [-0.5] * CONFIG.latent}}
    return Checkpoint("blobs", CONFIG, FRAME, params, metadata | ends)


@cache
def good_photo():
    return read_photo(WHOLE[0])


@cache
def morpher() -> Morpher:
    folder = scratch() / "models"
    folder.mkdir()
    return Morpher.from_folder(save_models(folder), "faces")

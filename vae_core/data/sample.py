"""What a reader of pictures yields, and which split it falls into."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from vae_core.imaging.landmarks import Landmarks
from vae_core.imaging.photo import Photo
from vae_core.types import Array

SPLITS = ("train", "validation", "test")
TEST, VALIDATION = 0.06, 0.04
"""The shares that are kept from training when a source does not say which."""


@dataclass(frozen=True)
class Sample:
    """One picture of a source, not read yet.

    ``read`` returns a photo, or pixels (H, W, C) uint8 that already have the frame's size. It
    may raise PhotoError or OSError: then the picture is skipped. ``label`` is a digit's value.
    """

    name: str
    read: Callable[[], Photo | Array]
    species: str
    split: str
    landmarks: Landmarks | None = None
    origin: str = ""
    label: int | None = None


def split_of(name: str) -> str:
    """Return the split of a picture whose source gives none: the same for ever, by its name."""
    share = share_of(name)
    if share < TEST:
        return "test"
    return "validation" if share < TEST + VALIDATION else "train"


def split_of_training(name: str) -> str:
    """Return train or validation for a picture that its source gives for training."""
    return "validation" if share_of(name) < VALIDATION else "train"


def share_of(name: str) -> float:
    """Return a number in [0, 1) that depends on the name only, uniform over names."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]) / 2.0**64

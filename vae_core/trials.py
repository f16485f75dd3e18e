"""What a model redraws well and what badly, tried on faces that it made itself."""

from typing import Any, NamedTuple

import numpy as np

from vae_core.checkpoint import Checkpoint
from vae_core.metrics import mse_per_picture
from vae_core.types import Array

DARK = 0.08
"""How bright glasses are."""


class Trial(NamedTuple):
    """What was shown, in words, and the mean square error of its reconstruction, per pixel."""

    what: str
    error: float


def trials(checkpoint: Checkpoint) -> tuple[list[Trial], Array]:
    """Show a model its own example, and the same changed; the best first. None if it has none.

    Returns with them pictures in two rows, (2 N, H, W, C): those shown, and as it redrew them.
    """
    ends: dict[str, Any] | None = checkpoint.metadata.get("example")
    if not ends:
        return [], np.zeros((0, *checkpoint.config.image), np.float32)
    person, dog = checkpoint.decode(np.array([ends["friend"], ends["dog"]], np.float32))
    shown = {
        "a person": person,
        "a dog": dog,
        "dark glasses": covered(person, (0.32, 0.46), (0.16, 0.84), DARK),
        "half of it covered": covered(person, (0.0, 1.0), (0.5, 1.0), float(person.mean())),
        "upside down": person[::-1],
    }
    pictures = np.stack(list(shown.values()))
    redrawn = checkpoint.decode(checkpoint.encode(pictures))
    errors = mse_per_picture(pictures, redrawn)
    order = np.argsort(errors)
    names = list(shown)
    told = [Trial(names[k], float(errors[k])) for k in order]
    return told, np.concatenate([pictures[order], redrawn[order]])


def covered(
    picture: Array, rows: tuple[float, float], columns: tuple[float, float], shade: float
) -> Array:
    """Paint over a part of a picture (H, W, C), given by fractions of its height and width."""
    painted = picture.copy()
    height, width, _ = picture.shape
    (top, bottom), (left, right) = (
        (round(a * size), round(b * size)) for (a, b), size in ((rows, height), (columns, width))
    )
    painted[top:bottom, left:right] = shade
    return painted

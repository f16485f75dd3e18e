"""Exposure and contrast: brought to one level before the model looks, given back afterwards.

A photo taken in a dark room spends a model's latents on its darkness. ``python -m benchmarks
lighting`` shows what this is worth on held-out photos.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from vae_core.imaging.resample import LUMA
from vae_core.types import Array

FAINTEST = 0.04
"""Contrast below which a picture is not stretched further: that would only show noise."""


@dataclass(frozen=True)
class Light:
    """photo = gain * normalised + offset, at every pixel and in every channel."""

    gain: float = 1.0
    offset: float = 0.0

    def normalise(self, pixels: Array) -> Array:
        """Take this light out of (H, W, C) float32; values that leave [0, 1] are cut."""
        x: Array = np.clip((pixels - np.float32(self.offset)) / np.float32(self.gain), 0, 1)
        return x


NEUTRAL = Light()


def measure_light(pixels: Array, level: tuple[float, float]) -> Light:
    """Return the light of (H, W, C) in [0, 1] against a mean and a contrast (standard deviation).

    Both are luminances, weighted towards the middle of the frame, where the face is.
    """
    grey = pixels[..., 0] if pixels.shape[2] == 1 else pixels @ LUMA
    weights = middle_weights(*grey.shape)
    mean = float((weights * grey).sum())
    contrast = max(FAINTEST, math.sqrt(float((weights * (grey - mean) ** 2).sum())))
    gain = contrast / level[1]
    return Light(gain, mean - gain * level[0])


def restore_light(
    frames: Array, first: Light, last: Light, positions: Array | None = None
) -> Array:
    """Give frames (N, H, W, C) their light back, the first one's fading into the last one's.

    positions: (N,), how far along each is, 0 to 1; evenly spaced when left out.
    """
    if first == last == NEUTRAL:
        return frames
    where = np.linspace(0, 1, len(frames)) if positions is None else positions
    t = where.astype(np.float32)[:, None, None, None]
    gain = (1 - t) * np.float32(first.gain) + t * np.float32(last.gain)
    offset = (1 - t) * np.float32(first.offset) + t * np.float32(last.offset)
    restored: Array = np.clip(gain * frames + offset, 0, 1)
    return restored


@lru_cache(maxsize=8)
def middle_weights(height: int, width: int) -> Array:
    """Return a bell over the face, (H, W), summing to 1."""
    y = ((np.arange(height) + 0.5) / height - 0.54) / 0.36
    x = ((np.arange(width) + 0.5) / width - 0.5) / 0.32
    bell = np.exp(-(y[:, None] ** 2 + x[None] ** 2)).astype(np.float32)
    weights: Array = bell / bell.sum()
    return weights

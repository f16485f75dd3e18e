"""Trajectories in latent space."""

import math
from collections.abc import Callable

import numpy as np

from vae_core.errors import ConfigError, LatentsError
from vae_core.types import Array


def linear(start: Array, end: Array, t: Array) -> Array:
    """(1 - t) start + t end: (Z,), (Z,), (T,) -> (T, Z)."""
    line: Array = (1 - t)[:, None] * start + t[:, None] * end
    return line


def spherical(start: Array, end: Array, t: Array) -> Array:
    """Walk along the great circle: (Z,), (Z,), (T,) -> (T, Z).

    sin((1-t) w)/sin(w) start + sin(t w)/sin(w) end with w the angle between the two
    (Shoemake 1985; for latents arXiv:1609.04468). Parallel ends are walked in a straight line.
    """
    norms = float(np.linalg.norm(start) * np.linalg.norm(end))
    cosine = float(start @ end) / norms if norms > 0 else 1.0
    angle = math.acos(max(-1.0, min(1.0, cosine)))
    if math.sin(angle) < 1e-4:
        return linear(start, end, t)
    weights = np.sin(np.stack([(1 - t) * angle, t * angle], axis=1)) / math.sin(angle)
    arc: Array = weights @ np.stack([start, end])
    return arc


WALKS: dict[str, Callable[[Array, Array, Array], Array]] = {
    "linear": linear,
    "spherical": spherical,
}


def walk(start: Array, end: Array, steps: int, kind: str = "linear") -> Array:
    """Return ``steps`` latents from ``start`` to ``end``, both ends exact: (steps, Z) float32.

    Raises LatentsError for latents that differ in size or are not finite, ConfigError for fewer
    than two steps or an unknown kind.
    """
    start, end = np.asarray(start, np.float64), np.asarray(end, np.float64)
    if start.shape != end.shape or start.ndim != 1:
        raise LatentsError(f"A walk joins two latents of one size, not {start.shape}, {end.shape}.")
    if not (np.isfinite(start).all() and np.isfinite(end).all()):
        raise LatentsError("Latents must be finite numbers.")
    if steps < 2:
        raise ConfigError("A walk has at least two steps.")
    if kind not in WALKS:
        raise ConfigError(f"No walk is called {kind!r}; there are {', '.join(WALKS)}.")
    latents = WALKS[kind](start, end, np.linspace(0, 1, steps))
    latents[0], latents[-1] = start, end
    return latents.astype(np.float32)

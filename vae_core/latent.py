"""Trajectories in latent space."""

import math
from collections.abc import Callable, Sequence

import numpy as np

from vae_core.errors import ConfigError, LatentsError
from vae_core.timing import positions, smooth
from vae_core.types import Array

SHARE = 0.5
"""The part of a principal walk that each axis takes."""


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


def norm_preserving(start: Array, end: Array, t: Array) -> Array:
    """Walk straight, but as far from the origin as the ends are: (Z,), (Z,), (T,) -> (T, Z).

    The norm goes linearly from one end's to the other's, so that the middle is as likely under
    the prior as they are. Opposite ends meet at the origin, which stays.
    """
    line = linear(start, end, t)
    length = np.linalg.norm(line, axis=1)
    wanted = (1 - t) * np.linalg.norm(start) + t * np.linalg.norm(end)
    safe = length > 1e-6 * wanted
    return line * np.where(safe, wanted / np.where(safe, length, 1), 1)[:, None]


def principal(start: Array, end: Array, t: Array) -> Array:
    """Walk along one axis after another, each gently: (Z,), (Z,), (T,) -> (T, Z).

    The first axis sets out at once, the last when a share of SHARE is left. So the coarse goes
    first, from either end, and the way back is another one.
    """
    sets_out = np.linspace(0, 1 - SHARE, len(start))
    passed = smooth((t[:, None] - sets_out) / SHARE)
    steps: Array = (1 - passed) * start + passed * end
    return steps


def plane(extent: Sequence[Sequence[float]], side: int) -> Array:
    """Return the latents of a grid, (side * side, 2), row by row from the top left.

    extent: (left, right), (bottom, top).
    """
    (left, right), (bottom, top) = extent
    x, y = np.meshgrid(np.linspace(left, right, side), np.linspace(top, bottom, side))
    return np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float32)


WALKS: dict[str, Callable[[Array, Array, Array], Array]] = {
    "linear": linear,
    "spherical": spherical,
    "norm": norm_preserving,
    "principal": principal,
    "even": linear,
}
"""``even`` is the straight one; whoever knows the decoder sets its pace."""


def walk(start: Array, end: Array, steps: int, kind: str = "linear") -> Array:
    """Return ``steps`` latents from ``start`` to ``end``, both ends exact: (steps, Z) float32.

    Raises as :func:`walk_at`, and ConfigError for fewer than two steps.
    """
    return walk_at(start, end, positions(steps), kind)


def walk_at(
    start: Array, end: Array, where: Array, kind: str = "linear", axes: Array | None = None
) -> Array:
    """Return the latents at positions (T,), exact where these are 0 and 1: (T, Z) float32.

    axes: (Z, Z), orthonormal rows, the most important first, that a ``principal`` walk goes along;
    the latents' own when left out. Raises LatentsError for latents that differ in size or are not
    finite, ConfigError for an unknown kind.
    """
    start, end = np.asarray(start, np.float64), np.asarray(end, np.float64)
    if start.shape != end.shape or start.ndim != 1:
        raise LatentsError(f"A walk joins two latents of one size, not {start.shape}, {end.shape}.")
    if not (np.isfinite(start).all() and np.isfinite(end).all()):
        raise LatentsError("Latents must be finite numbers.")
    if kind not in WALKS:
        raise ConfigError(f"No walk is called {kind!r}; there are {', '.join(WALKS)}.")
    if kind == "principal" and axes is not None:
        latents = principal(axes @ start, axes @ end, where) @ axes
    else:
        latents = WALKS[kind](start, end, where)
    latents[where == 0], latents[where == 1] = start, end
    return latents.astype(np.float32)

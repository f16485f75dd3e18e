"""Figures of a plane in latent space."""

from typing import Any

import numpy as np

from vae_core.types import Array

INK = 10_000
"""Points times the size of one, in square points; within these sizes:"""

SMALLEST, LARGEST, LEGEND_DOT = 3, 36, 20


def latent_plane(axes: Any, points: Array, groups: Array, limits: Array | None = None) -> None:
    """Draw points, (N, 2), in the colour of the group that each is in, (N,) strings.

    limits: (2, 2), the lowest and the highest value along either axis that is shown.
    """
    size = min(max(INK / len(points), SMALLEST), LARGEST)
    for k, name in enumerate(sorted(set(groups))):
        x, y = points[groups == name].T
        axes.scatter(x, y, s=size, alpha=0.5, linewidths=0, color=f"C{k}", label=name)
    if limits is not None:
        axes.set_xlim(limits[:, 0])
        axes.set_ylim(limits[:, 1])
    legend = axes.legend(loc="upper left", bbox_to_anchor=(1, 1), fontsize="small")
    for dots in legend.legend_handles:
        dots.set_alpha(1)
        dots.set_sizes([LEGEND_DOT])


def grid_on_plane(axes: Any, grid: Array) -> None:
    """Draw the lines that join the neighbours of a grid: (R, T, 2)."""
    for line in (*grid, *grid.swapaxes(0, 1)):
        axes.plot(*line.T, color="black", linewidth=0.5)


def limits_of(points: Array, margin: float = 0.05) -> Array:
    """Return the lowest and the highest value along either axis, widened: (N, 2) -> (2, 2)."""
    low, high = points.min(axis=0), points.max(axis=0)
    widened: Array = np.stack([low, high]) + margin * np.stack([low - high, high - low])
    return widened

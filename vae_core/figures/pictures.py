"""Figures made of pictures: sheets, and rows to compare."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from vae_core.types import Array

GAP = 1
"""White pixels between two pictures."""


def tiled(pictures: Array, columns: int) -> Array:
    """Lay pictures out, row by row, on white: (N, H, W, C) -> (R (H + 1) - 1, T (W + 1) - 1, C).

    T is ``columns``, R as many rows as it takes.
    """
    n, height, width, channels = pictures.shape
    rows = math.ceil(n / columns)
    sheet = np.ones((rows * (height + GAP), columns * (width + GAP), channels), pictures.dtype)
    for i, picture in enumerate(pictures):
        top, left = (i // columns) * (height + GAP), (i % columns) * (width + GAP)
        sheet[top : top + height, left : left + width] = picture
    return sheet[:-GAP, :-GAP]


def picture_sheet(axes: Any, pictures: Array, columns: int) -> None:
    """Show (N, H, W, C) pictures in [0, 1] as one sheet, without ticks."""
    show_picture(axes, tiled(pictures, columns))


def stacked_rows(axes: Any, rows: Mapping[str, Array]) -> None:
    """Show rows of (N, H, W, C) pictures under each other, each with its name at the left.

    All rows have pictures of one shape, and as many.
    """
    first = next(iter(rows.values()))
    show_picture(axes, tiled(np.concatenate(list(rows.values())), len(first)))
    height = first.shape[1]
    axes.set_yticks([k * (height + GAP) + height / 2 for k in range(len(rows))], list(rows))
    axes.tick_params(length=0)


def show_picture(axes: Any, picture: Array) -> None:
    """Show (H, W, 1 or 3) in [0, 1], every pixel a square."""
    shown = picture[:, :, 0] if picture.shape[2] == 1 else picture
    axes.imshow(shown, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)

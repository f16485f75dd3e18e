"""Figures. Each function draws on axes that the caller gives; matplotlib is an extra."""

from vae_core.figures.curves import loss_histogram, smoothed, training_curve
from vae_core.figures.pictures import picture_sheet, stacked_rows, tiled
from vae_core.figures.planes import grid_on_plane, latent_plane

__all__ = [
    "grid_on_plane",
    "latent_plane",
    "loss_histogram",
    "picture_sheet",
    "smoothed",
    "stacked_rows",
    "tiled",
    "training_curve",
]

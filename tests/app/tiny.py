"""Models small enough to be made by a test: random weights, saved and loaded like real ones."""

from pathlib import Path

import numpy as np

from vae_core.checkpoint import Checkpoint, save_checkpoint
from vae_core.directions import describe_species
from vae_core.imaging.align import Frame, face_frame
from vae_core.model import VAEConfig, build_vae, cast

LATENT = 5
METADATA = {
    "preset": "tiny",
    "dataset": {"name": "drawn", "terms": "do as you like"},
    "losses": {"test": 0.04},
    "histogram": {"edges": [0.0, 0.1, 0.2, 0.4], "counts": [1, 2, 1]},
    "example": {"friend": [2.0] * LATENT, "dog": [-2.0] * LATENT},
}
LATENTS = np.random.default_rng(3).standard_normal((40, LATENT))
DOGS = describe_species(
    LATENTS + np.repeat([[2.0], [-2.0]], 20, axis=0), np.repeat(["person", "dog"], 20)
)


def save_models(folder: Path) -> Path:
    """``faces``, grey, the default; ``colour``, in one light; and ``digits``, of no faces.

    Only ``colour`` knows what a dog is.
    """
    save_model(folder, "faces", face_frame(12, channels=1))
    save_model(folder, "colour", face_frame(16, channels=3, light=(0.5, 0.2)), **DOGS)
    save_model(folder, "digits", Frame(height=10, width=8, channels=1))
    return folder


def save_model(folder: Path, name: str, frame: Frame, **more: object) -> None:
    config = VAEConfig((frame.height, frame.width, frame.channels), LATENT, hidden=(7,))
    params = cast(build_vae(config).init(np.random.default_rng(7)))
    params = {key: 3 * p for key, p in params.items()}  # so that faces differ visibly
    path = folder / f"{name}.safetensors"
    save_checkpoint(path, Checkpoint(name, config, frame, params, METADATA | more))

"""What it is worth to bring a photo's light to one level before the model looks."""

import argparse
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import numpy as np

from benchmarks.report import ROOT, table
from vae_core.checkpoint import Checkpoint, load_checkpoint
from vae_core.errors import LandmarksError
from vae_core.finder.evaluation import annotated
from vae_core.imaging.align import align
from vae_core.imaging.landmarks import Landmarks
from vae_core.imaging.lighting import NEUTRAL, Light, measure_light, restore_light
from vae_core.metrics import mse_per_picture
from vae_core.types import Array

CHANGES: dict[str, Callable[[Array], Array]] = {
    "as they are": lambda x: x,
    "half as bright": lambda x: 0.5 * x,
    "a third as bright": lambda x: 0.3 * x,
    "overexposed": lambda x: 1.5 * x,
    "low contrast": lambda x: 0.5 + 0.5 * (x - 0.5),
    "high contrast": lambda x: 0.5 + 1.6 * (x - 0.5),
    "gamma 2": lambda x: x**2,
    "gamma 0.5": lambda x: x**0.5,
}


def run(options: argparse.Namespace) -> str:
    checkpoint = load_checkpoint(ROOT / "models" / "classic.safetensors")
    if checkpoint.frame.light is None:
        return "The classic model sees photos in their own light."
    if not (options.photos / "landmarks.csv").exists():
        return f"{options.photos} holds no landmarks.csv; `--photos` names the folder that does."
    faces = held_out_faces(checkpoint, options)
    rows = []
    for name, change in CHANGES.items():
        x = np.clip(change(faces), 0, 1).astype(np.float32)
        rows.append([name, *(f"{error:.3f}" for error in errors(checkpoint, x))])
    head = ["test faces", "light left as it is, which this model has not learnt", "normalised"]
    return table(head, rows)


def held_out_faces(checkpoint: Checkpoint, options: argparse.Namespace) -> Array:
    """Return the aligned test faces in their own light, (N, H, W, C)."""
    plain = replace(checkpoint.frame, light=None)
    crops = []
    for scene in annotated(options.photos, "landmarks.csv", "test"):
        assert scene.points is not None
        landmarks = Landmarks(*((float(x), float(y)) for x, y in scene.points))
        with suppress(LandmarksError):  # a few in a thousand are wrong, and no photo is aligned so
            crops.append(align(scene.photo, plain, landmarks, scene.species).pixels)
    return np.stack(crops)


def errors(checkpoint: Checkpoint, x: Array) -> tuple[float, float]:
    """Return the error without and with normalised light, as a share of the pictures' variance.

    Both are measured in the photos' own light, and divided by the variance of their pixels, so
    that a dark photo is not called good because its errors are dark too.
    """
    level = checkpoint.frame.light
    assert level is not None
    variance = float(x.var(axis=(1, 2, 3)).mean())
    lights = [measure_light(picture, level) for picture in x]
    results = []
    for chosen in ([NEUTRAL] * len(x), lights):
        results.append(float(mse_per_picture(x, through(checkpoint, x, chosen)).mean()) / variance)
    return results[0], results[1]


def through(checkpoint: Checkpoint, x: Array, lights: list[Light]) -> Array:
    """Normalise, reconstruct, and give the light back: (N, H, W, C) -> the same."""
    seen = np.stack([light.normalise(p) for light, p in zip(lights, x, strict=True)])
    decoded = checkpoint.reconstruct(seen)
    restored = [restore_light(d[None], s, s)[0] for d, s in zip(decoded, lights, strict=True)]
    return np.stack(restored)

"""Why friends come out worse than the data set: each suspect changed alone, on held-out pictures.

A friend's photo differs in its light, its cut and its sharpness. Here the held-out pictures are
given each difference by itself, and the model is asked for the changed picture.
"""

from collections.abc import Callable

import numpy as np

from vae_core.checkpoint import Checkpoint
from vae_core.data.dataset import Dataset
from vae_core.evaluation import pictures_of
from vae_core.experiments.sweep import Experiment, Measured, Row
from vae_core.layers.resize import along_both
from vae_core.likeness import gaussian_matrix, ssim
from vae_core.metrics import gradient_energy, mse_per_picture
from vae_core.types import Array

PICTURES = 500


def held_out(dataset: Dataset) -> Array:
    """Return the first held-out people, or else whatever there is: (n, H, W, C)."""
    people = dataset.indices("test", "person")
    return dataset.batch((people if len(people) else pictures_of(dataset, "test"))[:PICTURES])


def exposed(gain: float) -> Callable[[Array], Array]:
    """Return what makes pictures so many times as bright."""
    return lambda x: np.clip(gain * x, 0, 1)


def contrasted(gain: float) -> Callable[[Array], Array]:
    """Return what moves pixels so many times as far from their picture's mean."""

    def change(x: Array) -> Array:
        mean = x.mean(axis=(1, 2, 3), keepdims=True)
        return np.asarray(np.clip(mean + gain * (x - mean), 0, 1))

    return change


def shifted(pixels: int) -> Callable[[Array], Array]:
    """Return what moves pictures right and down; the edge is repeated."""

    def change(x: Array) -> Array:
        before = ((0, 0), (pixels, 0), (pixels, 0), (0, 0))
        return np.pad(x, before, mode="edge")[:, : x.shape[1], : x.shape[2]]

    return change


def blurred(sigma: float) -> Callable[[Array], Array]:
    """Return what blurs pictures by a Gaussian of so many pixels."""

    def change(x: Array) -> Array:
        return along_both(x, *(gaussian_matrix(side, sigma) for side in x.shape[1:3]))

    return change


def asked_for(change: Callable[[Array], Array]) -> Callable[[Checkpoint, Dataset], Row]:
    """Return what measures the reconstructions of changed pictures, as errors from those.

    times: the loss over that of the pictures as they are.
    """

    def measure(checkpoint: Checkpoint, dataset: Dataset) -> Row:
        x = held_out(dataset)
        changed = change(x).astype(x.dtype)
        own = mse_per_picture(x, checkpoint.reconstruct(x)).mean()
        y = checkpoint.reconstruct(changed)
        loss = mse_per_picture(changed, y).mean()
        return {"loss": float(loss), "times": float(loss / own), **looks(changed, y)}

    return measure


def looks(x: Array, y: Array) -> Row:
    """Return the structural similarity of pictures, and the gradient energy that is kept."""
    kept = gradient_energy(y).sum() / gradient_energy(x).sum()
    return {"similarity": float(ssim(x, y).mean()), "sharpness": float(kept)}


def as_wrong(kind: str) -> Callable[[Checkpoint, Dataset], Row]:
    """Return what measures pictures that were made as wrong as the model's own, in one way only.

    kind: ``darker``, sharp but darker; or ``blurred``, right but blurred.
    """

    def measure(checkpoint: Checkpoint, dataset: Dataset) -> Row:
        x = held_out(dataset)
        own = float(mse_per_picture(x, checkpoint.reconstruct(x)).mean())
        y = darkened_by(x, own) if kind == "darker" else blurred_by(x, own)
        loss = float(mse_per_picture(x, y).mean())
        return {"loss": loss, "times": loss / own, **looks(x, y)}

    return measure


def darkened_by(x: Array, mse: float) -> Array:
    """Darken pictures until their mean square error is ``mse``."""
    darker: Array = x * (1 - np.sqrt(mse / np.square(x).mean()))
    return darker


def blurred_by(x: Array, mse: float) -> Array:
    """Blur pictures until their mean square error is ``mse``, or by 16 pixels at most."""
    low, high = 0.1, 16.0
    for _ in range(12):
        middle = (low * high) ** 0.5
        too_far = mse_per_picture(x, blurred(middle)(x)).mean() > mse
        low, high = (low, middle) if too_far else (middle, high)
    return blurred(low)(x)


FRIENDS = Experiment(
    "Why do friends come out worse?",
    {
        "as they are": Measured(asked_for(lambda x: x)),
        **{f"exposure x{gain}": Measured(asked_for(exposed(gain))) for gain in (0.6, 0.8, 1.25)},
        **{f"contrast x{gain}": Measured(asked_for(contrasted(gain))) for gain in (0.6, 1.5)},
        **{f"shifted {k} px": Measured(asked_for(shifted(k))) for k in (1, 2, 4)},
        **{f"blurred {s} px": Measured(asked_for(blurred(s))) for s in (0.7, 1.5)},
        "sharp but darker": Measured(as_wrong("darker")),
        "right but blurred": Measured(as_wrong("blurred")),
    },
    drawn=("times", "similarity", "sharpness"),
)

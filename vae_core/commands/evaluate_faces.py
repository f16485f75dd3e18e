"""``python -m vae_core evaluate-faces``: whether held-out faces stay themselves, and how fast."""

import argparse
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from vae_core.checkpoint import Checkpoint, load_checkpoint
from vae_core.commands.morph import FINDER, MODEL
from vae_core.data.dataset import Dataset, open_dataset
from vae_core.encoded import encode_photo
from vae_core.errors import DataError
from vae_core.evaluation import at_work, fit_pca, losses, pictures_of
from vae_core.fidelity import Fidelity, LatentUse, fidelity, held_out, latent_use, reframed
from vae_core.finder.evaluation import annotated
from vae_core.finder.faces import best_face
from vae_core.finder.find import Finder
from vae_core.types import Array

SPECIES = {"person": "people", "dog": "dogs"}

FRAMES = 17
"""Frames whose decoding is timed."""


def add_command(subparsers: Any) -> None:
    """Describe ``evaluate-faces``."""
    parser = subparsers.add_parser(
        "evaluate-faces", help="measure how faithful a model is to faces it has not seen"
    )
    parser.add_argument("--model", type=Path, default=MODEL, help="checkpoint")
    parser.add_argument("--data", required=True, type=Path, help="folder made by `prepare`")
    parser.add_argument(
        "--beside", type=Path, nargs="*", default=[], help="checkpoints that see less of the head"
    )
    parser.add_argument("--photos", type=Path, help="a folder with scenes.csv: the real friends")
    parser.add_argument("--pictures", type=int, default=500, help="of each species, at most")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print fidelity beside PCA's and other models', the use of latents, and times."""
    checkpoint, dataset = load_checkpoint(args.model), open_dataset(args.data)
    inner, small = at_work(checkpoint, dataset)
    use = latent_use(inner, small, pictures_of(small, "test"))
    result = {
        "fidelity": compared(inner, small, use.active, args),
        "latents": use.to_json(),
        "milliseconds": times(checkpoint, dataset),
    }
    if args.photos:
        result["friends"] = friends(checkpoint, dataset, args.photos)
    print(json.dumps(result, indent=2) if args.json else table(checkpoint, result, use))
    return 0


def compared(
    inner: Checkpoint, small: Dataset, components: int, args: argparse.Namespace
) -> dict[str, dict[str, Any]]:
    """Measure a model, PCA of ``components`` and the models beside: species -> name -> row."""
    pca = fit_pca(small, components)
    others = [load_checkpoint(path) for path in args.beside]
    rows: dict[str, dict[str, Any]] = {}
    for species in SPECIES:
        x = held_out(small, species, args.pictures)
        found = {
            inner.name: fidelity(inner.reconstruct, x, small.frame),
            f"PCA, {components} components": fidelity(pca.reconstruct, x, small.frame),
        }
        for other in others:
            found[f"{other.name}, in its own frame"] = beside(other, x, small)
        rows[species] = {name: row.to_json() for name, row in found.items()}
    return rows


def beside(other: Checkpoint, x: Array, dataset: Dataset) -> Fidelity:
    """Measure another model on what it sees of the same pictures."""
    return fidelity(other.reconstruct, reframed(x, dataset.frame, other.frame), other.frame)


def friends(checkpoint: Checkpoint, dataset: Dataset, photos: Path) -> dict[str, Any]:
    """Compare people in whole photos, found and aligned as visitors' are, with held-out faces."""
    usual = losses(checkpoint, dataset, dataset.indices("test", "person"))
    finder = Finder.from_file(FINDER)
    own = np.array(list(friends_losses(checkpoint, finder, photos)))
    if not len(own):
        raise DataError(f"No person was found in the scenes of {photos}.")
    percentiles = [float((usual < loss).mean()) for loss in np.quantile(own, [0.25, 0.5, 0.75])]
    return {"photos": len(own), "median_loss": float(np.median(own)), "percentiles": percentiles}


def friends_losses(checkpoint: Checkpoint, finder: Finder, photos: Path) -> Iterator[float]:
    """Yield the losses of the people in the test split's scenes whom the finder finds."""
    for scene in annotated(photos, "scenes.csv", "test"):
        faces = [f for f in finder.find(scene.photo) if f.species == scene.species == "person"]
        if faces:
            landmarks = best_face(faces, "person").landmarks
            yield encode_photo(checkpoint, scene.photo, landmarks, "person").loss


def times(checkpoint: Checkpoint, dataset: Dataset) -> dict[str, float]:
    """Return how long it takes to encode one photo and to decode a morph, in ms."""
    x = dataset.batch(dataset.indices("test")[:1])
    z = np.repeat(checkpoint.encode(x), FRAMES, axis=0)
    calls = {"encode": lambda: checkpoint.encode(x), "decode": lambda: checkpoint.decode(z)}
    return {name: 1000 * median_time(call) for name, call in calls.items()}


def median_time(call: Callable[[], Array], calls: int = 21) -> float:
    """Return the median of several calls' times, in seconds."""
    seconds = []
    for _ in range(calls):
        start = perf_counter()
        call()
        seconds.append(perf_counter() - start)
    return float(np.median(seconds))


def table(checkpoint: Checkpoint, result: dict[str, Any], use: LatentUse) -> str:
    """Return the Markdown tables."""
    rows = ["| held-out faces | pictures | PSNR | SSIM | recognised |", "|---|---|---|---|---|"]
    for species, found in result["fidelity"].items():
        rows += [
            f"| {SPECIES[species]}, {name} | {row['pictures']} | {row['psnr']:.2f} dB "
            f"| {row['ssim']:.3f} | {row['recognised']:.1%} |"
            for name, row in found.items()
        ]
    kl, spread = np.sort(use.kl), np.quantile(use.spread, [0.05, 0.5, 0.95])
    milliseconds = result["milliseconds"]
    rows += [
        "",
        f"| {checkpoint.name} | |",
        "|---|---|",
        f"| active latents | {use.active} of {len(kl)} |",
        f"| KL of a latent: least, median, most | {kl[0]:.2f}, {np.median(kl):.2f}, "
        f"{kl[-1]:.2f} nats; {kl.sum():.0f} in all |",
        "| aggregate posterior's standard deviation: 5 %, median, 95 % of the latents | "
        + ", ".join(f"{s:.2f}" for s in spread)
        + " (prior: 1) |",
        f"| its mean, root mean square over the latents | "
        f"{np.sqrt(np.square(use.offset).mean()):.2f} (prior: 0) |",
        f"| encode one photo | {milliseconds['encode']:.1f} ms |",
        f"| decode {FRAMES} frames | {milliseconds['decode']:.1f} ms |",
    ]
    if "friends" in result:
        shown = ", ".join(f"{p:.0%}" for p in result["friends"]["percentiles"])
        rows.append(
            f"| {result['friends']['photos']} friends in whole photos: share of held-out faces "
            f"with less loss than their quartiles | {shown} |"
        )
    return "\n".join(rows)

"""The model card: what a checkpoint's own metadata says, written for a person."""

from pathlib import Path
from typing import Any

from vae_core.checkpoint import Checkpoint
from vae_core.commands.job import write_digest
from vae_core.metrics import psnr
from vae_core.model import VAEConfig
from vae_core.refine import Refinement

TEMPLATE = """# {name}

A variational autoencoder, trained by `python -m vae_core train --preset {preset}`, which also
wrote this card.

| | |
|---|---|
| pictures | {height} x {width}, {colour} |
| network | {network}; {parameters:,} parameters |
| training | {step:,} steps of {batch}, {minutes:.1f} minutes on {created} |
| beta | {beta:g} per example, summed over pixels and latents; schedule {beta_schedule} |
| program | {program}, revision {git_revision} |
| sha256 of the file | `{sha256}` |

## Data

{dataset_name}: {counts}.

{terms}

## On pictures it was not trained on

Mean square error per pixel, pixels from 0 to 1,
on the {pictures} pictures of the test split{at_size}.

| | this model | PCA, {pca_components} components |
|---|---|---|
| decoded from {latent} | {mse:.5f} ({psnr:.2f} dB) | {pca_mse:.5f} ({pca_psnr:.2f} dB) |
| decoded from a drawn latent | {mse_sampled:.5f} | |
{groups}

On the training pictures: {train_mse:.5f}. KL divergence from the prior: {kl:.1f} nats.

## What it does badly

{weaknesses}
"""

MEASURED = ("pictures", "mse", "mse_sampled", "pca_components", "pca_mse", "kl")


def write_card(path: Path, checkpoint: Checkpoint) -> None:
    """Write ``NAME.md`` and ``NAME.safetensors.sha256`` beside the checkpoint at ``path``."""
    path.with_suffix(".md").write_text(card(checkpoint, write_digest(path)))


def card(checkpoint: Checkpoint, sha256: str) -> str:
    """Return the card's Markdown."""
    config, metadata = checkpoint.config, checkpoint.metadata
    test, settings = metadata["losses"], metadata["settings"]
    height, width, channels = config.image
    return TEMPLATE.format(
        **{k: metadata[k] for k in ("preset", "step", "created", "program", "git_revision")},
        **{k: test[k] for k in MEASURED},
        name=checkpoint.name,
        height=height,
        width=width,
        colour="grey" if channels == 1 else "colour",
        network=network(config),
        at_size=at_size(config),
        latent=latent(checkpoint.refinement),
        parameters=sum(p.size for p in checkpoint.params.values()),
        batch=settings["batch"],
        beta=settings["beta"],
        beta_schedule=settings["beta_schedule"],
        minutes=metadata["seconds"] / 60,
        sha256=sha256,
        dataset_name=metadata["dataset"]["name"],
        counts=counts_text(metadata["dataset"]["counts"]),
        terms=metadata["dataset"]["terms"],
        psnr=psnr(test["mse"]),
        pca_psnr=psnr(test["pca_mse"]),
        groups="\n".join(map(group_row, test["groups"].items())),
        train_mse=metadata["train_mse"],
        weaknesses=weaknesses(metadata),
    )


def network(config: VAEConfig) -> str:
    """Return "2500-1000-50, tanh", or what is said of a convolutional one."""
    if config.architecture == "mlp":
        return "-".join(map(str, (config.pixels, *config.hidden, config.latent))) + ", tanh"
    channels, blocks = (" and ".join(map(str, v)) for v in (config.hidden, config.blocks))
    kind = "residual" if config.architecture == "conv" else "mixer"
    return (
        f"convolutional, grids of {channels} channels, the decoder's with {blocks} {kind} "
        f"blocks; {config.latent} latents"
    )


def at_size(config: VAEConfig) -> str:
    """Say at which size a model works that does not see every pixel."""
    height, width, _ = config.inner.image
    return f", at the {height} x {width} pixels that its networks see" if config.scale > 1 else ""


def latent(refinement: Refinement | None) -> str:
    """Say which latent a picture is decoded from."""
    if refinement is None:
        return "the mean latent"
    steps = "1 step" if refinement.steps == 1 else f"{refinement.steps} steps"
    return f"the latent after {steps} of refinement"


def counts_text(counts: dict[str, dict[str, int]]) -> str:
    """Return "train: 2,597 dog, 8,620 person; test: ..."."""
    return "; ".join(
        f"{split}: "
        + (", ".join(f"{n:,} {species}" for species, n in by_species.items()) or "none")
        for split, by_species in counts.items()
    )


def group_row(item: tuple[str, dict[str, Any]]) -> str:
    """Return one line of the table."""
    name, row = item
    return f"| {name} ({row['pictures']}) | {row['mse']:.5f} | {row['pca_mse']:.5f} |"


def weaknesses(metadata: dict[str, Any]) -> str:
    """Say which groups come out worst, how far the model generalises, and how sharp it is."""
    test = metadata["losses"]
    groups = test["groups"]
    worst = max(groups, key=lambda name: groups[name]["mse"])
    lost = [name for name, row in groups.items() if row["mse"] > row["pca_mse"]]
    gap = test["mse"] / metadata["train_mse"]
    sentences = [
        f"Worst reconstructed: {worst}, with {groups[worst]['mse'] / test['mse']:.2f} times "
        "the average error.",
        f"The error on new pictures is {gap:.2f} times that on the training pictures.",
        f"Reconstructions keep {100 * test['sharpness']:.0f} % of the pictures' gradient energy: "
        "fine detail is lost to blur.",
    ]
    if lost:
        sentences.append(f"PCA does better on: {', '.join(lost)}.")
    return "\n".join(f"- {sentence}" for sentence in sentences)

"""The model card says what the checkpoint's metadata say, and nothing of its own."""

import copy

import numpy as np
import pytest

from tests.drawn import CONFIG, CONV, CONV_FRAME, FRAME, PRESET
from vae_core.checkpoint import Checkpoint, load_checkpoint
from vae_core.commands.card import card, write_card
from vae_core.model import build_vae

METADATA = {
    "preset": "tiny",
    "step": 1234567,
    "settings": {"batch": 31, "beta": 0.625, "beta_schedule": "delayed_ramp"},
    "seconds": 90,
    "created": "2019-11-15T12:00:00+00:00",
    "program": "dogpeople 9.8.7",
    "git_revision": "abc1234+",
    "dataset": {
        "name": "faces and snouts",
        "terms": "For {research} only.",
        "counts": {"train": {"dog": 1011, "person": 2022}, "validation": {}, "test": {"dog": 17}},
    },
    "train_mse": 0.01,
    "losses": {
        "pictures": 4711,
        "mse": 0.02,
        "mse_sampled": 0.0333,
        "kl": 12.34,
        "sharpness": 0.456,
        "pca_components": 3,
        "pca_mse": 0.025,
        "groups": {
            "species dog": {"pictures": 17, "mse": 0.03, "pca_mse": 0.029},
            "species person": {"pictures": 4694, "mse": 0.019, "pca_mse": 0.0249},
        },
    },
}


def text_of(metadata):
    params = build_vae(CONFIG).init(np.random.default_rng(0))
    return card(Checkpoint("blobs", CONFIG, FRAME, params, metadata), "f00d" * 16)


@pytest.mark.parametrize(
    "words",
    [
        "# blobs\n",
        "--preset tiny",
        "12 x 12, grey",
        "144-9-3, tanh; 2,841 parameters",
        "1,234,567 steps of 31, 1.5 minutes on 2019-11-15",
        "0.625",
        "delayed_ramp",
        "dogpeople 9.8.7, revision abc1234+",
        "f00d" * 16,
        "faces and snouts: train: 1,011 dog, 2,022 person; validation: none; test: 17 dog.",
        "For {research} only.",
        "4711 pictures of the test split",
        "PCA, 3 components",
        "| 0.02000 (16.99 dB) | 0.02500 (16.02 dB) |",
        "| 0.03330 |",
        "| species dog (17) | 0.03000 | 0.02900 |",
        "| species person (4694) | 0.01900 | 0.02490 |",
        "On the training pictures: 0.01000. KL divergence from the prior: 12.3 nats.",
        "Worst reconstructed: species dog, with 1.50 times the average error.",
        "2.00 times that on the training pictures",
        "keep 46 % of",
        "PCA does better on: species dog.",
    ],
)
def test_the_card_says(words):
    assert words in text_of(METADATA)


def test_a_model_that_works_in_miniature_says_so_and_how_latents_are_refined():
    params = build_vae(CONV).init(np.random.default_rng(0))
    refinement = {"refinement": {"steps": 2, "lengths": [0.5], "variance": 0.01}}
    text = card(Checkpoint("blobs", CONV, CONV_FRAME, params, METADATA | refinement), "f00d" * 16)
    for words in (
        "| pictures | 16 x 16, grey |",
        "convolutional, grids of 8 channels, the decoder's with 1 residual blocks; 3 latents;",
        "test split, at the 8 x 8 pixels that its networks see.",
        "| decoded from the latent after 2 steps of refinement | 0.02000",
    ):
        assert words in text
    refinement["refinement"]["steps"] = 1
    text = card(Checkpoint("blobs", CONV, CONV_FRAME, params, METADATA | refinement), "f00d" * 16)
    assert "| decoded from the latent after 1 step of refinement | 0.02000" in text


def test_every_number_follows_the_metadata():
    """Change one measured number, and the card is another."""
    losses = METADATA["losses"]
    for name in ("pictures", "mse", "mse_sampled", "kl", "sharpness", "pca_components", "pca_mse"):
        changed = copy.deepcopy(METADATA)
        changed["losses"][name] = 2 * losses[name]
        assert text_of(changed) != text_of(METADATA), name


def test_without_a_group_where_pca_wins_nothing_is_said_of_it():
    better = copy.deepcopy(METADATA)
    better["losses"]["groups"]["species dog"]["mse"] = 0.0289
    assert "PCA does better" not in text_of(better)


def test_the_card_of_a_real_run_is_made_of_its_checkpoint(trained):
    checkpoint = load_checkpoint(trained)
    text = trained.with_suffix(".md").read_text()
    test = checkpoint.metadata["losses"]
    assert f"{PRESET.training.steps:,} steps of {PRESET.training.batch}" in text
    for number in (test["mse"], test["mse_sampled"], test["pca_mse"]):
        assert f"{number:.5f}" in text
    for name, row in test["groups"].items():
        assert f"| {name} ({row['pictures']}) | {row['mse']:.5f} | {row['pca_mse']:.5f} |" in text
    trained.with_suffix(".md").unlink()
    write_card(trained, checkpoint)
    assert trained.with_suffix(".md").read_text() == text

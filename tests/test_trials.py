"""A model is tried on its own faces."""

import numpy as np
import pytest

from tests.app import tiny
from vae_core.checkpoint import load_checkpoint
from vae_core.trials import covered, trials


def test_trials_are_told_from_the_best_to_the_worst(tmp_path):
    tiny.save_models(tmp_path)
    checkpoint = load_checkpoint(tmp_path / "colour.safetensors")
    told, pictures = trials(checkpoint)
    errors = [trial.error for trial in told]
    assert errors == sorted(errors)
    assert pictures.shape == (2 * len(told), 16, 16, 3)
    shown, redrawn = np.split(pictures, 2)
    assert errors == pytest.approx(np.square(shown - redrawn).mean(axis=(1, 2, 3)), rel=1e-4)


def test_a_model_without_an_example_is_not_tried(tmp_path, monkeypatch):
    monkeypatch.delitem(tiny.METADATA, "example")
    tiny.save_models(tmp_path)
    told, pictures = trials(load_checkpoint(tmp_path / "colour.safetensors"))
    assert told == []
    assert len(pictures) == 0


def test_only_a_part_is_covered():
    picture = np.ones((10, 20, 3), np.float32)
    painted = covered(picture, (0.0, 0.5), (0.5, 1.0), 0.0)
    assert painted[:5, 10:].max() == 0
    assert painted.sum() == picture.sum() - 5 * 10 * 3

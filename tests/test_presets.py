"""Presets: the article's models and settings, and what every preset must agree with itself on."""

import pytest

from vae_core.errors import ConfigError
from vae_core.imaging.align import DIGIT_28, FACE_GREY_50
from vae_core.model import build_vae
from vae_core.presets import PRESETS, preset_named


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_fits_together(name):
    preset = preset_named(name)
    frame = preset.frame
    assert preset.model.image == (frame.height, frame.width, frame.channels)
    assert preset.summary
    assert build_vae(preset.model).shapes()


def test_the_digits_are_the_articles():
    preset = preset_named("mnist")
    shapes = build_vae(preset.model).shapes()
    assert preset.frame == DIGIT_28
    assert shapes["encoder.hidden1.weight"] == (784, 1000)
    assert shapes["encoder.out.weight"] == (1000, 2 * 2)
    assert shapes["decoder.hidden1.weight"] == (2, 1000)
    assert shapes["decoder.out.weight"] == (1000, 784)
    training = preset.training
    assert (training.steps, training.batch, training.beta) == (10_000, 32, 0)


def test_the_ramp_is_the_articles_in_standard_units():
    training = preset_named("mnist-ramp").training
    assert preset_named("mnist-ramp").model == preset_named("mnist").model
    assert training.beta_at(training.steps // 2) == 0
    assert training.beta_at(3 * training.steps // 4) == pytest.approx(1.2544 / 2)
    assert training.beta_at(training.steps) == pytest.approx(1.2544)


def test_the_faces_are_the_articles():
    preset = preset_named("classic")
    shapes = build_vae(preset.model).shapes()
    assert preset.frame == FACE_GREY_50
    assert shapes["encoder.hidden1.weight"] == (2500, 1000)
    assert shapes["decoder.hidden1.weight"] == (50, 1000)
    assert preset.training.beta == 0


def test_an_unknown_preset_names_the_known_ones():
    with pytest.raises(ConfigError, match="'huge'; there are mnist, mnist-ramp, mnist-50"):
        preset_named("huge")

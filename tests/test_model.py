"""The whole model: its gradient in every parameter, and values that algebra gives."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from tests.gradients import check_gradient
from vae_core.errors import ConfigError
from vae_core.model import VAEConfig, article_beta, build_vae, cast
from vae_core.products import formed

SMALL = VAEConfig((4, 5, 2), latent=3, hidden=(7,))


CONV = VAEConfig(
    (16, 16, 3),
    latent=3,
    hidden=(5, 6),
    blocks=(1, 1),
    likelihood="coloured",
    architecture="conv",
)
CONFIGS = [
    VAEConfig((4, 5, 2), latent=3, hidden=hidden, likelihood=likelihood)
    for likelihood in ("squared_error", "gaussian", "bernoulli")
    for hidden in ((7,), (8, 6), ())
] + [CONV, replace(CONV, blocks=(0, 2)), replace(CONV, scale=2, hidden=(4,), blocks=(1,))]
MIXER = replace(CONV, architecture="mixer")
CONFIGS += [MIXER, replace(MIXER, image=(8, 16, 1), blocks=(2, 0))]
CONFIGS += [
    replace(SMALL, activation="silu"),
    replace(SMALL, flow=(6, 5)),
    replace(CONV, flow=(4,), blocks=(0, 0)),
]


@pytest.mark.parametrize("config", [SMALL, CONV, MIXER, replace(SMALL, flow=(6, 5))], ids=str)
def test_means_need_no_more_than_they_are_given(config, rng):
    vae = build_vae(config)
    params, x = vae.init(rng), rng.random((6, *config.image))
    fewer = vae.of_means(params)
    np.testing.assert_allclose(vae.encode(fewer, x), vae.encode(params, x))
    halved = fewer["encoder.out.weight"].size * 2 == params["encoder.out.weight"].size
    assert halved == (not config.flow)


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_gradients_of_the_whole_model(config, rng):
    vae = build_vae(config)
    params, x = vae.init(rng), rng.random((6, *config.image))
    eps, beta = rng.standard_normal((6, 3)), 0.7
    _, grads = vae.loss_and_grads(params, x, eps, beta)
    assert grads.keys() == params.keys()
    for name, grad in grads.items():
        check_gradient(
            lambda p, name=name: vae.loss_and_grads(params | {name: p}, x, eps, beta)[0].total,
            params[name],
            grad,
            rng,
        )


def test_a_zero_model_scores_what_algebra_says(rng):
    """All-zero parameters: q is the prior, every pixel decodes to 1/2."""
    vae = build_vae(SMALL)
    params = {name: np.zeros_like(p) for name, p in vae.init(rng).items()}
    x = np.ones((5, 4, 5, 2))
    losses, _ = vae.loss_and_grads(params, x, rng.standard_normal((5, 3)))
    assert losses.kl == 0
    assert losses.total == losses.reconstruction == pytest.approx(0.5 * 40 * 0.25)


def test_the_kl_of_a_shifted_posterior_is_half_its_square(rng):
    vae = build_vae(SMALL)
    params = {name: np.zeros_like(p) for name, p in vae.init(rng).items()}
    params["encoder.out.bias"][:3] = 2.0
    losses, _ = vae.loss_and_grads(params, np.ones((5, 4, 5, 2)), rng.standard_normal((5, 3)), 0.5)
    assert losses.kl == pytest.approx(3 * 0.5 * 4)
    assert losses.total == pytest.approx(losses.reconstruction + 0.5 * losses.kl)


def test_without_noise_the_draw_is_the_mean(rng):
    vae = build_vae(SMALL)
    params, x = vae.init(rng), rng.random((2, 4, 5, 2))
    z, _ = vae.draw(params, x, np.zeros((2, 3)))
    np.testing.assert_array_equal(z, vae.encode(params, x))


@pytest.mark.parametrize(
    "change",
    [
        {"blocks": (1,)},
        {"blocks": (1, -1)},
        {"image": (20, 16, 3)},
        {"scale": 3},
        {"hidden": ()},
        {"scale": 0},
    ],
    ids=str,
)
def test_grids_that_do_not_fit_are_refused(change):
    with pytest.raises(ConfigError):
        replace(CONV, **change)


def test_float32_stays_float32(rng):
    vae = build_vae(SMALL)
    params, x = cast(vae.init(rng)), rng.random((2, 4, 5, 2), np.float32)
    _, grads = vae.loss_and_grads(params, x, rng.standard_normal((2, 3), np.float32), 0.3)
    assert {g.dtype for g in formed(grads).values()} == {np.dtype(np.float32)}
    assert vae.decode(params, vae.encode(params, x)).dtype == np.float32


def test_shapes_are_known_without_memory_for_them():
    shapes = build_vae(VAEConfig((10_000, 10_000, 3), latent=2, hidden=(1_000_000,))).shapes()
    assert shapes["encoder.hidden1.weight"] == (300_000_000, 1_000_000)
    assert build_vae(SMALL).shapes() == {
        name: p.shape for name, p in build_vae(SMALL).init(np.random.default_rng()).items()
    }


def test_a_configuration_survives_json():
    for config in (SMALL, CONV, replace(SMALL, flow=(6, 5))):
        assert VAEConfig.from_json(json.loads(json.dumps(config.to_json()))) == config


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"image": [4, 4, 1]},
        {"image": [4, 4], "latent": 2},
        {"image": [4, 4, 0], "latent": 2},
        {"image": [4, 4, 1], "latent": "two"},
        {"image": [4, 4, 1], "latent": 2, "likelihood": "guess"},
        {"image": [4, 4, 1], "latent": 2, "architecture": "transformer"},
        {"image": [4, 4, 1], "latent": 2, "activation": "sine"},
        {"image": [4, 4, 1], "latent": 2, "activation": {}},
        {"image": [4, 4, 1], "latent": 2, "surprise": 1},
        {"image": 4, "latent": 2},
        {"image": [4, 4, 1], "latent": 2, "flow": 3},
        {"image": [4, 4, 1], "latent": 2, "flow": [0]},
        {"image": [4, 4, 1], "latent": 2, "flow": [2.5]},
        {"image": [4, 4, 1], "latent": 1 << 30, "flow": [8]},
        {"image": [4, 4, 1], "latent": 2, "flow": [1 << 30]},
    ],
)
def test_a_configuration_that_makes_no_model_is_refused(values):
    with pytest.raises(ConfigError):
        VAEConfig.from_json(values)


def test_the_articles_beta_in_standard_units():
    assert article_beta(1e-4, 32, 784) == pytest.approx(1.2544)
    assert article_beta(1e-4, 32, 2500) == pytest.approx(4.0)


def test_the_articles_loss_is_ours_times_two_over_d(rng):
    """MSE over batch and pixels + b * (KL summed over batch and latents), as the article has it."""
    vae = build_vae(SMALL)
    params, x, eps = vae.init(rng), rng.random((6, 4, 5, 2)), rng.standard_normal((6, 3))
    ours, _ = vae.loss_and_grads(params, x, eps, article_beta(1e-3, 6, 40))
    z, kl = vae.draw(params, x, eps)
    theirs = ((vae.decode(params, z) - x) ** 2).mean() + 1e-3 * kl.sum()
    assert math.isclose(ours.total * 2 / 40, theirs, rel_tol=1e-12)

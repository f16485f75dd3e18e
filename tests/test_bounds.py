"""The importance-weighted bound, where log p(x) is known: a linear Gaussian model."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from tests.gradients import check_gradient
from vae_core.bounds import binarised, bound_and_grads, importance_bound, log_mean_exp
from vae_core.layers import Chain, Flatten, Linear, Reshape
from vae_core.model import VAE, VAEConfig, build_vae
from vae_core.posterior import DiagonalGaussian

D, Z = 6, 2


class UnitGaussian:
    """N(logits, 1) at every pixel."""

    def mean(self, logits):
        return logits

    def nll(self, logits, x):
        error = logits - x
        return 0.5 * (error**2 + math.log(2 * math.pi)).sum(axis=(1, 2, 3)), error


@pytest.fixture
def case(rng):
    """X = W z + b + noise with orthogonal columns in W, so that the posterior is diagonal."""
    axes, _ = np.linalg.qr(rng.standard_normal((D, Z)))
    scales, bias = np.array([2.0, 0.5]), rng.standard_normal(D)
    weight = (axes * scales).T
    precision = 1 + scales**2
    inward = np.concatenate([weight.T / precision, np.zeros((D, Z))], axis=1)
    params = {
        "encoder.out.weight": inward,
        "encoder.out.bias": np.concatenate([-bias @ inward[:, :Z], -np.log(precision)]),
        "decoder.out.weight": weight,
        "decoder.out.bias": bias,
    }
    encoder = Chain({"flatten": Flatten(), "out": Linear(D, 2 * Z)})
    decoder = Chain({"out": Linear(Z, D), "picture": Reshape((2, 3, 1))})
    config = VAEConfig((2, 3, 1), latent=Z)
    vae = VAE(encoder, DiagonalGaussian(Z), decoder, UnitGaussian(), config)
    x = rng.standard_normal((5, 2, 3, 1))
    covariance = weight.T @ weight + np.eye(D)
    centred = x.reshape(5, D) - bias
    _, log_det = np.linalg.slogdet(covariance)
    squares = (centred @ np.linalg.inv(covariance) * centred).sum(axis=1)
    exact = -0.5 * (squares + log_det + D * math.log(2 * math.pi))
    return SimpleNamespace(vae=vae, params=params, x=x, exact=exact)


@pytest.mark.parametrize("draws", [1, 7])
def test_with_the_true_posterior_every_draw_says_log_p(case, rng, draws):
    bound = importance_bound(case.vae, case.params, case.x, rng, draws)
    np.testing.assert_allclose(bound, case.exact, rtol=1e-12)


def test_with_a_wrong_posterior_one_draw_gives_the_elbo_and_many_give_log_p(case, rng):
    bias = case.params["encoder.out.bias"] + np.array([0.3, -0.2, 0.4, 0.3])
    params = case.params | {"encoder.out.bias": bias}
    once, few = (
        importance_bound(case.vae, params, case.x.repeat(n, axis=0), rng, k).reshape(5, n).mean(1)
        for n, k in ((3000, 1), (600, 5))
    )
    many = importance_bound(case.vae, params, case.x, rng, 100_000)
    assert (once + 0.02 < few).all()
    assert (few + 0.02 < case.exact).all()
    np.testing.assert_allclose(many, case.exact, atol=0.02)
    again = case.x.repeat(3000, axis=0)
    losses, _ = case.vae.loss_and_grads(params, again, rng.standard_normal((len(again), Z)))
    assert -losses.total == pytest.approx(once.mean(), abs=0.05)


def test_draws_that_do_not_fit_at_once_are_all_counted(case, rng, monkeypatch):
    monkeypatch.setattr("vae_core.bounds.AT_ONCE", 10)
    bound = importance_bound(case.vae, case.params, case.x, rng, 7)
    np.testing.assert_allclose(bound, case.exact, rtol=1e-12)


@pytest.fixture(params=[(), (6, 5)], ids=["gaussian", "flow"])
def small(request, rng):
    """A Bernoulli model with two hidden layers, three pictures and four draws of each."""
    config = VAEConfig(
        (2, 3, 1), latent=3, hidden=(5, 4), likelihood="bernoulli", flow=request.param
    )
    vae = build_vae(config)
    params = {name: p + 0.3 * rng.standard_normal(p.shape) for name, p in vae.init(rng).items()}
    x, eps = rng.random((3, 2, 3, 1)).round(), rng.standard_normal((3, 4, 3))
    return SimpleNamespace(vae=vae, params=params, x=x, eps=eps)


@pytest.mark.parametrize("beta", [1.0, 0.3])
def test_the_bounds_gradient_in_every_parameter(small, beta, rng):
    _, grads = bound_and_grads(small.vae, small.params, small.x, small.eps, beta)
    assert grads.keys() == small.params.keys()

    def loss(params):
        return bound_and_grads(small.vae, params, small.x, small.eps, beta)[0].total

    for name, grad in grads.items():
        p = small.params[name]
        check_gradient(lambda p, name=name: loss(small.params | {name: p}), p, grad, rng)


def test_what_is_trained_for_is_the_bound_that_is_measured(small, rng, monkeypatch):
    losses, _ = bound_and_grads(small.vae, small.params, small.x, small.eps)
    draws = SimpleNamespace(standard_normal=lambda size: small.eps.reshape(size))
    assert -losses.total == pytest.approx(
        importance_bound(small.vae, small.params, small.x, draws, 4).mean()
    )
    assert losses.total < losses.reconstruction + losses.kl


def test_draws_that_are_all_the_same_are_one(small):
    once, grads = small.vae.loss_and_grads(small.params, small.x, small.eps[:, 0])
    same = small.eps[:, :1].repeat(4, axis=1)
    fourfold, fourfold_grads = bound_and_grads(small.vae, small.params, small.x, same)
    assert fourfold.reconstruction == pytest.approx(once.reconstruction)
    for name in grads:
        if small.vae.config.flow or name.startswith("decoder"):
            np.testing.assert_allclose(fourfold_grads[name], grads[name], atol=1e-12)


def test_a_mean_of_exponentials_does_not_overflow(rng):
    values = rng.standard_normal((5, 3))
    mean, shares = log_mean_exp(values - 1e4)
    np.testing.assert_allclose(mean + 1e4, np.log(np.exp(values).mean(axis=1)), rtol=1e-9)
    np.testing.assert_allclose(shares.sum(axis=1), 1)


def test_a_binarised_picture_is_on_as_often_as_it_is_bright(rng):
    x = np.array([0.0, 0.25, 1.0], np.float32)[None, :, None, None].repeat(20_000, 0)
    drawn = binarised(x, rng.random(x.shape, x.dtype))
    assert drawn.dtype == np.float32
    assert set(np.unique(drawn)) == {0, 1}
    off, sometimes, on = drawn.mean(axis=0).ravel()
    assert (off, on) == (0, 1)
    assert sometimes == pytest.approx(0.25, abs=0.015)

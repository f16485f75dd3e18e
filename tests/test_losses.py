"""Losses and posterior: gradients, exact values, and the density that the KL assumes."""

import math

import numpy as np
import pytest

from tests.gradients import check_gradient
from vae_core.errors import ConfigError
from vae_core.losses import (
    Bernoulli,
    Coloured,
    Gaussian,
    SquaredError,
    gaussian_kl,
    likelihood_named,
)
from vae_core.posterior import DiagonalGaussian, Normal

LIKELIHOODS = [
    SquaredError(),
    Gaussian(),
    Gaussian(sigma=0.3),
    Coloured(),
    Coloured(0),
    Bernoulli(),
]


@pytest.mark.parametrize("likelihood", LIKELIHOODS, ids=repr)
def test_gradient_of_a_likelihood(likelihood, rng):
    logits, x = rng.standard_normal((3, 4, 4, 2)), rng.random((3, 4, 4, 2))
    _, grad = likelihood.nll(logits, x)
    check_gradient(lambda a: float(likelihood.nll(a, x)[0].sum()), logits, grad, rng)


@pytest.mark.parametrize("likelihood", LIKELIHOODS, ids=repr)
def test_a_likelihood_stays_in_float32_and_in_range(likelihood, rng):
    logits = 100 * rng.standard_normal((2, 3, 3, 1), np.float32)
    value, grad = likelihood.nll(logits, rng.random((2, 3, 3, 1), np.float32))
    assert value.dtype == grad.dtype == np.float32
    assert 0 <= likelihood.mean(logits).min() <= likelihood.mean(logits).max() <= 1


def test_half_of_everything_costs_what_algebra_says():
    """Logits of zero decode to 1/2; a black picture of D pixels is then wrong by 1/4 D."""
    logits = x = np.zeros((1, 4, 5, 1))
    assert SquaredError().nll(logits, x)[0] == pytest.approx(0.5 * 20 * 0.25)
    assert Bernoulli().nll(logits, x)[0] == pytest.approx(20 * math.log(2))
    sigma = 0.5
    expected = 20 * (0.5 * math.log(2 * math.pi * sigma**2) + 0.25 / (2 * sigma**2))
    assert Gaussian(sigma).nll(logits, x)[0] == pytest.approx(expected)


def test_the_optimal_sigma_is_a_minimum(rng):
    logits, x = rng.standard_normal((3, 4, 4, 1)), rng.random((3, 4, 4, 1))
    best = Gaussian().nll(logits, x)[0].sum()
    around = [Gaussian(sigma).nll(logits, x)[0].sum() for sigma in np.linspace(0.1, 1, 91)]
    assert best <= min(around)
    assert best == pytest.approx(min(around), rel=1e-3)


def test_without_colour_the_errors_cost_what_they_do_elsewhere(rng):
    """Power 0 is the optimal sigma-VAE with a linear output."""
    y, x = rng.random((2, 3, 4, 4, 1))
    logits = np.log(y / (1 - y))
    plain, coloured = Gaussian().nll(logits, x)[0], Coloured(0).nll(y, x)[0]
    np.testing.assert_allclose(coloured, plain)


def test_a_fine_error_costs_more_than_a_broad_one():
    x = np.zeros((2, 16, 16, 1))
    waves = np.cos(np.pi * (np.arange(16) + 0.5) * np.array([[1], [12]]) / 16)
    broad, fine = Coloured().nll(np.broadcast_to(waves[:, None, :, None], x.shape), x)[0]
    assert fine > broad


def test_an_unknown_likelihood_names_the_known_ones():
    with pytest.raises(ConfigError, match="squared_error"):
        likelihood_named("laplace")


def test_gradients_of_the_kl(rng):
    mean, logvar = rng.standard_normal((2, 3, 4))
    _, dmean, dlogvar = gaussian_kl(mean, logvar)
    check_gradient(lambda a: float(gaussian_kl(a, logvar)[0].sum()), mean, dmean, rng)
    check_gradient(lambda a: float(gaussian_kl(mean, a)[0].sum()), logvar, dlogvar, rng)


def test_the_prior_is_at_distance_zero():
    kl, _, _ = gaussian_kl(np.zeros((1, 5)), np.zeros((1, 5)))
    assert kl.item() == 0


def test_gradient_of_the_posterior(rng):
    q, beta = DiagonalGaussian(3), 0.7
    h, (eps, u) = rng.standard_normal((4, 6)), rng.standard_normal((2, 4, 3))

    def loss(h):
        z, kl, _ = q.forward({}, h, eps)
        return float((z * u).sum() + beta * kl.sum())

    _, _, cache = q.forward({}, h, eps)
    dh, _ = q.backward({}, cache, u, beta)
    check_gradient(loss, h, dh, rng)


def kl_by_sampling(normal, z):
    """Monte Carlo estimate of KL(q || p) from draws z (N, Z), and its standard error."""
    log_q = -0.5 * ((z - normal.mean) ** 2 / np.exp(normal.logvar) + normal.logvar).sum(axis=1)
    log_p = -0.5 * (z**2).sum(axis=1)
    ratio = log_q - log_p
    return ratio.mean(), ratio.std() / math.sqrt(len(z))


def test_samples_have_the_density_the_kl_assumes(rng):
    """No gradient check can see a std / variance mix-up: the backward pass agrees with it."""
    h, eps = np.array([[0.5, -1.0, -1.0, 0.7]]), rng.standard_normal((400_000, 2))
    q = DiagonalGaussian(2)
    z, kl, _ = q.forward({}, np.repeat(h, len(eps), axis=0), eps)
    estimate, error = kl_by_sampling(q.normal(h), z)
    assert error < 0.005
    assert abs(estimate - kl[0]) < 4 * error


def test_the_density_test_sees_a_std_taken_for_a_log_variance(rng):
    """The mistake of more than one hand-written VAE: z = mean + exp(logvar) * eps."""
    normal = Normal(np.array([[0.5, -1.0]]), np.array([[-1.0, 0.7]]))
    z = normal.mean + np.exp(normal.logvar) * rng.standard_normal((400_000, 2))
    estimate, error = kl_by_sampling(normal, z)
    kl, _, _ = gaussian_kl(*normal)
    assert abs(estimate - kl.item()) > 40 * error

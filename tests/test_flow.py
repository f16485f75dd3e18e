"""The inverse autoregressive flow: its order, its density, its gradients."""

import math

import numpy as np
import pytest

from tests.gradients import check_gradient
from vae_core.flow import AutoregressiveFlow, made
from vae_core.posterior import DiagonalGaussian


def parameters(flow, rng):
    """Parameters larger than the initial ones, so that the flow bends."""
    return {name: 3 * p + 0.3 for name, p in flow.init(rng).items()}


def jacobian(f, x, step=1e-6):
    """The matrix of all df_i/dx_j at x, (Z,), by central differences."""
    columns = [(f(x + step * e) - f(x - step * e)) / (2 * step) for e in np.eye(len(x))]
    return np.stack(columns, axis=1)


@pytest.mark.parametrize("latent", [1, 2, 5])
@pytest.mark.parametrize("width", [3, 8])
def test_a_latents_step_sees_those_before_it_and_all_of_the_context(latent, width, rng):
    network = made(latent, width)
    params = network.init(rng)
    y = jacobian(lambda x: network.forward(params, x[None])[0][0], rng.standard_normal(2 * latent))
    for outputs in (y[:latent], y[latent:]):
        seen = abs(outputs) > 1e-9
        assert not np.triu(seen[:, :latent]).any()
        if width >= latent:
            assert (seen[:, :latent] == np.tril(np.ones((latent, latent), bool), -1)).all()
            assert seen[:, latent:].all()


@pytest.mark.parametrize("widths", [(4,), (6, 3), (7, 7, 7)])
@pytest.mark.parametrize("latent", [1, 4])
def test_the_log_determinant_is_that_of_the_explicit_jacobian(latent, widths, rng):
    flow = AutoregressiveFlow(latent, widths)
    params, h = parameters(flow, rng), rng.standard_normal((1, flow.inputs))
    eps = rng.standard_normal(latent)
    z, log_ratio = flow.log_ratio(params, h, eps[None])
    log_det = 0.5 * float((z**2).sum() - (eps**2).sum()) - float(log_ratio[0])
    sign, explicit = np.linalg.slogdet(
        jacobian(lambda eps: flow.forward(params, h, eps[None])[0][0], eps)
    )
    assert sign == (-1) ** (len(widths) * (latent * (latent - 1) // 2))
    assert log_det == pytest.approx(explicit, abs=1e-7)


def test_gradients_in_the_encoders_output_and_in_every_parameter(rng):
    flow, beta = AutoregressiveFlow(3, (6, 5)), 0.7
    params, h = parameters(flow, rng), rng.standard_normal((4, flow.inputs))
    eps, u = rng.standard_normal((2, 4, 3))

    def loss(params, h):
        z, kl, _ = flow.forward(params, h, eps)
        return float((z * u).sum() + beta * kl.sum())

    _, _, cache = flow.forward(params, h, eps)
    dh, grads = flow.backward(params, cache, u, beta)
    assert grads.keys() == params.keys()
    check_gradient(lambda h: loss(params, h), h, dh, rng)
    for name, grad in grads.items():
        check_gradient(lambda p, name=name: loss(params | {name: p}, h), params[name], grad, rng)


def test_the_density_that_it_claims_integrates_to_one(rng):
    """E_q[p/q] = 1: no gradient check can see a wrong determinant that backward agrees with."""
    flow = AutoregressiveFlow(2, (6, 5))
    params, h = parameters(flow, rng), np.array([[0.3, -0.2, 0.4, 0.2, 0.5, -0.5]])
    eps = rng.standard_normal((200_000, 2))
    _, log_ratio = flow.log_ratio(params, np.repeat(h, len(eps), axis=0), eps)
    weights = np.exp(-log_ratio)
    error = weights.std() / math.sqrt(len(eps))
    assert error < 0.02
    assert abs(weights.mean() - 1) < 4 * error


def test_without_steps_it_is_the_gaussian(rng):
    """No configuration says so, but the algebra must."""
    h, eps = rng.standard_normal((5, 9)), rng.standard_normal((5, 3))
    bent, straight = AutoregressiveFlow(3, ()), DiagonalGaussian(3)
    for ours, theirs in zip(
        bent.log_ratio({}, h, eps), straight.log_ratio({}, h[:, :6], eps), strict=True
    ):
        np.testing.assert_allclose(ours, theirs)


def test_the_gaussians_log_ratio_averages_to_its_kl(rng):
    q, h = DiagonalGaussian(2), np.array([[0.5, -1.0, -1.0, 0.7]])
    eps = rng.standard_normal((200_000, 2))
    _, log_ratio = q.log_ratio({}, np.repeat(h, len(eps), axis=0), eps)
    _, kl, _ = q.forward({}, h, eps[:1])
    assert abs(log_ratio.mean() - kl[0]) < 4 * log_ratio.std() / math.sqrt(len(eps))

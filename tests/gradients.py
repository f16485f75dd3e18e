"""The gradient check: central differences along a random direction, in float64."""

from collections.abc import Callable

import numpy as np

from vae_core.layers import Layer
from vae_core.types import Array, Rng

STEP = 1e-5
RTOL = 1e-6


def check_gradient(f: Callable[[Array], float], x: Array, grad: Array, rng: Rng) -> None:
    """Assert that ``grad`` is df/dx, for a scalar f evaluated in float64."""
    assert grad.shape == x.shape, f"gradient {grad.shape} for an argument {x.shape}"
    v = rng.standard_normal(x.shape)
    numeric = (f(x + STEP * v) - f(x - STEP * v)) / (2 * STEP)
    np.testing.assert_allclose((grad * v).sum(), numeric, rtol=RTOL, atol=1e-8)


def check_layer(layer: Layer, x: Array, rng: Rng) -> None:
    """Gradient-check a layer with respect to its input and each of its parameters."""
    params = {name: p + 0.1 * rng.standard_normal(p.shape) for name, p in layer.init(rng).items()}
    y, cache = layer.forward(params, x)
    u = rng.standard_normal(y.shape)
    dx, grads = layer.backward(params, cache, u)

    def loss(params, x):
        return float((layer.forward(params, x)[0] * u).sum())

    assert grads.keys() == params.keys()
    check_gradient(lambda x: loss(params, x), x, dx, rng)
    for name, grad in grads.items():
        check_gradient(lambda p, name=name: loss(params | {name: p}, x), params[name], grad, rng)

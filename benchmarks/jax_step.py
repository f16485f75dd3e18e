"""The step of the model `classic` in JAX, compiled, as its users would write it."""

from collections.abc import Callable
from importlib import import_module
from itertools import pairwise
from typing import Any

SIZES = {"encoder": (2500, 1000, 100), "decoder": (50, 1000, 2500)}


def jitted(batch: int) -> Callable[[], None]:
    """2500-1000-50-1000-2500 with tanh, half the square error + 0 * KL, Adam."""
    jax: Any = import_module("jax")
    jnp, random = jax.numpy, jax.random

    def mlp(layers: Any, x: Any) -> Any:
        (first, first_bias), (last, last_bias) = layers
        return jnp.tanh(x @ first + first_bias) @ last + last_bias

    def loss_of(params: Any, x: Any, eps: Any) -> Any:
        mean, logvar = jnp.split(mlp(params["encoder"], x), 2, axis=1)
        y = jax.nn.sigmoid(mlp(params["decoder"], mean + jnp.exp(0.5 * logvar) * eps))
        nll = 0.5 * jnp.square(y - x).sum(axis=1)
        kl = 0.5 * (jnp.square(mean) + jnp.exp(logvar) - 1 - logvar).sum(axis=1)
        return (nll + 0.0 * kl).mean()

    def step(state: Any, x: Any) -> Any:
        params, m, v, t, key = state
        key, used = random.split(key)
        eps = random.normal(used, (len(x), SIZES["decoder"][0]))
        loss, grads = jax.value_and_grad(loss_of)(params, x, eps)
        t = t + 1
        each = jax.tree_util.tree_map
        m = each(lambda m, g: 0.9 * m + 0.1 * g, m, grads)
        v = each(lambda v, g: 0.999 * v + 0.001 * g * g, v, grads)
        rate = 1e-3 * jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        params = each(lambda p, m, v: p - rate * m / (jnp.sqrt(v) + 1e-8), params, m, v)
        return (params, m, v, t, key), loss

    def drawn(key: Any, sizes: tuple[int, ...]) -> Any:
        pairs = pairwise(sizes)
        return [(0.02 * random.normal(key, pair), jnp.zeros(pair[1])) for pair in pairs]

    key = random.key(0)
    params = {name: drawn(key, sizes) for name, sizes in SIZES.items()}
    m, v = (jax.tree_util.tree_map(jnp.zeros_like, params) for _ in range(2))
    state = [(params, m, v, jnp.zeros(()), key)]
    x = random.uniform(key, (batch, SIZES["encoder"][0]))
    compiled = jax.jit(step, donate_argnums=0)

    def call() -> None:
        state[0], loss = compiled(state[0], x)
        float(loss)

    return call

"""The importance-weighted bound on log p(x) (arXiv:1509.00519): the tighter, the more draws."""

import math

import numpy as np

from vae_core.model import VAE
from vae_core.types import Array, Params, Rng, scope

AT_ONCE = 5000
"""Draws that are decoded together."""


def importance_bound(vae: VAE, params: Params, x: Array, rng: Rng, draws: int = 500) -> Array:
    """Return log 1/k sum p(x, z_i) / q(z_i|x), (N,) in nats, for k draws from q.

    arXiv:1509.00519, eq. 8.  x: (N, H, W, C) in [0, 1]; a Bernoulli model wants it drawn to 0 or
    1 (:func:`binarised`). One draw makes it the ELBO; its mean rises with k towards log p(x).
    """
    h, _ = vae.encoder.forward(scope(params, "encoder"), x)
    total = np.full(len(x), -np.inf)
    share = max(1, AT_ONCE // len(x))
    for done in range(0, draws, share):
        k = min(share, draws - done)
        weights = log_weights(vae, params, np.repeat(x, k, axis=0), np.repeat(h, k, axis=0), rng)
        for column in weights.reshape(len(x), k).T:
            total = np.logaddexp(total, column)
    bound: Array = total - math.log(draws)
    return bound


def log_weights(vae: VAE, params: Params, x: Array, h: Array, rng: Rng) -> Array:
    """Return log p(x, z) / q(z|x) for one draw of each example, (N,) float64.

    h: (N, inputs), what the encoder says of x.
    """
    eps = rng.standard_normal((len(x), vae.config.latent)).astype(x.dtype)
    z, log_ratio = vae.posterior.log_ratio(scope(params, "posterior"), h, eps)
    logits, _ = vae.decoder.forward(scope(params, "decoder"), z)
    nll, _ = vae.likelihood.nll(logits, x)
    return -nll.astype(np.float64) - log_ratio


def binarised(x: Array, rng: Rng) -> Array:
    """Draw every pixel on or off, on with its brightness as probability: (N, H, W, C) -> the same.

    Dynamic binarisation, when it is done anew for each step (arXiv:1509.00519, section 5).
    """
    return (rng.random(x.shape, x.dtype) < x).astype(x.dtype)

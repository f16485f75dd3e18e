"""The importance-weighted bound on log p(x) (arXiv:1509.00519): the tighter, the more draws.

It measures a model, and it can be what a model is trained for.
"""

import math

import numpy as np

from vae_core.backend import array_module
from vae_core.layers import output, param_grads
from vae_core.model import VAE, Losses
from vae_core.products import Grads
from vae_core.types import Array, Params, Rng, joined, scope

AT_ONCE = 5000
"""Draws that are decoded together."""


def importance_bound(vae: VAE, params: Params, x: Array, rng: Rng, draws: int = 500) -> Array:
    """Return log 1/k sum p(x, z_i) / q(z_i|x), (N,) in nats, for k draws from q.

    arXiv:1509.00519, eq. 8.  x: (N, H, W, C) in [0, 1]; a Bernoulli model wants it drawn to 0 or
    1 (:func:`binarised`). One draw makes it the ELBO; its mean rises with k towards log p(x).
    """
    h = output(vae.encoder, scope(params, "encoder"), x)
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
    logits = output(vae.decoder, scope(params, "decoder"), z)
    nll, _ = vae.likelihood.nll(logits, x)
    return -nll.astype(np.float64) - log_ratio


def bound_and_grads(
    vae: VAE, params: Params, x: Array, eps: Array, beta: float = 1.0
) -> tuple[Losses, Grads]:
    """Negative importance-weighted bound with k draws, and its gradient; averaged over the batch.

    x: (N, H, W, C) in [0, 1].  eps: (N, k, Z), the N(0, 1) draws.  beta: multiplies
    log q(z|x) / p(z), as it does the KL in :meth:`VAE.loss_and_grads`.

    A draw counts by its share of the sum in the bound (arXiv:1509.00519, eq. 13). Reconstruction
    and KL are plain means over the draws, so they sum to the negative ELBO, which is above the
    total.
    """
    encoder, decoder = scope(params, "encoder"), scope(params, "decoder")
    own, posterior = scope(params, "posterior"), vae.posterior.sampled
    xp = array_module(x)
    n, k, latent = eps.shape

    h, encoder_cache = vae.encoder.forward(encoder, x)
    z, log_ratio, posterior_cache = posterior.forward(
        own, xp.repeat(h, k, axis=0), eps.reshape(n * k, latent)
    )
    logits, decoder_cache = vae.decoder.forward(decoder, z)
    nll, dlogits = vae.likelihood.nll(logits, xp.repeat(x, k, axis=0))

    bound, shares = log_mean_exp((-nll - beta * log_ratio).reshape(n, k))
    weight = shares.reshape(n * k, 1) / n
    dlogits *= weight[:, :, None, None]
    dz, decoder_grads = vae.decoder.backward(decoder, decoder_cache, dlogits)
    dh, posterior_grads = posterior.backward(own, posterior_cache, dz, beta * weight)
    dh = dh.reshape(n, k, -1).sum(axis=1)
    encoder_grads = param_grads(vae.encoder, encoder, encoder_cache, dh)

    grads = joined(encoder=encoder_grads, posterior=posterior_grads, decoder=decoder_grads)
    return Losses(-float(bound.mean()), float(nll.mean()), float(log_ratio.mean())), grads


def log_mean_exp(values: Array) -> tuple[Array, Array]:
    """Return log 1/k sum exp(values), (N,), and its gradient in them: (N, k)."""
    xp = array_module(values)
    top = values.max(axis=1, keepdims=True)
    weights = xp.exp(values - top)
    total = weights.sum(axis=1, keepdims=True)
    mean: Array = (top + xp.log(total / values.shape[1]))[:, 0]
    return mean, weights / total


def binarised(x: Array, drawn: Array) -> Array:
    """Turn every pixel on or off, on with its brightness as probability: (N, H, W, C) -> the same.

    drawn: as many numbers from U(0, 1).  Dynamic binarisation, when they are drawn anew for each
    step (arXiv:1509.00519, section 5).
    """
    return (drawn < x).astype(x.dtype)

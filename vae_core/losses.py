"""What a reconstruction costs. Each term returns its value and its gradient together.

Every value is per example and summed over the pixels, so that it stands beside the KL divergence,
which is summed over the latents, without a hidden factor: beta = 1 is the negative ELBO.
"""

import math
from dataclasses import dataclass
from typing import Protocol

from vae_core.backend import array_module, fused
from vae_core.errors import ConfigError
from vae_core.layers.activations import sigmoid
from vae_core.layers.resize import emphasise
from vae_core.types import Array

LOG_2PI = math.log(2 * math.pi)


class Likelihood(Protocol):
    """p(x|z), given what the decoder puts out."""

    def mean(self, logits: Array) -> Array:
        """Return the picture to show: (N, H, W, C) in [0, 1], E[x|z]."""
        ...

    def nll(self, logits: Array, x: Array) -> tuple[Array, Array]:
        """Return -log p(x|z), (N,) in nats, and the gradient of its sum in the logits."""
        ...


def sum_over_pixels(values: Array) -> Array:
    """(N, H, W, C) -> (N,)."""
    total: Array = values.reshape(len(values), -1).sum(axis=1)
    return total


def square_sum(values: Array) -> Array:
    """(N, H, W, C) -> (N,): the squares' sum over the pixels."""
    rows = values.reshape(len(values), -1)
    total: Array = array_module(rows).einsum("ni,ni->n", rows, rows)
    return total


@dataclass(frozen=True)
class SquaredError:
    """sum (y - x)^2 / 2 with y = sigmoid(logits): a unit-variance Gaussian without its constant.

    The article's loss is the mean square error; this is that times D/2, D pixels.
    """

    def mean(self, logits: Array) -> Array:
        """Return y = sigmoid(logits)."""
        return sigmoid(logits)

    def nll(self, logits: Array, x: Array) -> tuple[Array, Array]:
        """Return the half square error (N,), and (y - x) y (1 - y)."""
        error, slope = sigmoid_error(logits, x)
        return 0.5 * square_sum(error), slope


@fused
def sigmoid_error(logits: Array, x: Array) -> tuple[Array, Array]:
    """Return y - x with y = sigmoid(logits), and (y - x) y (1 - y)."""
    y = sigmoid(logits)
    error = y - x
    slope = error * y
    array_module(y).subtract(1, y, out=y)
    slope *= y
    return error, slope


@dataclass(frozen=True)
class Gaussian:
    """N(sigmoid(logits), sigma^2) at every pixel; arXiv:1312.6114, appendix C.2.

    ``sigma=None`` takes the best sigma for each batch, sigma^2 = mean (y - x)^2 (the optimal
    sigma-VAE, arXiv:2006.13202, eq. 9), which balances reconstruction against the KL by itself.
    The gradient through that sigma vanishes, because it is a minimum.
    """

    sigma: float | None = None

    def mean(self, logits: Array) -> Array:
        """Return y = sigmoid(logits)."""
        return sigmoid(logits)

    def nll(self, logits: Array, x: Array) -> tuple[Array, Array]:
        """Return D log(2 pi sigma^2) / 2 + sum (y - x)^2 / (2 sigma^2), and its gradient."""
        y = sigmoid(logits)
        error = y - x
        squares = error * error
        variance = max(float(squares.mean()), 1e-8) if self.sigma is None else self.sigma**2
        pixels = math.prod(x.shape[1:])
        constant = 0.5 * pixels * (LOG_2PI + math.log(variance))
        value = sum_over_pixels(squares) / (2 * variance) + constant
        return value, error * y * (1 - y) / variance


@dataclass(frozen=True)
class Coloured:
    """A Gaussian around the decoder's output whose errors are larger at low frequencies.

    Their standard deviation at spatial frequency f is sigma f^-power: faces have most of their
    energy, and of what an equal error everywhere would spend the latents on, in broad shading,
    but are recognised by finer features. sigma is the best one for each batch, as in
    :class:`Gaussian`; power 0 is that Gaussian with a linear output.
    """

    power: float = 0.15

    def mean(self, logits: Array) -> Array:
        """Return the output, cut to [0, 1]."""
        y: Array = array_module(logits).clip(logits, 0, 1)
        return y

    def emphasised_error(self, logits: Array, x: Array) -> Array:
        """Return F F (y - x), (N, H, W, C): the gradient of |F (y - x)|^2 / 2."""
        return emphasise(logits - x, 2 * self.power)

    def nll(self, logits: Array, x: Array) -> tuple[Array, Array]:
        """Return D log(2 pi sigma^2) / 2 + |F (y - x)|^2 / (2 sigma^2), and F F (y - x) / sigma^2.

        F multiplies frequency f by f^power and has determinant 1.
        """
        emphasised = self.emphasised_error(logits, x)
        squares = sum_over_pixels((logits - x) * emphasised)
        pixels = math.prod(x.shape[1:])
        variance = max(float(squares.mean()) / pixels, 1e-8)
        constant = 0.5 * pixels * (LOG_2PI + math.log(variance))
        return squares / (2 * variance) + constant, emphasised / variance


@dataclass(frozen=True)
class Bernoulli:
    """Each pixel is on with probability sigmoid(logits); arXiv:1312.6114, appendix C.1."""

    def mean(self, logits: Array) -> Array:
        """Return y = sigmoid(logits)."""
        return sigmoid(logits)

    def nll(self, logits: Array, x: Array) -> tuple[Array, Array]:
        """Return sum softplus(logits) - x logits, and sigmoid(logits) - x.

        Both are made of exp(-|logits|), which is taken once.
        """
        xp = array_module(logits)
        small = xp.exp(-abs(logits))
        one_more = 1 + small
        value = sum_over_pixels(xp.maximum(logits, 0) - x * logits + xp.log(one_more))
        grad = xp.where(logits > 0, 1, small)
        grad /= one_more
        grad -= x
        return value, grad


LIKELIHOODS: dict[str, Likelihood] = {
    "squared_error": SquaredError(),
    "gaussian": Gaussian(),
    "coloured": Coloured(),
    "bernoulli": Bernoulli(),
}


def likelihood_named(name: str) -> Likelihood:
    """Return the likelihood called ``name``; ConfigError lists the names there are."""
    if name not in LIKELIHOODS:
        raise ConfigError(f"No likelihood is called {name!r}; there are {', '.join(LIKELIHOODS)}.")
    return LIKELIHOODS[name]


def gaussian_kl(mean: Array, logvar: Array) -> tuple[Array, Array, Array]:
    """KL(N(mean, exp(logvar)) || N(0, 1)), (N,) in nats, and its gradients in both arguments.

    -1/2 sum(1 + logvar - mean^2 - exp(logvar)): arXiv:1312.6114, appendix B.
    """
    terms, dlogvar = gaussian_kl_terms(mean, logvar)
    return terms.sum(axis=1), mean, dlogvar


@fused
def gaussian_kl_terms(mean: Array, logvar: Array) -> tuple[Array, Array]:
    """Return each latent's share of that divergence, (N, Z) in nats, and its slope in logvar."""
    surplus = array_module(logvar).exp(logvar) - 1
    return 0.5 * (mean * mean + surplus - logvar), 0.5 * surplus

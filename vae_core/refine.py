"""A latent improved for one picture, by a few steps down the gradient through the decoder.

The encoder answers for all pictures at once; what it misses for this one, a few steps of its own
make good (semi-amortized inference, arXiv:1802.02550). The posterior's variance says how far a
latent may move before the picture notices, so a step is as long: a natural gradient step
(Amari, Neural Computation 10(2), 1998) for a Gaussian of that variance. It differs from latent to
latent far more than from picture to picture, so that one length does for all pictures.
"""

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from vae_core.backend import array_module
from vae_core.errors import ConfigError
from vae_core.layers import input_grad, output
from vae_core.losses import Coloured, sum_over_pixels
from vae_core.model import VAE
from vae_core.posterior import DiagonalGaussian
from vae_core.types import Array, Params, Rng, scope

RATE = 0.25
"""Of a natural gradient's step; longer ones overshoot where the decoder bends."""

MOST_STEPS = 8
"""More would make a stranger wait, and a file from a stranger says how many."""


@dataclass(frozen=True)
class Refinement:
    """How to refine: by so many steps.

    lengths: (Z,), of a step along each latent.  variance: of the decoder's emphasised errors,
    sigma^2, as training left it. ConfigError for what is no number of steps, or no length.
    """

    steps: int
    lengths: tuple[float, ...]
    variance: float

    def __post_init__(self) -> None:
        if not isinstance(self.steps, int) or not 0 <= self.steps <= MOST_STEPS:
            raise ConfigError(f"A latent is refined by 0 to {MOST_STEPS} steps, not {self.steps}.")
        if not all(0 < number < math.inf for number in (self.variance, *self.lengths)):
            raise ConfigError(f"Steps have lengths and a variance above 0: {self}")

    def to_json(self) -> dict[str, Any]:
        """Return a plain object for a checkpoint."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Refinement":
        """Undo :meth:`to_json`. Raises ConfigError, TypeError or KeyError."""
        lengths = tuple(map(float, values["lengths"]))
        return cls(values["steps"], lengths, float(values["variance"]))


def refine(vae: VAE, params: Params, x: Array, how: Refinement) -> tuple[Array, Array]:
    """(N, H, W, C) in [0, 1] -> latents (N, Z), and what the decoder puts out for them.

    The encoder's means, brought nearer to the mode of p(z|x): descends
    |F (y - x)|^2 / (2 sigma^2) + |z|^2 / 2, and returns of the latents on the way the one where it
    is lowest, and its y: a step too far does no harm. Raises ConfigError for a VAE whose likelihood
    is not :class:`Coloured` or that has not as many latents as there are lengths.
    """
    likelihood, decoder = vae.likelihood, scope(params, "decoder")
    if not isinstance(likelihood, Coloured) or len(how.lengths) != vae.config.latent:
        raise ConfigError("Only a model with coloured errors and these latents is refined.")
    xp = array_module(x)
    z = best = vae.encode(params, x)
    lengths, lowest = xp.asarray(how.lengths, z.dtype), xp.full(len(x), math.inf)
    y, cache = vae.decoder.forward(decoder, z)
    shown = y
    for step in range(how.steps + 1):
        pull = likelihood.emphasised_error(y, x) / how.variance
        objective = (sum_over_pixels((y - x) * pull) + (z * z).sum(axis=1)) / 2
        better = objective < lowest
        best = xp.where(better[:, None], z, best)
        shown = xp.where(better[:, None, None, None], y, shown)
        lowest = xp.minimum(objective, lowest)
        if step < how.steps:
            z = z - lengths * (input_grad(vae.decoder, decoder, cache, pull) + z)
            y, cache = vae.decoder.forward(decoder, z)
    return best, shown


def step_lengths(vae: VAE, params: Params, x: Array) -> tuple[float, ...]:
    """Return the lengths of a step: of the posterior's variance at x, (N, H, W, C), the RATE.

    Of each latent the pictures' geometric mean. Raises ConfigError for a model whose posterior is
    not a diagonal Gaussian.
    """
    if not isinstance(vae.posterior, DiagonalGaussian):
        raise ConfigError("Only a Gaussian posterior says how long a step of each latent is.")
    h = output(vae.encoder, scope(params, "encoder"), x)
    logvar = vae.posterior.normal(h).logvar.mean(axis=0)
    return tuple((RATE * array_module(x).exp(logvar)).tolist())


def error_variance(vae: VAE, params: Params, x: Array, rng: Rng) -> float:
    """Return the variance of the emphasised errors, decoded from latents drawn from q(z|x).

    x: (N, H, W, C). It is the sigma^2 to which training fits the posterior's variance. Raises
    ConfigError for a model without coloured errors.
    """
    if not isinstance(vae.likelihood, Coloured):
        raise ConfigError("Only a model with coloured errors has emphasised ones.")
    z, _ = vae.draw(params, x, rng.standard_normal((len(x), vae.config.latent), np.float32))
    y = output(vae.decoder, scope(params, "decoder"), z)
    return float(((y - x) * vae.likelihood.emphasised_error(y, x)).mean())

"""A latent improved for one picture, by a few steps down the gradient through the decoder.

The encoder answers for all pictures at once; what it misses for this one, a few steps of its own
make good (semi-amortized inference, arXiv:1802.02550). The posterior's variance says how far a
latent may move before the picture notices, so it is each step's length: a natural gradient step
(Amari, Neural Computation 10(2), 1998) for a Gaussian of that variance.
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
    """How to refine: so many steps of ``rate`` times a natural gradient's length.

    variance: of the decoder's emphasised errors, sigma^2, as training left it. ConfigError for
    what is no number of steps, or no length.
    """

    steps: int
    rate: float
    variance: float

    def __post_init__(self) -> None:
        if not isinstance(self.steps, int) or not 0 <= self.steps <= MOST_STEPS:
            raise ConfigError(f"A latent is refined by 0 to {MOST_STEPS} steps, not {self.steps}.")
        if not (0 < self.rate <= 1 and 0 < self.variance < math.inf):
            raise ConfigError(f"Steps have a rate up to 1 and a variance, above 0: {self}")

    def to_json(self) -> dict[str, Any]:
        """Return a plain object for a checkpoint."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Refinement":
        """Undo :meth:`to_json`. Raises ConfigError, TypeError or KeyError."""
        return cls(values["steps"], float(values["rate"]), float(values["variance"]))


def refine(vae: VAE, params: Params, x: Array, how: Refinement) -> tuple[Array, Array]:
    """(N, H, W, C) in [0, 1] -> latents (N, Z), and what the decoder puts out for them.

    The encoder's means, brought nearer to the mode of p(z|x): descends
    |F (y - x)|^2 / (2 sigma^2) + |z|^2 / 2, and returns of the latents on the way the one where it
    is lowest, and its y: a step too far does no harm. Raises ConfigError for a VAE whose likelihood
    is not :class:`Coloured` or whose posterior is not a diagonal Gaussian.
    """
    likelihood, posterior, decoder = vae.likelihood, vae.posterior, scope(params, "decoder")
    if not isinstance(likelihood, Coloured) or not isinstance(posterior, DiagonalGaussian):
        raise ConfigError("Only latents of a Gaussian model with coloured errors are refined.")
    h = output(vae.encoder, scope(params, "encoder"), x)
    xp = array_module(x)
    z, logvar = posterior.normal(h)
    lengths, best, lowest = how.rate * xp.exp(logvar), z, xp.full(len(x), math.inf)
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

"""A latent improved for one picture, by a few steps down the gradient through the decoder.

The encoder answers for all pictures at once; what it misses for this one, a few steps of its own
make good (semi-amortized inference, arXiv:1802.02550). The posterior's variance says how far a
latent may move before the picture notices, so it is each step's length: a natural gradient step
(Amari, Neural Computation 10(2), 1998) for a Gaussian of that variance.
"""

from dataclasses import asdict, dataclass
from typing import Any

from vae_core.backend import array_module
from vae_core.errors import ConfigError
from vae_core.layers import input_grad
from vae_core.losses import Coloured
from vae_core.model import VAE
from vae_core.posterior import DiagonalGaussian
from vae_core.types import Array, Params, scope


@dataclass(frozen=True)
class Refinement:
    """How to refine: so many steps of ``rate`` times a natural gradient's length.

    variance: of the decoder's errors, sigma^2, as training left it.
    """

    steps: int
    rate: float
    variance: float

    def to_json(self) -> dict[str, Any]:
        """Return a plain object for a checkpoint."""
        return asdict(self)


def refine(vae: VAE, params: Params, x: Array, how: Refinement) -> Array:
    """(N, H, W, C) in [0, 1] -> (N, Z): the encoder's mean, brought nearer to the mode of p(z|x).

    Descends |F (y - x)|^2 / (2 sigma^2) + |z|^2 / 2. Raises ConfigError for a VAE whose likelihood
    is not :class:`Coloured` or whose posterior is not a diagonal Gaussian.
    """
    likelihood, posterior, decoder = vae.likelihood, vae.posterior, scope(params, "decoder")
    if not isinstance(likelihood, Coloured) or not isinstance(posterior, DiagonalGaussian):
        raise ConfigError("Only latents of a Gaussian model with coloured errors are refined.")
    h, _ = vae.encoder.forward(scope(params, "encoder"), x)
    z, logvar = posterior.normal(h)
    lengths = how.rate * array_module(x).exp(logvar)
    for _ in range(how.steps):
        y, cache = vae.decoder.forward(decoder, z)
        pull = likelihood.emphasised_error(y, x) / how.variance
        z = z - lengths * (input_grad(vae.decoder, decoder, cache, pull) + z)
    return z

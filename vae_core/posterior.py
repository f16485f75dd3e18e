"""What q(z|x) is. A posterior is what turns the encoder's output into a latent and its KL."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from vae_core.backend import array_module, fused
from vae_core.losses import gaussian_kl
from vae_core.products import Grads
from vae_core.types import Array, Cache, Params, Rng


class Posterior(Protocol):
    """A family of distributions over z, with parameters of its own if it needs them."""

    @property
    def inputs(self) -> int:
        """How many numbers per example the encoder must give."""
        ...

    def init(self, rng: Rng) -> Params:
        """Draw the family's own parameters."""
        ...

    def mean(self, params: Params, h: Array) -> Array:
        """(N, inputs) -> (N, Z): the latent that stands for the picture, without noise."""
        ...

    def forward(self, params: Params, h: Array, eps: Array) -> tuple[Array, Array, Cache]:
        """Return a draw z (N, Z), KL(q || p) in nats (N,), and the cache.

        Where the KL has no closed form, it is an estimate from this one draw.
        """
        ...

    def log_ratio(self, params: Params, h: Array, eps: Array) -> tuple[Array, Array]:
        """Return a draw z (N, Z), and log q(z|x) - log p(z) at it in nats, (N,)."""
        ...

    @property
    def sampled(self) -> "Posterior":
        """The same family, its KL estimated from the draw although it has a closed form."""
        ...

    def backward(
        self, params: Params, cache: Cache, dz: Array, dkl: float | Array
    ) -> tuple[Array, Grads]:
        """Return dL/dh and dL/dparams, given dL/dz and the weight of each example's KL in L.

        dkl: one for all, or (N, 1).
        """
        ...


class Normal(NamedTuple):
    """N(mean, exp(logvar)), both (N, Z)."""

    mean: Array
    logvar: Array

    def sample(self, eps: Array) -> Array:
        """Return z of :func:`draw`."""
        return draw(*self, eps)[0]


@dataclass(frozen=True)
class DiagonalGaussian:
    """q(z|x) = N(mean, diag exp(logvar)); the encoder gives mean and logvar side by side."""

    latent: int

    @property
    def inputs(self) -> int:
        """Mean and logvar: 2 Z."""
        return 2 * self.latent

    def init(self, rng: Rng) -> Params:
        """No parameters."""
        return {}

    def normal(self, h: Array) -> Normal:
        """Read (N, 2 Z) as mean and logvar."""
        return Normal(h[:, : self.latent], h[:, self.latent :])

    def mean(self, params: Params, h: Array) -> Array:
        """(N, 2 Z) -> (N, Z)."""
        return self.normal(h).mean

    def forward(self, params: Params, h: Array, eps: Array) -> tuple[Array, Array, Cache]:
        """Z = mean + std * eps, and the closed-form KL."""
        q = self.normal(h)
        kl, dmean_kl, dlogvar_kl = gaussian_kl(*q)
        z, noise = draw(*q, eps)
        return z, kl, (noise, dmean_kl, dlogvar_kl)

    def log_ratio(self, params: Params, h: Array, eps: Array) -> tuple[Array, Array]:
        """Return a draw and (z^2 - eps^2 - logvar) / 2, summed over the latents."""
        z, log_ratio, _ = self.sampled.forward(params, h, eps)
        return z, log_ratio

    @property
    def sampled(self) -> "SampledGaussian":
        """The same, its KL estimated from the draw."""
        return SampledGaussian(self.latent)

    def backward(
        self, params: Params, cache: Cache, dz: Array, dkl: float | Array
    ) -> tuple[Array, Params]:
        """Return dmean = dz + dkl mean, dlogvar = dz std eps / 2 + dkl (exp(logvar) - 1) / 2."""
        both = slopes(dz, dkl, *cache)
        return array_module(dz).concatenate(both, axis=1), {}


@fused
def draw(mean: Array, logvar: Array, eps: Array) -> tuple[Array, Array]:
    """Return z = mean + std * eps, and std * eps: (N, Z) each, for eps ~ N(0, 1).

    The reparameterization of arXiv:1312.6114, 2.4.
    """
    noise = array_module(logvar).exp(0.5 * logvar) * eps
    return mean + noise, noise


@fused
def slopes(
    dz: Array, dkl: float | Array, noise: Array, dmean_kl: Array, dlogvar_kl: Array
) -> tuple[Array, Array]:
    """Return dmean = dz + dkl mean, dlogvar = dz std eps / 2 + dkl (exp(logvar) - 1) / 2."""
    return dz + dkl * dmean_kl, dz * 0.5 * noise + dkl * dlogvar_kl


@dataclass(frozen=True)
class SampledGaussian(DiagonalGaussian):
    """A diagonal Gaussian whose KL is log q(z|x) - log p(z) at the draw.

    Weighted draws want it so: each counts by the density that q has there (:mod:`vae_core.bounds`).
    """

    def forward(self, params: Params, h: Array, eps: Array) -> tuple[Array, Array, Cache]:
        """Z = mean + std * eps, and (z^2 - eps^2 - logvar) / 2, summed over the latents."""
        q = self.normal(h)
        z, noise = draw(*q, eps)
        return z, 0.5 * (z * z - eps * eps - q.logvar).sum(axis=1), (noise, z)

    def backward(
        self, params: Params, cache: Cache, dz: Array, dkl: float | Array
    ) -> tuple[Array, Params]:
        """Return dmean = dz + dkl z, dlogvar = (dmean std eps - dkl) / 2."""
        noise, z = cache
        dmean = dz + dkl * z
        return array_module(dz).concatenate([dmean, 0.5 * (dmean * noise - dkl)], axis=1), {}

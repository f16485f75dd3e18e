"""The inverse autoregressive flow: a posterior that bends (arXiv:1606.04934)."""

from dataclasses import dataclass
from functools import cached_property

from vae_core.backend import array_module
from vae_core.layers import Chain, MaskedLinear, Tanh, sigmoid, softplus
from vae_core.posterior import DiagonalGaussian, draw
from vae_core.products import Gradient, Grads
from vae_core.types import Array, Cache, Params, Rng, scope, unscope

OPEN = 1.5
"""Added to every gate's logit, so that a step changes little at first; arXiv:1606.04934, 4."""


@dataclass(frozen=True)
class AutoregressiveFlow:
    """A diagonal Gaussian's draw, moved by steps that each keep an order among the latents.

    A step is z <- g z + (1 - g) m with g = sigmoid(s): m and s of a latent depend on those before
    it and on a context from the encoder (arXiv:1606.04934, algorithm 1). The Jacobian is
    triangular, and its log-determinant the sum of log g. The order turns round after each step.

    widths: of every step's hidden layer.
    """

    latent: int
    widths: tuple[int, ...]

    @property
    def inputs(self) -> int:
        """Mean, logvar and context, side by side: 3 Z."""
        return 3 * self.latent

    @cached_property
    def networks(self) -> dict[str, Chain]:
        """Every step's network, (N, 2 Z) latents beside context -> (N, 2 Z) m beside s."""
        return {f"step{t}": made(self.latent, width) for t, width in enumerate(self.widths)}

    def init(self, rng: Rng) -> Params:
        """Draw the steps' parameters."""
        params: Params = {}
        for name, network in self.networks.items():
            params |= unscope(network.init(rng), name)
        return params

    def mean(self, params: Params, h: Array) -> Array:
        """(N, 3 Z) -> (N, Z): the Gaussian's mean, moved by the steps."""
        z, _, _ = self.forward(params, h, array_module(h).zeros_like(h[:, : self.latent]))
        return z

    def forward(self, params: Params, h: Array, eps: Array) -> tuple[Array, Array, Cache]:
        """Return a draw, log q(z|x) - log p(z) there, whose mean is the KL, and the cache.

        This flow's KL has no closed form; that of one draw may be negative.
        """
        gauss, context = h[:, : 2 * self.latent], h[:, 2 * self.latent :]
        q = DiagonalGaussian(self.latent).normal(gauss)
        z, noise = draw(*q, eps)
        log_det, caches = 0.5 * q.logvar.sum(axis=1), []
        for name, network in self.networks.items():
            z = z[:, ::-1]
            pair = array_module(z).concatenate([z, context], axis=1)
            y, cache = network.forward(scope(params, name), pair)
            m, s = y[:, : self.latent], y[:, self.latent :] + OPEN
            gate = sigmoid(s)
            caches.append((cache, z, m, gate))
            z = gate * z + (1 - gate) * m
            log_det = log_det - softplus(-s).sum(axis=1)
        log_ratio = 0.5 * (z * z - eps * eps).sum(axis=1) - log_det
        return z, log_ratio, (noise, z, caches)

    def log_ratio(self, params: Params, h: Array, eps: Array) -> tuple[Array, Array]:
        """Return a draw and log q(z|x) - log p(z): (N, Z), (N,)."""
        z, log_ratio, _ = self.forward(params, h, eps)
        return z, log_ratio

    @property
    def sampled(self) -> "AutoregressiveFlow":
        """Itself: its KL is never known but at a draw."""
        return self

    def backward(
        self, params: Params, cache: Cache, dz: Array, dkl: float | Array
    ) -> tuple[Array, Grads]:
        """Read :meth:`forward` upwards."""
        noise, z_last, caches = cache
        xp = array_module(dz)
        dz = dz + dkl * z_last
        dcontext = xp.zeros_like(dz)
        grads: dict[str, Gradient] = {}
        for name, (network_cache, z, m, gate) in reversed(
            list(zip(self.networks, caches, strict=True))
        ):
            dm = dz * (1 - gate)
            ds = (dz * (z - m) * gate - dkl) * (1 - gate)
            dpair, step_grads = self.networks[name].backward(
                scope(params, name), network_cache, xp.concatenate([dm, ds], axis=1)
            )
            dcontext = dcontext + dpair[:, self.latent :]
            dz = (dz * gate + dpair[:, : self.latent])[:, ::-1]
            grads |= unscope(step_grads, name)
        dlogvar = dz * 0.5 * noise - 0.5 * dkl
        return xp.concatenate([dz, dlogvar, dcontext], axis=1), grads


def made(latent: int, width: int) -> Chain:
    """Return a network whose outputs for a latent see the latents before it, and all the context.

    Inputs and outputs are (N, 2 Z). Context has degree 0, latent i degree i, counted from 1; its
    two outputs have degree i - 1, and hidden units take turns between 0 and Z - 1.
    """
    seen = (*range(1, latent + 1), *[0] * latent)
    hidden = tuple(k % latent for k in range(width))
    shown = tuple(range(latent)) * 2
    return Chain(
        {
            "in": MaskedLinear(seen, hidden),
            "tanh": Tanh(),
            "out": MaskedLinear(hidden, shown),
        }
    )

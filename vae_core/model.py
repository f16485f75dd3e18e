"""VAEConfig -> build_vae -> VAE."""

import math
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, NamedTuple

import numpy as np

from vae_core.errors import ConfigError
from vae_core.flow import AutoregressiveFlow
from vae_core.layers import Layer, output, param_grads
from vae_core.losses import Likelihood, likelihood_named
from vae_core.networks import ACTIVATIONS, PATCH, conv_networks, mlp_networks
from vae_core.posterior import DiagonalGaussian, Posterior
from vae_core.products import Grads
from vae_core.types import Array, Params, Rng, joined, scope

ARCHITECTURES = ("mlp", "conv", "mixer")
LARGEST_FLOW = 1 << 14
"""Latents and units together, of which every one is given a degree; a flow has a few hundred."""


@dataclass(frozen=True)
class VAEConfig:
    """Everything that decides the shapes and the meaning of a VAE's parameters.

    image: (H, W, C) of the pictures.  latent: Z.  likelihood: a name from
    :mod:`vae_core.losses`.  architecture ``mlp``: hidden holds the widths of the hidden layers,
    encoder's order, and activation names what follows each; the decoder mirrors them.  ``conv``:
    hidden holds the channels of every grid, the finest first, blocks the decoder's residual blocks
    there; scale is how many pixels of the picture fall along one of the networks'.  ``mixer``: the
    same, with blocks that mix all places of a grid.  flow: the widths of the steps of an inverse
    autoregressive flow that the posterior takes; without any it is a diagonal Gaussian.
    """

    image: tuple[int, int, int]
    latent: int
    hidden: tuple[int, ...] = (1000,)
    likelihood: str = "squared_error"
    architecture: str = "mlp"
    blocks: tuple[int, ...] = ()
    scale: int = 1
    flow: tuple[int, ...] = ()
    activation: str = "tanh"

    def __post_init__(self) -> None:
        likelihood_named(self.likelihood)
        tuples = all(
            isinstance(v, tuple) for v in (self.image, self.hidden, self.blocks, self.flow)
        )
        sizes = (*self.image, self.latent, self.scale, *self.hidden, *self.flow) if tuples else (0,)
        if not all(isinstance(s, int) and s > 0 for s in sizes) or len(self.image) != 3:
            raise ConfigError(f"Sizes must be positive whole numbers, and image (H, W, C): {self}")
        if self.architecture not in ARCHITECTURES:
            raise ConfigError(
                f"No architecture is called {self.architecture!r}; there are {ARCHITECTURES}."
            )
        if self.activation not in tuple(ACTIVATIONS):
            raise ConfigError(
                f"No activation is called {self.activation!r}; there are {', '.join(ACTIVATIONS)}."
            )
        if self.architecture != "mlp":
            self.check_grids()
        if self.flow and sum((self.latent, *self.flow)) > LARGEST_FLOW:
            raise ConfigError(f"A flow's latents and widths sum to {LARGEST_FLOW} at most: {self}")

    def check_grids(self) -> None:
        """Raise ConfigError unless the grids of a convolutional model fit into its picture."""
        counts = len(self.blocks) == len(self.hidden) > 0
        if not counts or not all(isinstance(b, int) and b >= 0 for b in self.blocks):
            raise ConfigError(f"A conv model has blocks, 0 or more, for every grid: {self}")
        unit = self.scale * PATCH * 2 ** (len(self.hidden) - 1)
        if any(side % unit for side in self.image[:2]):
            raise ConfigError(f"A picture of these grids has sides divisible by {unit}: {self}")

    @property
    def pixels(self) -> int:
        """D = H W C."""
        return math.prod(self.image)

    @property
    def inner(self) -> "VAEConfig":
        """The same networks on pictures of the size at which they work: scale 1."""
        height, width, channels = self.image
        image = (height // self.scale, width // self.scale, channels)
        return replace(self, image=image, scale=1)

    def to_json(self) -> dict[str, Any]:
        """Return plain lists and numbers, as a checkpoint's header holds them."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "VAEConfig":
        """Undo :meth:`to_json`; ConfigError for names or sizes that make no model."""
        names = {field.name for field in fields(cls)}
        if not isinstance(values, dict) or not {"image", "latent"} <= values.keys() <= names:
            raise ConfigError(f"A model's configuration has the keys {', '.join(sorted(names))}.")
        values = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
        return cls(**values)


class Losses(NamedTuple):
    """Averages over a batch: total = reconstruction + beta * kl, all in nats per example."""

    total: float
    reconstruction: float
    kl: float


@dataclass(frozen=True)
class VAE:
    """A variational autoencoder (arXiv:1312.6114): functions of parameters, and their gradients."""

    encoder: Layer
    posterior: Posterior
    decoder: Layer
    likelihood: Likelihood
    config: VAEConfig

    def init(self, rng: Rng) -> Params:
        """Draw initial parameters, float64; :func:`cast` makes them float32."""
        return joined(
            encoder=self.encoder.init(rng),
            posterior=self.posterior.init(rng),
            decoder=self.decoder.init(rng),
        )

    def encode(self, params: Params, x: Array) -> Array:
        """(N, H, W, C) in [0, 1] -> (N, Z): the mean of q(z|x)."""
        h = output(self.encoder, scope(params, "encoder"), x)
        return self.posterior.mean(scope(params, "posterior"), h)

    def of_means(self, params: Params) -> Params:
        """Return parameters without those that only :meth:`draw` needs: a Gaussian's variances."""
        if not isinstance(self.posterior, DiagonalGaussian):
            return params
        last = ("encoder.out.weight", "encoder.out.bias")
        return params | {name: params[name][..., : self.config.latent] for name in last}

    def decode(self, params: Params, z: Array) -> Array:
        """(N, Z) -> (N, H, W, C) in [0, 1]."""
        return self.likelihood.mean(output(self.decoder, scope(params, "decoder"), z))

    def draw(self, params: Params, x: Array, eps: Array) -> tuple[Array, Array]:
        """Return a draw from q(z|x), (N, Z), and the KL divergence of q from the prior, (N,)."""
        h = output(self.encoder, scope(params, "encoder"), x)
        z, kl, _ = self.posterior.forward(scope(params, "posterior"), h, eps)
        return z, kl

    def loss_and_grads(
        self, params: Params, x: Array, eps: Array, beta: float = 1.0
    ) -> tuple[Losses, Grads]:
        """Negative ELBO with its KL times beta (arXiv:1312.6114, eq. 10), and its gradient.

        Averaged over the batch. x: (N, H, W, C) in [0, 1].  eps: (N, Z), the N(0, 1) draw;
        passing it in makes this function deterministic and therefore gradient-checkable.
        """
        encoder, decoder = scope(params, "encoder"), scope(params, "decoder")
        posterior = scope(params, "posterior")
        n = len(x)

        h, encoder_cache = self.encoder.forward(encoder, x)
        z, kl, posterior_cache = self.posterior.forward(posterior, h, eps)
        logits, decoder_cache = self.decoder.forward(decoder, z)
        nll, dlogits = self.likelihood.nll(logits, x)
        dlogits /= n

        dz, decoder_grads = self.decoder.backward(decoder, decoder_cache, dlogits)
        dh, posterior_grads = self.posterior.backward(posterior, posterior_cache, dz, beta / n)
        encoder_grads = param_grads(self.encoder, encoder, encoder_cache, dh)

        grads = joined(encoder=encoder_grads, posterior=posterior_grads, decoder=decoder_grads)
        reconstruction, kl_mean = float(nll.mean()), float(kl.mean())
        return Losses(reconstruction + beta * kl_mean, reconstruction, kl_mean), grads

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return every parameter's shape, without taking memory for the parameters."""
        return {name: p.shape for name, p in self.init(ShapeOnly()).items()}


class ShapeOnly(np.random.Generator):
    """A generator that draws nothing: one zero, seen as an array of the size asked for."""

    def __init__(self) -> None:
        super().__init__(np.random.PCG64(0))

    def uniform(self, low: Any = 0.0, high: Any = 1.0, size: Any = None) -> Any:
        """Return zeros."""
        return np.broadcast_to(0.0, size)

    def standard_normal(self, size: Any = None, dtype: Any = float, out: Any = None) -> Any:
        """Return zeros."""
        return np.broadcast_to(0.0, size)


def cast(params: Params, dtype: Any = "float32") -> Params:
    """Return the same parameters in another float type; those that have it already, as they are."""
    return {name: p.astype(dtype, copy=False) for name, p in params.items()}


def build_vae(config: VAEConfig) -> VAE:
    """Make the functions that a configuration names; no array is allocated."""
    posterior = posterior_of(config)
    if config.architecture == "mlp":
        networks = mlp_networks(
            config.image, config.hidden, posterior.inputs, config.latent, config.activation
        )
    else:
        networks = conv_networks(
            config.image,
            config.hidden,
            config.blocks,
            posterior.inputs,
            config.latent,
            config.scale,
            mixing=config.architecture == "mixer",
        )
    encoder, decoder = networks
    likelihood = likelihood_named(config.likelihood)
    return VAE(encoder, posterior, decoder, likelihood, config)


def posterior_of(config: VAEConfig) -> Posterior:
    """Return what q(z|x) is."""
    if config.flow:
        return AutoregressiveFlow(config.latent, config.flow)
    return DiagonalGaussian(config.latent)


def article_beta(beta: float, batch: int, pixels: int) -> float:
    """Convert the article's KL weight to this program's.

    The article adds beta * (KL summed over batch and latents) to the mean square error over batch
    and pixels. Multiplied by D/2, that is our square error plus beta * B * D / 2 times our KL:
    its 1e-4 at batch 32 is 1.25 on MNIST and 4.0 on 50x50 faces.
    """
    return beta * batch * pixels / 2

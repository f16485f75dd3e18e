"""The best linear autoencoder, as parameters for a convolutional one to start from.

Without its residual blocks a convolutional VAE of ours is linear: patches of pixels become
channels, patches of channels again, and the coarsest grid becomes the latent. Principal components
solve each of these steps at once, and probabilistic PCA (Tipping and Bishop, JRSS B 61(3), 1999)
says what the posterior's variance is. Training begins at that optimum and only has to learn what
is not linear.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from vae_core.errors import ConfigError
from vae_core.layers.rearrange import gather
from vae_core.layers.resize import emphasise
from vae_core.losses import Coloured
from vae_core.model import VAE
from vae_core.networks import PATCH
from vae_core.types import Array, Params, Rng

SPARE_DIRECTIONS = 60
POWER_ITERATIONS = 2


@dataclass(frozen=True)
class Factor:
    """Centred pictures (N, D) ~ (z * std) @ directions: z (N, K), std (K,), directions (K, D)."""

    std: Array
    directions: Array
    noise: float
    """Variance of what the K directions leave out, per dimension."""


def linear_start(vae: VAE, pictures: Array, rng: Rng) -> Params:
    """Return the parameters of the best linear autoencoder of (N, H, W, C) pictures in [0, 1].

    The weights that end a residual block are zero, so that a block changes nothing at first.
    Raises ConfigError for a VAE that is not a convolutional one with :class:`Coloured` errors.
    """
    config = vae.config
    if config.architecture != "conv" or not isinstance(vae.likelihood, Coloured):
        raise ConfigError("Only a conv model with a coloured likelihood has a linear start.")
    power = vae.likelihood.power
    mean = mirrored_mean(pictures)
    bases = grid_bases(pictures - mean, config.hidden, rng)
    factor = principal_factor(emphasise(pictures - mean, power), config.latent, rng)
    waves = factor.directions.reshape(config.latent, *pictures.shape[1:])
    inward = to_grid(emphasise(waves, power), bases)
    outward = to_grid(emphasise(waves, -power), bases)
    start = to_grid(mean[None], bases)
    return quiet(vae.init(rng)) | filled(vae, bases, factor, inward, outward, start)


def quiet(params: Params) -> Params:
    """Return the parameters with every bias, and every weight that ends a block, at zero."""
    silent = {k: np.zeros_like(p) for k, p in params.items() if k.endswith(("bias", "mix.weight"))}
    return params | silent


def filled(
    vae: VAE, bases: list[Array], factor: Factor, inward: Array, outward: Array, start: Array
) -> Params:
    """Return the weights of the linear path. inward, outward: (K, G); start: (1, G)."""
    latent = vae.config.latent
    weight = np.zeros((inward.shape[1], 2 * latent))
    weight[:, :latent] = (inward / factor.std[:, None]).T
    bias = np.zeros(2 * latent)
    bias[:latent] = -(start @ weight[:, :latent])[0]
    bias[latent:] = -np.log1p(factor.std**2 / factor.noise)
    params = {"encoder.out.weight": weight, "encoder.out.bias": bias}
    params |= {
        "decoder.in.weight": outward * factor.std[:, None],
        "decoder.in.bias": start[0],
    }
    for level, basis in enumerate(bases):
        params[f"encoder.down{level}.weight"] = basis
        params[f"decoder.up{level}.weight"] = np.ascontiguousarray(basis.T)
    return params


def mirrored_mean(pictures: Array) -> Array:
    """(N, H, W, C) -> (H, W, C), the mean of the pictures and their mirror images."""
    mean = pictures.mean(axis=0, dtype=np.float64).astype(pictures.dtype)
    both: Array = (mean + mean[:, ::-1]) / 2
    return both


def grid_bases(centred: Array, widths: tuple[int, ...], rng: Rng) -> list[Array]:
    """Return for every grid the (inputs, width) map from a patch to its principal components."""
    bases = []
    grid = centred[:4000]
    for level, width in enumerate(widths):
        patches = gather(grid, 2 if level else PATCH)
        rows = patches.reshape(-1, patches.shape[-1])
        bases.append(patch_basis(rows, width, rng))
        grid = patches @ bases[-1].astype(grid.dtype)
    return bases


def patch_basis(rows: Array, width: int, rng: Rng) -> Array:
    """(N, D) -> (D, width): principal directions; more than D of them make a tight frame.

    Either way B B^T is a projection onto what is kept.
    """
    products = rows.T.astype(np.float64) @ rows
    _, vectors = np.linalg.eigh(products)
    vectors = vectors[:, ::-1]
    if width > len(vectors):
        frame, _ = np.linalg.qr(rng.standard_normal((width, len(vectors))))
        vectors = vectors @ frame.T
    basis: Array = vectors[:, :width]
    return basis


def to_grid(x: Array, bases: list[Array]) -> Array:
    """Bring pictures to the coarsest grid, flat: (N, H, W, C) -> (N, G)."""
    for level, basis in enumerate(bases):
        x = gather(x, 2 if level else PATCH) @ basis
    return x.reshape(len(x), -1)


def principal_factor(pictures: Array, components: int, rng: Rng) -> Factor:
    """Find the principal components of centred pictures and their mirror images.

    A randomized range finder with power iterations (arXiv:0909.4061, algorithm 4.4), because
    pictures have more dimensions than an eigensolver likes.
    """
    rows = pictures.reshape(len(pictures), -1)
    mirrored = pictures[:, :, ::-1].reshape(len(pictures), -1)
    span = rng.standard_normal((rows.shape[1], components + SPARE_DIRECTIONS), rows.dtype)
    for _ in range(POWER_ITERATIONS):
        products = rows.T @ (rows @ span) + mirrored.T @ (mirrored @ span)
        span, _ = np.linalg.qr(products)
    scores = np.concatenate([rows @ span, mirrored @ span]).astype(np.float64)
    values, vectors = np.linalg.eigh(scores.T @ scores / len(scores))
    values, vectors = values[::-1][:components], vectors[:, ::-1][:, :components]
    total = float(np.square(rows, dtype=np.float64).sum()) / len(rows)
    noise = (total - float(values.sum())) / (rows.shape[1] - components)
    directions = np.asarray(span.astype(np.float64) @ vectors).T
    return Factor(np.sqrt(values), directions, noise)


def pace_of(params: Params, linear: float) -> Mapping[str, float]:
    """Return how fast each parameter learns: those of the linear path ``linear`` times as fast."""
    return {name: 1.0 if ".block" in name else linear for name in params}

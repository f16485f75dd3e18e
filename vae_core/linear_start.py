"""The best linear autoencoder, as parameters for a convolutional one to start from.

Without its residual blocks a convolutional VAE of ours is linear: patches of pixels become
channels, patches of channels again, and the coarsest grid becomes the latent. Principal components
solve each of these steps at once, and probabilistic PCA (Tipping and Bishop, JRSS B 61(3), 1999)
says what the posterior's variance is. Training begins at that optimum and only has to learn what
is not linear.
"""

from collections.abc import Iterator, Mapping

import numpy as np

from vae_core.errors import ConfigError
from vae_core.layers.rearrange import gather
from vae_core.layers.resize import emphasise
from vae_core.losses import Coloured
from vae_core.model import VAE
from vae_core.networks import PATCH
from vae_core.principal import PrincipalComponents
from vae_core.types import Array, Params, Rng

AT_ONCE = 1000


def linear_start(vae: VAE, pictures: Array, rng: Rng) -> Params:
    """Return the parameters of the best linear autoencoder of (N, H, W, C) pictures in [0, 1].

    The weights that end a residual block are zero, so that a block changes nothing at first.
    Raises ConfigError for a VAE that is not a convolutional one with :class:`Coloured` errors.
    """
    config = vae.config
    plain = config.architecture != "mlp" and not config.flow
    if not plain or not isinstance(vae.likelihood, Coloured):
        raise ConfigError(
            "Only a model on grids of patches, with a coloured likelihood, has a linear start."
        )
    power = vae.likelihood.power
    mean = mirrored_mean(pictures)
    bases = grid_bases(pictures - mean, config.hidden, rng)
    emphasised = emphasise(pictures - mean, power)
    pca = PrincipalComponents.fit_large(lambda: batches(emphasised), config.latent, rng)
    waves = pca.directions.reshape(config.latent, *pictures.shape[1:])
    inward = to_grid(emphasise(waves, power), bases)
    outward = to_grid(emphasise(waves, -power), bases)
    start = to_grid(mean[None], bases)
    return quiet(vae.init(rng)) | filled(vae, bases, pca, inward, outward, start)


def quiet(params: Params) -> Params:
    """Return the parameters with every bias, and every weight that ends a block, at zero."""
    silent = {k: np.zeros_like(p) for k, p in params.items() if k.endswith(("bias", "mix.weight"))}
    return params | silent


def filled(
    vae: VAE,
    bases: list[Array],
    pca: PrincipalComponents,
    inward: Array,
    outward: Array,
    start: Array,
) -> Params:
    """Return the weights of the linear path. inward, outward: (K, G); start: (1, G)."""
    latent = vae.config.latent
    weight = np.zeros((inward.shape[1], 2 * latent))
    weight[:, :latent] = (inward / pca.std[:, None]).T
    bias = np.zeros(2 * latent)
    bias[:latent] = -(start @ weight[:, :latent])[0]
    bias[latent:] = -np.log1p(pca.std**2 / pca.noise)
    params = {"encoder.out.weight": weight, "encoder.out.bias": bias}
    params |= {
        "decoder.in.weight": outward * pca.std[:, None],
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


def batches(pictures: Array) -> Iterator[Array]:
    """Yield (N, H, W, C) pictures, and then their mirror images, some at a time."""
    for k in range(0, len(pictures), AT_ONCE):
        yield pictures[k : k + AT_ONCE]
        yield pictures[k : k + AT_ONCE, :, ::-1]


def pace_of(params: Params, linear: float) -> Mapping[str, float]:
    """Return how fast each parameter learns: those of the linear path ``linear`` times as fast."""
    return {name: 1.0 if ".block" in name else linear for name in params}

"""Where a convolutional VAE starts: at the best linear autoencoder there is."""

from dataclasses import replace

import numpy as np
import pytest

from vae_core.errors import ConfigError
from vae_core.linear_start import linear_start, pace_of, patch_basis
from vae_core.losses import Coloured
from vae_core.model import VAEConfig, build_vae
from vae_core.networks import PATCH
from vae_core.principal import PrincipalComponents
from vae_core.types import scope

WHOLE = VAEConfig(
    (8, 8, 3),
    latent=6,
    hidden=(3 * PATCH * PATCH, 4 * 3 * PATCH * PATCH),
    blocks=(1, 1),
    likelihood="coloured",
    architecture="conv",
)
"""Grids as wide as their patches, so that nothing is lost on the way to the latent."""


@pytest.fixture
def pictures(rng):
    """Faces of a kind: six smooth features in changing amounts, and a little noise."""
    features = np.cumsum(rng.standard_normal((6, 8, 8, 3)), axis=2) * 0.02
    amounts = rng.standard_normal((300, 6)) * np.array([5, 4, 3, 2, 1, 1])
    x = np.tensordot(amounts, features, 1) + 0.01 * rng.standard_normal((300, 8, 8, 3)) + 0.5
    return x.astype(np.float32)


def both_ways(pictures):
    return np.concatenate([pictures, pictures[:, :, ::-1]])


def errors(pictures, rng, config=WHOLE):
    """Mean square errors of the linear start, and of PCA with as many components."""
    vae = build_vae(config)
    params = linear_start(vae, pictures, rng)
    y, _ = vae.decoder.forward(scope(params, "decoder"), vae.encode(params, pictures))
    pca = PrincipalComponents.fit([both_ways(pictures)], config.latent)
    return np.square(y - pictures).mean(), np.square(pca.reconstruct(pictures) - pictures).mean()


@pytest.mark.parametrize("architecture", ["conv", "mixer"])
def test_the_start_is_as_good_as_principal_components(architecture, pictures, rng, monkeypatch):
    monkeypatch.setattr("vae_core.losses.LIKELIHOODS", {"coloured": Coloured(0)})
    own, pca = errors(pictures, rng, replace(WHOLE, architecture=architecture))
    assert own == pytest.approx(pca, rel=1e-3)


def test_wider_grids_than_patches_lose_nothing_either(pictures, rng, monkeypatch):
    monkeypatch.setattr("vae_core.losses.LIKELIHOODS", {"coloured": Coloured(0)})
    own, pca = errors(pictures, rng, replace(WHOLE, hidden=(60, 240)))
    assert own == pytest.approx(pca, rel=1e-3)


def test_latents_are_scaled_as_the_prior_is(pictures, rng):
    vae = build_vae(WHOLE)
    z = vae.encode(linear_start(vae, pictures, rng), both_ways(pictures))
    np.testing.assert_allclose(z.mean(axis=0), 0, atol=0.02)
    np.testing.assert_allclose(z.std(axis=0), 1, rtol=0.1)


def test_the_start_is_far_ahead_of_a_drawn_one(pictures, rng):
    """Hundreds of nats of the 192 pixels' likelihood, KL included."""
    vae = build_vae(WHOLE)
    eps = rng.standard_normal((len(pictures), WHOLE.latent))
    start, random = linear_start(vae, pictures, rng), vae.init(rng)
    losses = [vae.loss_and_grads(p, pictures, eps)[0].total for p in (start, random)]
    assert losses[0] < losses[1] - 400


def test_a_tight_frame_projects(rng):
    rows = rng.standard_normal((50, 6))
    narrow, wide = patch_basis(rows, 4, rng), patch_basis(rows, 9, rng)
    for basis in (narrow, wide):
        p = basis @ basis.T
        np.testing.assert_allclose(p @ p, p, atol=1e-12)
    np.testing.assert_allclose(wide @ wide.T, np.eye(6), atol=1e-12)


def test_only_blocks_learn_at_full_pace(rng):
    pace = pace_of(build_vae(WHOLE).init(rng), 0.1)
    assert pace["decoder.block00.conv.weight"] == 1
    assert pace["decoder.in.weight"] == pace["encoder.out.bias"] == 0.1


def test_an_mlp_has_no_linear_start(pictures, rng):
    with pytest.raises(ConfigError, match="grids"):
        linear_start(build_vae(VAEConfig((8, 8, 3), latent=2)), pictures, rng)

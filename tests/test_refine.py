"""Refined latents lie nearer to the mode of p(z|x) than the encoder's."""

from dataclasses import replace

import numpy as np
import pytest

from tests.drawn import CONFIG, CONV, CONV_FRAME
from vae_core.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from vae_core.errors import CheckpointError, ConfigError
from vae_core.layers import Resize
from vae_core.model import build_vae, cast
from vae_core.refine import RATE, Refinement, error_variance, refine, step_lengths

INNER = CONV.inner
HOW = Refinement(steps=2, lengths=(0.5,) * INNER.latent, variance=0.05)
SHORT = (1e-5,) * INNER.latent


@pytest.fixture
def vae():
    return build_vae(INNER)


@pytest.fixture
def params(vae, rng):
    return {name: p + 0.05 * rng.standard_normal(p.shape) for name, p in vae.init(rng).items()}


@pytest.fixture
def x(rng):
    return rng.random((5, *INNER.image))


def objective(vae, params, x, z):
    """|F (y - x)|^2 / (2 sigma^2) + |z|^2 / 2 of each picture, (N,)."""
    decoder = {k.removeprefix("decoder."): p for k, p in params.items() if k[0] == "d"}
    y, _ = vae.decoder.forward(decoder, z)
    errors = (y - x) * vae.likelihood.emphasised_error(y, x)
    return errors.sum(axis=(1, 2, 3)) / (2 * HOW.variance) + np.square(z).sum(axis=1) / 2


def test_no_steps_leave_the_encoders_mean(vae, params, x):
    z, _ = refine(vae, params, x, replace(HOW, steps=0))
    np.testing.assert_array_equal(z, vae.encode(params, x))


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_short_steps_lower_the_objective_of_every_picture(vae, params, x, steps):
    z, _ = refine(vae, params, x, replace(HOW, steps=steps, lengths=SHORT))
    before, after = (objective(vae, params, x, at) for at in (vae.encode(params, x), z))
    assert (after < before).all()


def test_steps_too_far_do_no_harm(vae, params, x):
    z, _ = refine(vae, params, x, HOW)
    np.testing.assert_array_equal(z, vae.encode(params, x))


def test_a_step_is_as_long_as_it_should_be(vae, params, x):
    """With a decoder that says nothing, a step is its length times the way to the prior."""
    params = {k: 0 * p if k[0] == "d" else p for k, p in params.items()}
    start = vae.encode(params, x)
    lengths = np.linspace(0.1, 0.2, INNER.latent)
    moved, _ = refine(vae, params, x, Refinement(1, tuple(lengths), 0.05))
    np.testing.assert_allclose(moved, start - lengths * start)


def test_lengths_are_a_part_of_the_posteriors_variances(vae, params, x):
    h, _ = vae.encoder.forward({k[8:]: p for k, p in params.items() if k[0] == "e"}, x)
    variances = np.exp(h[:, INNER.latent :])
    assert variances.std() > 0
    expected = RATE * np.prod(variances, axis=0) ** (1 / len(x))
    np.testing.assert_allclose(step_lengths(vae, params, x), expected)


def test_only_a_gaussian_posterior_has_lengths(rng):
    vae = build_vae(replace(CONFIG, flow=(4,)))
    params, x = vae.init(rng), rng.random((2, *CONFIG.image))
    with pytest.raises(ConfigError, match="Gaussian"):
        step_lengths(vae, params, x)


def test_float32_stays_float32(vae, params, x):
    z, y = refine(vae, cast(params), x.astype(np.float32), HOW)
    assert z.dtype == y.dtype == np.float32


def test_the_variance_is_that_of_the_emphasised_errors(vae, params, x):
    eps = np.random.default_rng(5).standard_normal((5, INNER.latent), np.float32)
    z, _ = vae.draw(params, x, eps)
    squares = objective(vae, params, x, z) - np.square(z).sum(axis=1) / 2
    expected = squares.mean() * 2 * HOW.variance / INNER.pixels
    measured = error_variance(vae, params, x, np.random.default_rng(5))
    assert measured == pytest.approx(expected)


def test_models_without_coloured_errors_are_not_refined(rng):
    vae = build_vae(CONFIG)
    params, x = vae.init(rng), rng.random((2, *CONFIG.image))
    with pytest.raises(ConfigError):
        refine(vae, params, x, HOW)
    with pytest.raises(ConfigError):
        error_variance(vae, params, x, rng)


@pytest.mark.parametrize(
    "change",
    [
        {"steps": -1},
        {"steps": 10**9},
        {"steps": 1.5},
        {"lengths": (0.0,) * INNER.latent},
        {"lengths": (-1.0,) * INNER.latent},
        {"lengths": (float("nan"),) * INNER.latent},
        {"variance": 0.0},
        {"variance": float("inf")},
    ],
)
def test_what_is_no_refinement_is_refused_alone_and_in_a_file(change, params, tmp_path):
    with pytest.raises(ConfigError):
        replace(HOW, **change)
    metadata = {"refinement": HOW.to_json() | change}
    path = tmp_path / "blobs.safetensors"
    save_checkpoint(path, Checkpoint("blobs", CONV, CONV_FRAME, cast(params), metadata))
    with pytest.raises(CheckpointError):
        load_checkpoint(path)


def test_a_file_may_not_refine_what_cannot_be(tmp_path):
    params = cast(build_vae(CONFIG).init(np.random.default_rng(0)))
    path, metadata = tmp_path / "blobs.safetensors", {"refinement": HOW.to_json()}
    frame = replace(CONV_FRAME, height=12, width=12)
    save_checkpoint(path, Checkpoint("blobs", CONFIG, frame, params, metadata))
    with pytest.raises(CheckpointError, match="refined"):
        load_checkpoint(path)


@pytest.mark.parametrize("lengths", [(), (0.5,) * (INNER.latent + 1)])
def test_there_is_a_length_for_each_latent(lengths, vae, params, x, tmp_path):
    how = replace(HOW, lengths=lengths)
    with pytest.raises(ConfigError, match="latents"):
        refine(vae, params, x, how)
    path, metadata = tmp_path / "blobs.safetensors", {"refinement": how.to_json()}
    save_checkpoint(path, Checkpoint("blobs", CONV, CONV_FRAME, cast(params), metadata))
    with pytest.raises(CheckpointError, match="refined"):
        load_checkpoint(path)


def test_a_checkpoint_refines_at_the_size_at_which_it_works(params, rng, tmp_path):
    gentle = replace(HOW, lengths=SHORT)
    path = tmp_path / "blobs.safetensors"
    metadata = {"refinement": gentle.to_json()}
    save_checkpoint(path, Checkpoint("blobs", CONV, CONV_FRAME, cast(params), metadata))
    loaded = load_checkpoint(path)
    x = rng.random((2, *CONV.image), np.float32)
    small, _ = Resize((16, 16), (8, 8)).forward({}, x)
    z, _ = refine(build_vae(INNER), cast(params), small, gentle)
    np.testing.assert_allclose(loaded.encode(x), z, atol=1e-6)
    np.testing.assert_allclose(loaded.inner.encode(small), z, atol=1e-6)
    assert abs(z - loaded.vae.encode(loaded.params, x)).max() > 1e-5
    np.testing.assert_array_equal(loaded.reconstruct(x), loaded.decode(loaded.encode(x)))
    latents, shown = loaded.encode_and_show(x)
    np.testing.assert_array_equal(latents, loaded.encode(x))
    np.testing.assert_allclose(shown, loaded.decode(latents), atol=1e-6)
    assert loaded.inner.frame.height == 8

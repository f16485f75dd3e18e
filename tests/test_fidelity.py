"""How faithful reconstructions are, and how latents are used."""

from dataclasses import replace

import numpy as np
import pytest

from tests.drawn import CONV, draw_dataset
from vae_core.checkpoint import Checkpoint
from vae_core.evaluation import batches
from vae_core.fidelity import fidelity, held_out, latent_use, reframed
from vae_core.imaging.align import HEAD_RGB_128, face_frame
from vae_core.losses import gaussian_kl
from vae_core.model import build_vae, cast

FRAME = replace(HEAD_RGB_128, height=64, width=64)
NARROW = face_frame(50, channels=1)


@pytest.fixture
def faces(rng):
    return rng.random((130, 64, 64, 3)).astype(np.float32)


def test_a_perfect_reconstruction_is_recognised(faces):
    found = fidelity(lambda x: 0.99 * x, faces, FRAME)
    assert found.pictures == 130
    assert found.psnr == pytest.approx(10 * np.log10(1 / np.square(0.01 * faces).mean()), rel=1e-4)
    assert found.ssim > 0.99
    assert found.recognised == 1


def test_each_picture_is_compared_with_its_own(faces):
    found = fidelity(lambda x: x[::-1], faces, FRAME)
    assert found.psnr < 10
    assert found.recognised == 0


def test_pictures_are_cut_to_0_and_1_before_they_are_compared(faces):
    bright = np.full_like(faces[:2], 0.999)
    assert fidelity(lambda x: 3 * x, bright, FRAME).psnr == pytest.approx(60, abs=0.1)


def test_another_frames_faces_are_where_it_has_them():
    """Mark the eyes, and find them again."""
    x = np.zeros((1, 64, 64, 3), np.float32)
    for name in ("left_eye", "right_eye"):
        column, row = FRAME.point(name)
        x[0, int(row), int(column)] = 1
    (seen,) = reframed(x, FRAME, NARROW)
    assert seen.shape == (50, 50, 1)
    column, row = NARROW.point("left_eye")
    brightest = np.unravel_index(seen[:, :25, 0].argmax(), (50, 25))
    np.testing.assert_allclose(brightest, (row, column), atol=1.5)


@pytest.fixture
def checkpoint(rng):
    config = replace(CONV.inner, latent=4)
    params = build_vae(config).init(rng)
    params["encoder.out.weight"] *= 10 * np.array([0, 1, 1, 1, 0, 0, 0, 0])
    frame = face_frame(8, channels=1)
    return Checkpoint("blobs", config, frame, cast(params), {})


def test_the_latents_of_many_pictures(checkpoint, tmp_path):
    dataset = draw_dataset(tmp_path / "data", size=8)
    indices = dataset.indices("train")
    use = latent_use(checkpoint, dataset, indices)
    x = np.concatenate(list(batches(dataset, indices)))
    vae = checkpoint.vae
    h, _ = vae.encoder.forward({k[8:]: p for k, p in checkpoint.params.items()}, x)
    normal = vae.posterior.normal(h)
    assert use.kl.sum() == pytest.approx(gaussian_kl(*normal)[0].mean(), rel=1e-5)
    assert use.active == 3
    assert use.kl.shape == use.offset.shape == (4,)
    draws = normal.sample(np.random.default_rng(0).standard_normal((2000, 40, 4)))
    np.testing.assert_allclose(draws.std(axis=(0, 1)), use.spread, rtol=0.05)
    assert use.to_json()["active"] == 3
    assert len(use.to_json()["kl"]) == 4


def test_held_out_pictures_are_the_tests_first_and_of_one_species(tmp_path):
    dataset = draw_dataset(tmp_path / "data")
    people = dataset.batch(dataset.indices("test", "person"))
    np.testing.assert_array_equal(held_out(dataset, "person", 500), people)
    np.testing.assert_array_equal(held_out(dataset, "person", 2), people[:2])

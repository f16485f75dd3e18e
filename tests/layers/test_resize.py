"""Resizing keeps what it should; emphasis is what its formula says."""

import numpy as np
import pytest

from vae_core.layers import Resize
from vae_core.layers.resize import cosine_matrix, emphasis_gains, emphasise, resize_matrix


@pytest.mark.parametrize(("inputs", "outputs"), [(8, 4), (9, 3), (4, 8), (5, 20), (7, 7)])
def test_a_plain_picture_stays_plain(inputs, outputs):
    np.testing.assert_allclose(resize_matrix(inputs, outputs).sum(axis=1), 1, atol=1e-6)


def test_shrinking_averages_boxes(rng):
    x = rng.random((2, 6, 4, 3), np.float32)
    y, _ = Resize((6, 4), (3, 2)).forward({}, x)
    boxes = x.reshape(2, 3, 2, 2, 2, 3).mean(axis=(2, 4))
    np.testing.assert_allclose(y, boxes, atol=1e-6)


def test_growing_keeps_a_straight_ramp_straight():
    """The cubic kernel is exact for polynomials of degree 2, away from the border."""
    ramp = np.arange(12.0)
    grown = resize_matrix(12, 24) @ ramp
    np.testing.assert_allclose(grown[6:-6], (np.arange(24)[6:-6] + 0.5) / 2 - 0.5, atol=1e-5)


def test_shrinking_what_was_grown_changes_a_smooth_picture_little():
    smooth = np.sin(np.arange(32) / 5)
    back = resize_matrix(64, 32) @ resize_matrix(32, 64) @ smooth
    assert abs(back - smooth)[2:-2].max() < 0.01


SIDES = [((64, 48), (256, 100)), ((256, 100), (64, 48)), ((9, 17), (17, 9)), ((7, 64), (3, 128))]


@pytest.mark.parametrize(("inputs", "outputs"), SIDES)
def test_resizing_is_the_product_with_its_whole_matrices(inputs, outputs, rng):
    x = rng.standard_normal((2, *inputs, 3), np.float32)
    dy = rng.standard_normal((2, *outputs, 3), np.float32)
    down, across = (resize_matrix(*pair) for pair in zip(inputs, outputs, strict=True))
    layer = Resize(inputs, outputs)
    y, cache = layer.forward({}, x)
    np.testing.assert_allclose(y, np.einsum("hH,nHWc,wW->nhwc", down, x, across), atol=1e-4)
    dx, _ = layer.backward({}, cache, dy)
    np.testing.assert_allclose(dx, np.einsum("hH,nhwc,wW->nHWc", down, dy, across), atol=1e-4)
    assert layer.forward({}, x[:0])[0].shape == (0, *outputs, 3)


def test_the_cosines_are_orthonormal():
    basis = cosine_matrix(12)
    np.testing.assert_allclose(basis @ basis.T, np.eye(12), atol=1e-12)


def test_emphasis_is_self_adjoint(rng):
    x, y = rng.standard_normal((2, 3, 8, 6, 2))
    left, right = (emphasise(x, 0.3) * y).sum(), (x * emphasise(y, 0.3)).sum()
    assert left == pytest.approx(right)


def test_emphasis_is_undone_by_its_opposite(rng):
    x = rng.standard_normal((2, 8, 8, 3))
    np.testing.assert_allclose(emphasise(emphasise(x, 0.4), -0.4), x, atol=1e-12)


def test_no_emphasis_changes_nothing(rng):
    x = rng.standard_normal((1, 8, 8, 1))
    np.testing.assert_allclose(emphasise(x, 0.0), x, atol=1e-12)


def test_the_gains_rise_with_frequency_and_keep_the_volume():
    gains = emphasis_gains(16, 16, 0.5)
    assert np.log(gains).sum() == pytest.approx(0, abs=1e-9)
    assert gains[0, 8] / gains[0, 2] == pytest.approx(4**0.5)
    assert gains[0, 0] < gains[0, 1] < gains[1, 1]

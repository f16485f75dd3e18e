"""Metrics: against values known from algebra, and principal components against the SVD."""

import json

import numpy as np
import pytest

from vae_core.metrics import (
    Histogram,
    gradient_energy,
    mse_per_picture,
    psnr,
)


def test_the_error_is_a_mean_over_each_pictures_pixels():
    x, y = np.zeros((2, 2, 3, 1)), np.zeros((2, 2, 3, 1))
    y[1, 0, 0, 0] = 3.0
    np.testing.assert_allclose(mse_per_picture(x, y), [0, 9 / 6])


def test_gradient_energy_of_flat_ramp_and_checkerboard():
    flat = np.full((5, 4), 0.3)
    ramp = np.tile(0.1 * np.arange(4), (5, 1))
    checks = np.indices((5, 4)).sum(axis=0) % 2.0
    energy = gradient_energy(np.stack([flat, ramp, checks])[..., None])
    np.testing.assert_allclose(energy, [0, 0.01, 2])


def test_psnr_in_decibels():
    assert psnr(1.0) == 0
    assert psnr(0.01) == pytest.approx(20)


def test_a_percentile_is_the_share_of_smaller_values():
    histogram = Histogram((0.0, 1.0, 2.0, 4.0), (1, 2, 1))
    values = [-1, 0, 0.5, 1, 1.5, 2, 3, 4, 99]
    expected = [0, 0, 12.5, 25, 50, 75, 87.5, 100, 100]
    assert [histogram.percentile(v) for v in values] == pytest.approx(expected)


def test_a_histogram_of_values_ranks_them_as_their_order_does(rng):
    values = rng.gamma(2.0, size=5000)
    histogram = Histogram.from_values(values)
    assert sum(histogram.counts) == 5000
    for share in (5, 50, 95):
        value = float(np.percentile(values, share))
        assert histogram.percentile(value) == pytest.approx(share, abs=1)


def test_a_histogram_of_one_value_and_of_equal_values_has_a_middle():
    for values in (np.array([0.2]), np.full(9, 0.2)):
        histogram = Histogram.from_values(values)
        assert histogram.percentile(-1) == 0
        assert histogram.percentile(2) == 100


def test_a_histogram_survives_json(rng):
    histogram = Histogram.from_values(rng.random(50), bins=7)
    assert Histogram.from_json(json.loads(json.dumps(histogram.to_json()))) == histogram


def pictures(rng, n=40):
    """Pictures (n, 3, 4, 1) with variances that differ, so that the components are unique."""
    mixing = rng.standard_normal((12, 12)) * 2.0 ** -np.arange(12)
    return (0.5 + rng.standard_normal((n, 12)) @ mixing.T).reshape(n, 3, 4, 1)

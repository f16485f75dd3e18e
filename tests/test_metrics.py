"""Metrics: against values known from algebra, and principal components against the SVD."""

import json

import numpy as np
import pytest

from vae_core.metrics import (
    Histogram,
    PrincipalComponents,
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


@pytest.mark.parametrize("components", [1, 3, 12])
def test_principal_components_are_those_of_the_svd(components, rng):
    x = pictures(rng)
    pca = PrincipalComponents.fit([x], components)
    rows = x.reshape(len(x), -1)
    _, _, directions = np.linalg.svd(rows - rows.mean(axis=0))
    expected = directions[:components]
    np.testing.assert_allclose(pca.mean, rows.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(abs(pca.directions @ expected.T), np.eye(components), atol=1e-6)
    projected = rows.mean(axis=0) + (rows - rows.mean(axis=0)) @ expected.T @ expected
    np.testing.assert_allclose(pca.reconstruct(x), projected.reshape(x.shape), atol=1e-6)


def test_the_components_do_not_depend_on_the_batches(rng):
    x = pictures(rng)
    whole = PrincipalComponents.fit([x], 4).reconstruct(x)
    parts = PrincipalComponents.fit(iter([x[:7], x[7:8], x[8:]]), 4).reconstruct(x)
    np.testing.assert_allclose(parts, whole, atol=1e-9)


def test_as_many_components_as_pixels_lose_nothing(rng):
    x = pictures(rng)
    pca = PrincipalComponents.fit([x], 12)
    np.testing.assert_allclose(pca.directions @ pca.directions.T, np.eye(12), atol=1e-9)
    np.testing.assert_allclose(pca.reconstruct(x), x, atol=1e-9)

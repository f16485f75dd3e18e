"""Principal components, exact and for large pictures."""

import numpy as np
import pytest

from vae_core.principal import PrincipalComponents


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


def test_the_deviations_are_those_along_the_directions(rng):
    x = pictures(rng)
    pca = PrincipalComponents.fit([x], 5)
    scores = (x.reshape(len(x), -1) - pca.mean) @ pca.directions.T
    np.testing.assert_allclose(pca.std, scores.std(axis=0), rtol=1e-6)
    total = x.reshape(len(x), -1).var(axis=0).sum()
    assert np.square(pca.std).sum() + 7 * pca.noise == pytest.approx(total)


def test_large_pictures_have_nearly_the_same_components(rng):
    """Of pictures whose first directions stand out, as those of faces do."""
    amounts = rng.standard_normal((400, 100)) * 0.9 ** np.arange(100)
    x = (amounts @ np.linalg.qr(rng.standard_normal((300, 100)))[0].T + 1).astype(np.float32)
    x = x.reshape(400, 10, 10, 3)
    exact = PrincipalComponents.fit([x], 8)
    found = PrincipalComponents.fit_large(lambda: iter([x[:150], x[150:]]), 8, rng)
    np.testing.assert_allclose(abs(found.directions @ exact.directions.T), np.eye(8), atol=1e-2)
    np.testing.assert_allclose(found.std, exact.std, rtol=1e-4)
    np.testing.assert_allclose(found.mean, exact.mean, atol=1e-5)
    assert found.noise == pytest.approx(exact.noise, rel=1e-3)

"""Gradients that are products of two arrays, and their sums."""

import numpy as np
import pytest

from vae_core.products import Product, formed, product_in_parts, sums_in_parts, weighted_sum


def draw(rng, n=4):
    return Product(rng.standard_normal((n, 7)), rng.standard_normal((n, 3)))


def test_a_product_stands_for_its_array(rng):
    product = draw(rng)
    expected = product.x.T @ product.dy
    assert product.shape == expected.shape
    np.testing.assert_array_equal(product.formed(), expected)
    np.testing.assert_array_equal(np.asarray(product), expected)
    np.testing.assert_allclose(np.concatenate([product[:2], product[2:]]), expected)


@pytest.mark.parametrize("rows", [1, 7, 96, 1024])
@pytest.mark.parametrize("width", [3, 300])
def test_what_a_gpu_splits_is_the_same(rows, width, rng):
    x, dy = rng.standard_normal((rows, width)), rng.standard_normal((rows, 5))
    np.testing.assert_allclose(product_in_parts(x, dy), x.T @ dy, atol=1e-10)
    np.testing.assert_allclose(sums_in_parts(dy), dy.sum(axis=0), atol=1e-10)


def test_arrays_among_gradients_stay_what_they_are_when_products_are_formed(rng):
    grads = {"weight": draw(rng), "bias": np.ones(3)}
    arrays = formed(grads)
    assert arrays["bias"] is grads["bias"]
    np.testing.assert_array_equal(arrays["weight"], grads["weight"].formed())


@pytest.mark.parametrize("kind", [Product.formed, lambda product: product])
def test_a_weighted_sum_is_that_of_the_arrays(kind, rng):
    first, second = draw(rng, 2), draw(rng, 5)
    expected = 0.3 * first.formed() + 0.7 * second.formed()
    total = weighted_sum([kind(first), kind(second)], [0.3, 0.7])
    np.testing.assert_allclose(np.asarray(total), expected)


def test_a_sum_of_products_in_float32_stays_so(rng):
    x, dy = rng.random((2, 3), np.float32), rng.random((2, 4), np.float32)
    total = weighted_sum([Product(x, dy), Product(x, dy)], [0.5, 0.5])
    assert formed({"weight": total})["weight"].dtype == np.float32

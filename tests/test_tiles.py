"""Weights laid out for products with few rows: the same numbers, whatever the number of rows."""

import numpy as np
import pytest

from vae_core import tiles
from vae_core.layers import Chain, Linear, Tanh
from vae_core.tiles import ByRows, Tiled, tiled


@pytest.mark.parametrize("kind", [Tiled, ByRows])
@pytest.mark.parametrize("rows", [0, 1, 2, 3, 4, 5, 12, 17, 40, 400])
@pytest.mark.parametrize("shape", [(384, 640), (1000, 130), (3, 5), (70, 64)])
def test_a_weight_laid_out_multiplies_like_the_weight(kind, rows, shape, rng):
    weight = rng.standard_normal(shape, np.float32)
    x = rng.standard_normal((rows, shape[0]), np.float32)
    y = x @ kind(weight)
    assert y.dtype == np.float32
    np.testing.assert_allclose(y, x @ weight, atol=2e-4)
    back = y @ kind(weight).T
    assert back.dtype == np.float32
    np.testing.assert_allclose(back, y @ weight.T, rtol=1e-4, atol=0.1)


@pytest.mark.parametrize("kind", [Tiled, ByRows])
@pytest.mark.parametrize("rows", [1, 2, 12])
def test_a_product_is_as_exact_as_its_factors(kind, rows, rng):
    weight, x = rng.standard_normal((30, 40)), rng.standard_normal((rows, 30), np.float32)
    assert (x @ kind(weight)).dtype == np.float64


def test_few_rows_are_multiplied_by_the_tiles_and_many_by_the_weight(rng):
    weight = rng.standard_normal((1000, 128), np.float32)
    tile = Tiled(weight)
    tile.stretches = 2 * tile.stretches
    for rows, doubled in ((1, False), (12, True), (20, True), (62, True), (63, False)):
        x = rng.standard_normal((rows, 1000), np.float32)
        np.testing.assert_allclose(x @ tile, (1 + doubled) * (x @ weight), atol=5e-4)


def test_two_rows_go_one_by_one_where_a_blas_copies(rng):
    """As vectors, to the last bit."""
    weight = rng.standard_normal((1000, 300), np.float32)
    x = rng.standard_normal((2, 1000), np.float32)
    np.testing.assert_array_equal(x @ ByRows(weight), [x[0] @ weight, x[1] @ weight])


@pytest.mark.parametrize(("leaves", "kind"), [(True, Tiled), (False, ByRows)])
def test_large_linear_layers_are_laid_out_and_nothing_else(leaves, kind, rng, monkeypatch):
    monkeypatch.setattr(tiles, "leaves_small_matrices", lambda: leaves)
    chain = Chain({"small": Linear(4, 1000), "tanh": Tanh(), "large": Linear(1000, 300)})
    params = {name: p.astype(np.float32) for name, p in chain.init(rng).items()}
    laid_out = tiled(chain, params)
    assert {name for name, p in laid_out.items() if isinstance(p, kind)} == {"large.weight"}
    assert laid_out.keys() == params.keys()
    z = rng.standard_normal((11, 4), np.float32)
    np.testing.assert_allclose(
        chain.forward(laid_out, z)[0], chain.forward(params, z)[0], atol=1e-5
    )
    assert tiled(Linear(1000, 300), {}) == {}
    assert tiles.LARGE <= 300_000

"""Every layer: its gradient, and the contract that all layers keep."""

from dataclasses import dataclass

import numpy as np
import pytest

from tests.gradients import check_layer
from vae_core.layers import (
    AcrossPlaces,
    Chain,
    Conv2d,
    DepthToSpace,
    Flatten,
    LeakyRelu,
    Linear,
    MaskedLinear,
    Reshape,
    Residual,
    Resize,
    Sigmoid,
    Silu,
    Softplus,
    SpaceToDepth,
    Tanh,
    TiledConv2d,
    input_grad,
    param_grads,
)
from vae_core.model import cast
from vae_core.products import formed

CASES = [
    (Linear(5, 3), (4, 5)),
    (Linear(1, 7), (1, 1)),
    (MaskedLinear((1, 2, 3, 0), (0, 1, 2)), (4, 4)),
    (Tanh(), (4, 5)),
    (Sigmoid(), (4, 5)),
    (Softplus(), (4, 5)),
    (Silu(), (4, 5)),
    (LeakyRelu(), (4, 5)),
    (LeakyRelu(0.2), (4, 5)),
    (Flatten(), (3, 4, 5, 2)),
    (Reshape((2, 3)), (4, 6)),
    (Conv2d(3, 4), (2, 5, 6, 3)),
    (Conv2d(2, 3, kernel=4, stride=2), (2, 8, 6, 2)),
    (Conv2d(2, 3, kernel=3, stride=2), (1, 8, 8, 2)),
    (Conv2d(3, 2, kernel=1, pad=0), (2, 3, 3, 3)),
    (Conv2d(2, 2, kernel=3, stride=3, pad=0), (2, 7, 7, 2)),
    (TiledConv2d(2, 3), (8, 8, 8, 2)),
    (TiledConv2d(3, 2), (1, 21, 22, 3)),
    (AcrossPlaces((3, 2), (2, 4)), (2, 3, 2, 3)),
    (SpaceToDepth(2), (2, 4, 6, 3)),
    (DepthToSpace(3), (2, 2, 3, 18)),
    (Resize((8, 6), (4, 3)), (2, 8, 6, 3)),
    (Resize((4, 5), (8, 15)), (2, 4, 5, 2)),
    (Chain({"a": Linear(5, 4), "b": Tanh(), "c": Linear(4, 3)}), (2, 5)),
    (Chain({"outer": Chain({"a": Linear(2, 2)}), "b": Linear(2, 2)}), (3, 2)),
    (Residual(Chain({"a": Linear(4, 4), "b": Tanh()})), (3, 4)),
    (Residual(Conv2d(2, 2)), (2, 4, 5, 2)),
]

WITH_PARAMS = [case for case in CASES if case[0].init(np.random.default_rng(0))]

IDS = [f"{type(layer).__name__}-{i}" for i, (layer, _) in enumerate(CASES)]


@pytest.mark.parametrize(("layer", "shape"), CASES, ids=IDS)
def test_gradients(layer, shape, rng):
    check_layer(layer, rng.standard_normal(shape), rng)


@pytest.mark.parametrize(("layer", "shape"), CASES, ids=IDS)
def test_float32_in_float32_out(layer, shape, rng):
    params = cast(layer.init(rng))
    y, cache = layer.forward(params, rng.standard_normal(shape, np.float32))
    dx, grads = layer.backward(params, cache, np.ones_like(y))
    assert {a.dtype for a in (y, dx, *formed(grads).values())} == {np.dtype(np.float32)}


@pytest.mark.parametrize(("layer", "shape"), CASES, ids=IDS)
def test_examples_do_not_mix(layer, shape, rng):
    params = layer.init(rng)
    x = rng.standard_normal((3, *shape[1:]))
    together, _ = layer.forward(params, x)
    apart = np.concatenate([layer.forward(params, x[i : i + 1])[0] for i in range(3)])
    np.testing.assert_allclose(together, apart, rtol=1e-12)


@pytest.mark.parametrize(("layer", "shape"), CASES, ids=IDS)
def test_the_input_is_left_as_it_was(layer, shape, rng):
    params, x = layer.init(rng), rng.standard_normal(shape)
    before = x.copy()
    y, cache = layer.forward(params, x)
    layer.backward(params, cache, np.ones_like(y))
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize(("layer", "shape"), CASES, ids=IDS)
def test_the_gradient_of_the_input_alone_is_the_same(layer, shape, rng):
    params, x = layer.init(rng), rng.standard_normal(shape)
    y, cache = layer.forward(params, x)
    dy = rng.standard_normal(y.shape)
    dx, _ = layer.backward(params, cache, dy)
    np.testing.assert_array_equal(input_grad(layer, params, cache, dy), dx)


@pytest.mark.parametrize(("layer", "shape"), WITH_PARAMS, ids=repr)
def test_gradients_of_the_parameters_alone_are_the_same(layer, shape, rng):
    params, x = layer.init(rng), rng.standard_normal(shape)
    y, cache = layer.forward(params, x)
    dy = rng.standard_normal(y.shape)
    _, grads = layer.backward(params, cache, dy)
    alone = param_grads(layer, params, cache, dy)
    assert alone.keys() == grads.keys()
    for name, grad in grads.items():
        np.testing.assert_array_equal(alone[name], grad)


@dataclass(frozen=True)
class SlightlyWrong:
    """A Linear whose bias gradient is off by one part in a thousand."""

    linear: Linear

    def init(self, rng):
        return self.linear.init(rng)

    def forward(self, params, x):
        return self.linear.forward(params, x)

    def backward(self, params, cache, dy):
        dx, grads = self.linear.backward(params, cache, dy)
        return dx, grads | {"bias": 1.001 * grads["bias"]}


def test_the_check_catches_a_wrong_gradient(rng):
    with pytest.raises(AssertionError):
        check_layer(SlightlyWrong(Linear(5, 3)), rng.standard_normal((4, 5)), rng)


@pytest.mark.parametrize("layer", [Sigmoid(), Softplus(), Silu()])
def test_large_arguments_neither_overflow_nor_lose_the_answer(layer):
    y, _ = layer.forward({}, np.array([[-1e4, 1e4]], np.float32))
    assert np.isfinite(y).all()
    assert y[0, 0] == pytest.approx(0, abs=1e-6)


def test_depth_to_space_undoes_space_to_depth(rng):
    x = rng.standard_normal((2, 6, 9, 2))
    there, _ = SpaceToDepth(3).forward({}, x)
    back, _ = DepthToSpace(3).forward({}, there)
    np.testing.assert_array_equal(back, x)


def test_a_gathered_place_holds_its_block(rng):
    x = rng.standard_normal((1, 4, 6, 2))
    y, _ = SpaceToDepth(2).forward({}, x)
    np.testing.assert_array_equal(y[0, 1, 2], x[0, 2:4, 4:6].ravel())


@pytest.mark.parametrize(
    "shape", [(8, 8, 8, 3), (11, 5, 3, 3), (16, 1, 6, 3), (1, 4, 4, 3)], ids=str
)
def test_a_convolution_in_tiles_is_the_convolution(shape, rng):
    plain, tiled = Conv2d(3, 4), TiledConv2d(3, 4)
    params, x = tiled.init(rng), rng.standard_normal(shape)
    (y, cache), (expected, plain_cache) = tiled.forward(params, x), plain.forward(params, x)
    np.testing.assert_allclose(y, expected, atol=1e-12)
    dx, grads = tiled.backward(params, cache, y)
    expected_dx, expected_grads = plain.backward(params, plain_cache, y)
    np.testing.assert_allclose(dx, expected_dx, atol=1e-12)
    for name, grad in grads.items():
        np.testing.assert_allclose(grad, expected_grads[name], atol=1e-11)


def test_in_float32_tiles_cost_no_more_than_the_fifth_digit(rng):
    layer = TiledConv2d(96, 96)
    params, x = cast(layer.init(rng)), rng.standard_normal((2, 16, 16, 96), np.float32)
    exact, _ = Conv2d(96, 96).forward(cast(params, "float64"), x.astype(np.float64))
    np.testing.assert_allclose(layer.forward(params, x)[0], exact, atol=1e-4)

"""Adam: the first step, the formula, and what the update may not depend on."""

import math
import sys
from copy import deepcopy

import numpy as np
import pytest

from vae_core import kernels, optim
from vae_core.optim import Adam
from vae_core.products import Product, formed

SHAPES = {"weight": (30, 7), "bias": (7,), "kernel": (3, 3, 2, 5), "scale": ()}


def draw(rng, dtype=np.float64):
    return {name: np.asarray(rng.standard_normal(shape), dtype) for name, shape in SHAPES.items()}


def copies(arrays):
    return {name: a.copy() for name, a in arrays.items()}


def plain_adam(params, gradients, lr, adam):
    """Algorithm 1 of arXiv:1412.6980 line by line, in float64."""
    params = {name: p.astype(np.float64) for name, p in params.items()}
    m = {name: np.zeros_like(p) for name, p in params.items()}
    v = {name: np.zeros_like(p) for name, p in params.items()}
    for t, grads in enumerate(gradients, 1):
        for name, g in grads.items():
            g = g.astype(np.float64)
            m[name] = adam.beta1 * m[name] + (1 - adam.beta1) * g
            v[name] = adam.beta2 * v[name] + (1 - adam.beta2) * g**2
            unbiased_m = m[name] / (1 - adam.beta1**t)
            unbiased_v = v[name] / (1 - adam.beta2**t)
            params[name] = params[name] - lr * unbiased_m / (np.sqrt(unbiased_v) + adam.eps)
    return params


def run(params, gradients, lr):
    params, adam = copies(params), Adam()
    state = adam.init(params)
    for grads in gradients:
        adam.update(params, copies(grads), state, lr)
    return params, state


def test_the_first_step_of_every_parameter_has_length_lr(rng):
    """And goes against the gradient, however steep that is."""
    before, lr = draw(rng), 0.01
    for scale in (1e-2, 1.0, 1e6):
        grads = {name: scale * (np.sign(p) + 0.1 * p) for name, p in before.items()}
        after, _ = run(before, [grads], lr)
        for name, p in after.items():
            step = p - before[name]
            np.testing.assert_allclose(step, -lr * np.sign(grads[name]), rtol=2e-4)


@pytest.mark.parametrize(("dtype", "rtol", "atol"), [(np.float64, 1e-12, 0), (np.float32, 0, 2e-6)])
def test_many_steps_equal_the_plain_formula(dtype, rtol, atol, rng):
    params = draw(rng, dtype)
    gradients = [draw(rng, dtype) for _ in range(200)]
    ours, _ = run(params, gradients, 1e-3)
    for name, reference in plain_adam(params, gradients, 1e-3, Adam()).items():
        assert ours[name].dtype == dtype
        np.testing.assert_allclose(ours[name], reference, rtol=rtol, atol=atol)


@pytest.mark.parametrize("block", [1, 7, 64, 65_536])
@pytest.mark.parametrize("threads", [1, 2, 5])
def test_neither_blocks_nor_threads_change_a_bit(block, threads, rng, monkeypatch):
    params = draw(rng, np.float32)
    gradients = [draw(rng, np.float32) for _ in range(3)]
    expected, expected_state = run(params, gradients, 1e-3)
    monkeypatch.setattr(optim, "BLOCK", block)
    monkeypatch.setattr(optim, "_threads", lambda: threads)
    ours, state = run(params, gradients, 1e-3)
    for name in SHAPES:
        np.testing.assert_array_equal(ours[name], expected[name], strict=True)
        np.testing.assert_array_equal(
            state.gradient[name], expected_state.gradient[name], strict=True
        )
        np.testing.assert_array_equal(state.square[name], expected_state.square[name], strict=True)


@pytest.fixture
def compiled(monkeypatch):
    """Let Numba update even a few numbers, and return what forbids it."""
    pytest.importorskip("numba")
    monkeypatch.setattr(optim, "WORTHWHILE", 0)
    return lambda: monkeypatch.setattr(kernels, "adam_on_cpu", lambda: None)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numba_gives_the_same_bits_as_numpy(dtype, rng, compiled):
    params = draw(rng, dtype)
    product = Product(*(rng.standard_normal((5, n)).astype(dtype) for n in SHAPES["weight"]))
    gradients = [draw(rng, dtype) | {"weight": product} for _ in range(3)]
    results = []
    for numba in (True, False):
        if not numba:
            compiled()
        ours, adam = copies(params), Adam()
        state = adam.init(ours)
        for grads in deepcopy(gradients):
            adam.update(ours, grads, state, 1e-3, {"bias": 2.0})
        results.append([*ours.values(), *state.gradient.values(), *state.square.values()])
    for with_numba, without in zip(*results, strict=True):
        np.testing.assert_array_equal(with_numba, without, strict=True)


def test_numba_is_asked_for_many_numbers_only(monkeypatch):
    monkeypatch.setattr(kernels, "adam_on_cpu", lambda: "numba")
    assert optim._kernel(cpu=True, numbers=optim.WORTHWHILE) == "numba"
    assert optim._kernel(cpu=True, numbers=optim.WORTHWHILE - 1) is None


def test_without_numba_there_is_no_kernel(monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)
    assert kernels.adam_on_cpu.__wrapped__() is None


@pytest.mark.parametrize("block", [1, 7, 30, 65_536])
def test_a_product_is_used_as_the_array_that_it_stands_for(block, rng, monkeypatch):
    params = {"weight": rng.standard_normal((30, 7))}
    products = [
        {"weight": Product(rng.standard_normal((5, 30)), rng.standard_normal((5, 7)))}
        for _ in range(3)
    ]
    expected, expected_state = run(params, [formed(p) for p in products], 1e-3)
    monkeypatch.setattr(optim, "BLOCK", block)
    ours, state = params, Adam().init(params)
    for grads in products:
        Adam().update(ours, grads, state, 1e-3)
    np.testing.assert_allclose(ours["weight"], expected["weight"], rtol=1e-12)
    np.testing.assert_allclose(state.square["weight"], expected_state.square["weight"], rtol=1e-12)


def test_an_array_of_several_blocks_is_updated_to_its_end(rng):
    params = {"weight": np.zeros(2 * optim.BLOCK + 3, np.float32)}
    after, _ = run(params, [{"weight": np.ones_like(params["weight"])}], 0.5)
    np.testing.assert_allclose(after["weight"], -0.5, rtol=1e-5)


def test_the_state_counts_the_updates_and_has_the_keys_of_the_parameters(rng):
    params = draw(rng)
    _, state = run(params, [draw(rng)] * 3, 1e-3)
    assert state.step == 3
    assert state.gradient.keys() == state.square.keys() == params.keys()


def test_a_parameter_without_a_gradient_stays(rng):
    params, grads = draw(rng), draw(rng)
    del grads["bias"]
    after, _ = run(params, [grads], 1e-3)
    np.testing.assert_array_equal(after["bias"], params["bias"])
    assert (after["weight"] != params["weight"]).all()


def test_a_gradient_of_no_parameter_is_an_error(rng):
    with pytest.raises(KeyError, match="surprise"):
        run(draw(rng), [{"surprise": np.ones(3)}], 1e-3)


def test_a_parameter_that_is_not_contiguous_is_refused_rather_than_left_as_it_was(rng):
    transposed = {"weight": rng.standard_normal((4, 3)).T}
    adam = Adam()
    with pytest.raises(ValueError, match="copy"):
        adam.update(transposed, {"weight": np.ones((3, 4))}, adam.init(transposed), 1e-3)


def test_without_gradient_there_is_no_step_and_no_division_by_zero():
    after, _ = run({"bias": np.ones(3)}, [{"bias": np.zeros(3)}], 0.1)
    np.testing.assert_array_equal(after["bias"], 1)


def test_the_minimum_of_a_parabola_is_found():
    params, adam = {"x": np.array([3.0, -2.0])}, Adam()
    state = adam.init(params)
    for step in range(500):
        lr = 0.1 * 0.5 * (1 + math.cos(math.pi * step / 500))
        adam.update(params, {"x": 2 * params["x"]}, state, lr)
    np.testing.assert_allclose(params["x"], 0, atol=1e-3)

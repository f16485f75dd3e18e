"""On a GPU the steps are the same ones. Only runs where CuPy finds a GPU."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from vae_core.bounds import bound_and_grads
from vae_core.finder.training import LESSONS, NEW
from vae_core.finder.training_sets import FACE
from vae_core.model import VAEConfig, build_vae, cast
from vae_core.optim import Adam
from vae_core.products import formed
from vae_core.train_state import TrainState
from vae_core.types import unscope

cupy = pytest.importorskip("cupy")
if not cupy.is_available():
    pytest.skip("CuPy finds no GPU", allow_module_level=True)

CONV = VAEConfig((32, 32, 3), 16, (8, 12), "coloured", architecture="conv", blocks=(1, 1), scale=2)
MODELS = {
    "squared error": VAEConfig((12, 12, 1), 5, (20,)),
    "gaussian": VAEConfig((12, 12, 1), 5, (20,), likelihood="gaussian"),
    "bernoulli": VAEConfig((12, 12, 1), 5, (20,), likelihood="bernoulli", activation="silu"),
    "flow": VAEConfig((12, 12, 1), 5, (20,), flow=(16,)),
    "conv": CONV,
    "mixer": replace(CONV, architecture="mixer"),
}


def on_gpu(*arrays):
    return [cupy.asarray(a) for a in arrays]


def assert_alike(gpu, cpu):
    assert gpu.keys() == cpu.keys()
    for name, g in gpu.items():
        assert g.dtype == cpu[name].dtype, name
        scale = np.abs(cpu[name]).max() + 1e-6
        np.testing.assert_allclose(
            cupy.asnumpy(g) / scale, cpu[name] / scale, atol=2e-4, err_msg=name
        )


def assert_same_step(step, vae, x, eps, beta, rng):
    """Losses and gradients are the CPU's."""
    params = cast(vae.init(rng))
    losses, grads = step(params, x, eps, beta)
    gpu = {name: cupy.asarray(p) for name, p in params.items()}
    gpu_losses, gpu_grads = step(gpu, *on_gpu(x, eps), beta)
    np.testing.assert_allclose(gpu_losses, losses, rtol=1e-4)
    assert_alike(formed(gpu_grads), formed(grads))


@pytest.mark.parametrize("config", MODELS.values(), ids=MODELS)
def test_a_step_is_the_cpu_s(config, rng):
    config = config.inner
    vae = build_vae(config)
    x = rng.random((6, *config.image), np.float32)
    eps = rng.standard_normal((6, config.latent), np.float32)
    assert_same_step(vae.loss_and_grads, vae, x, eps, 0.5, rng)


def test_several_draws_are_the_cpu_s(rng):
    vae = build_vae(MODELS["bernoulli"])
    x = rng.random((6, 12, 12, 1), np.float32)
    eps = rng.standard_normal((6, 3, 5), np.float32)
    assert_same_step(partial(bound_and_grads, vae), vae, x, eps, 1.0, rng)


def test_adam_is_the_cpu_s(rng):
    vae = build_vae(MODELS["gaussian"])
    params = cast(vae.init(rng))
    x = rng.random((6, 12, 12, 1), np.float32)
    eps = rng.standard_normal((6, 5), np.float32)
    copies = [{k: p.copy() for k, p in params.items()} for _ in range(2)]
    states = [TrainState(copy, Adam().init(copy)) for copy in copies]
    states[1].move("cuda")
    for state, given in zip(states, ((x, eps), on_gpu(x, eps)), strict=True):
        for _ in range(5):
            _, grads = vae.loss_and_grads(state.params, *given, 1.0)
            Adam().update(state.params, grads, state.adam, 1e-3)
    for name, p in states[1].params.items():
        np.testing.assert_allclose(cupy.asnumpy(p), states[0].params[name], atol=2e-4, err_msg=name)


@pytest.mark.parametrize("kind", LESSONS)
def test_the_finder_s_steps_are_the_cpu_s(kind, rng):
    size = 128 if kind == "scout" else 64
    params = cast(NEW[kind](rng))
    x = rng.uniform(-1, 1, (4, size, size, 3)).astype(np.float32)
    faces = np.zeros((4, 3) if kind == "scout" else 4, FACE)
    faces["species"] = rng.integers(-1, 2, faces.shape)
    faces["sure"], faces["size"], faces["weight"] = True, 15, 1
    faces["centre"] = rng.uniform(20, size - 20, (*faces.shape, 2))
    faces["points"] = faces["centre"][..., None, :] + rng.uniform(-9, 9, (*faces.shape, 4, 2))
    *losses, grads = LESSONS[kind].step(params, x, faces)
    gpu = {name: cupy.asarray(p) for name, p in params.items()}
    *gpu_losses, gpu_grads = LESSONS[kind].step(gpu, cupy.asarray(x), faces)
    np.testing.assert_allclose(gpu_losses, losses, rtol=1e-3)
    assert_alike(unscope(formed(gpu_grads), kind), unscope(formed(grads), kind))

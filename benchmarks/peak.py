"""How fast this machine multiplies matrices, to hold what a program does against."""

import math
from collections.abc import Callable

import numpy as np

from benchmarks.measure import Contender, Times, spread
from vae_core.checkpoint import Checkpoint
from vae_core.layers import AcrossPlaces, Chain, Conv2d, Layer, Linear, Residual, TiledConv2d
from vae_core.morph import KEYS
from vae_core.types import Array, Params, scope

SIDE = 1024
PRODUCT = 2 * SIDE**3
"""Additions and multiplications of the square product that counts as the peak."""


def contender(threads: int) -> Contender:
    return Contender(f"{SIDE} x {SIDE} float32 product", f"{__name__}:product", (), threads)


def product() -> Callable[[], object]:
    a = np.random.default_rng(0).random((SIDE, SIDE), np.float32)
    out = np.empty_like(a)
    return lambda: np.matmul(a, a, out=out)


def at_peak(operations: float, peak: Times) -> str:
    """Return how long so many operations last at the peak, ms."""
    return spread([1000 * operations / PRODUCT * t for t in peak.turns])


def share_of_peak(operations: float, times: Times, peak: Times) -> str:
    """Return how near so many operations in that time come to the peak, in per cent."""
    pairs = zip(times.turns, peak.turns, strict=True)
    return f"{spread([100 * operations / PRODUCT * p / t for t, p in pairs])} %"


def step_operations(layers: tuple[Chain, Chain], inputs: tuple[int, int], batch: int) -> int:
    """Return those of a training step's products: forward, and twice that backward.

    The gradient in the picture is not needed, so its first product has one less.
    """
    total = sum(3 * counted(net, width) for net, width in zip(layers, inputs, strict=True))
    first = next(layer for layer in layers[0].layers.values() if isinstance(layer, Linear))
    return batch * (total - 2 * first.inputs * first.outputs)


def counted(network: Layer, width: int) -> int:
    """Return the operations of an MLP for one example of so many numbers."""
    return operations(network, network.init(np.random.default_rng(0)), np.zeros((1, width)))[1]


def morph_operations(checkpoint: Checkpoint, frames: int) -> int:
    """Return those of encoding two photos, refining their latents, and decoding the way.

    Products as they are written, convolutions pixel by pixel.
    """
    inner, how = checkpoint.inner, checkpoint.refinement
    x = np.zeros((1, *inner.config.image), np.float32)
    z = np.zeros((1, inner.config.latent), np.float32)
    params = inner.vae.of_means(inner.params)
    encoder = operations(inner.vae.encoder, scope(params, "encoder"), x)[1]
    decoder = operations(inner.vae.decoder, scope(params, "decoder"), z)[1]
    refining = (2 * how.steps + 1) * decoder if how else 0
    ends = 2 if how and frames > KEYS else 0  # refining has shown them
    return 2 * (encoder + refining) + (min(frames, KEYS) - ends) * decoder


def operations(layer: Layer, params: Params, x: Array) -> tuple[Array, int]:
    """Return a layer's output for one example, and what its products add and multiply."""
    if isinstance(layer, Chain):
        total = 0
        for name, each in layer.layers.items():
            x, count = operations(each, scope(params, name), x)
            total += count
        return x, total
    if isinstance(layer, Residual):
        return operations(layer.inner, params, x)
    y, _ = layer.forward(params, x)
    if isinstance(layer, Linear):
        return y, 2 * y.size * layer.inputs
    if isinstance(layer, AcrossPlaces):
        return y, 2 * y.size * math.prod(layer.inputs)
    if isinstance(layer, Conv2d):
        return y, 2 * y.size * layer.kernel**2 * layer.inputs
    if isinstance(layer, TiledConv2d):
        return y, 2 * y.size * 9 * layer.inputs
    return y, 0

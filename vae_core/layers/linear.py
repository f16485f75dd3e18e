"""The affine layer."""

import math
from dataclasses import dataclass

import numpy as np

from vae_core.backend import on_cpu
from vae_core.products import Grads, Product
from vae_core.types import Array, Cache, Params, Rng


def fan_in_uniform(rng: Rng, fan_in: int, shape: tuple[int, ...]) -> Array:
    """Draw weights from U(-1/sqrt(fan_in), 1/sqrt(fan_in)), the article's and PyTorch's choice."""
    bound = 1 / math.sqrt(fan_in)
    return rng.uniform(-bound, bound, shape)


def he_uniform(rng: Rng, fan_in: int, shape: tuple[int, ...]) -> Array:
    """Draw weights of He's standard deviation sqrt(2 / fan_in) (arXiv:1502.01852)."""
    bound = math.sqrt(6 / fan_in)
    return rng.uniform(-bound, bound, shape)


def in_fours(x: Array) -> Array:
    """Return x, (N, A), with rows of zeros below if N is no multiple of 4.

    OpenBLAS goes through rows by fours, and takes longer over 11 of them than over 12. A single
    row has a way of its own.
    """
    missing = -len(x) % 4
    if not missing or len(x) == 1:
        return x
    return np.concatenate([x, np.zeros((missing, x.shape[1]), x.dtype)])


def few_by_many(x: Array, weight: Array) -> Array:
    """Return x W, (N, A) times (A, B): in fours, unless on a GPU or laid out for few rows."""
    rows = in_fours(x) if on_cpu(weight) else x
    y: Array = (rows @ weight)[: len(x)]
    return y


@dataclass(frozen=True)
class Linear:
    """y = x W + b, (N, inputs) -> (N, outputs)."""

    inputs: int
    outputs: int

    def init(self, rng: Rng) -> Params:
        """Draw W and b as :func:`fan_in_uniform`."""
        return {
            "weight": fan_in_uniform(rng, self.inputs, (self.inputs, self.outputs)),
            "bias": fan_in_uniform(rng, self.inputs, (self.outputs,)),
        }

    def forward(self, params: Params, x: Array) -> tuple[Array, Cache]:
        """(N, inputs) -> (N, outputs)."""
        y = few_by_many(x, params["weight"])
        y += params["bias"]
        return y, x

    def backward(self, params: Params, cache: Cache, dy: Array) -> tuple[Array, Grads]:
        """Return dx = dy W^T, dW = x^T dy, db = sum of dy over the batch."""
        return self.input_grad(params, cache, dy), self.param_grads(params, cache, dy)

    def input_grad(self, params: Params, cache: Cache, dy: Array) -> Array:
        """Dx alone."""
        dx: Array = dy @ params["weight"].T
        return dx

    def param_grads(self, params: Params, cache: Cache, dy: Array) -> Grads:
        """DW and db alone."""
        x = cache
        return {"weight": Product(x, dy), "bias": dy.sum(axis=0)}


@dataclass(frozen=True)
class AcrossPlaces:
    """y = W^T x + b across the places of a grid, for each channel the same (arXiv:2105.01601).

    (N, h, w, C) -> (N, H, W, C), from a grid ``inputs``, (h, w), to a grid ``outputs``, (H, W).
    """

    inputs: tuple[int, int]
    outputs: tuple[int, int]

    def init(self, rng: Rng) -> Params:
        """Draw W as :func:`he_uniform`; b is zero."""
        places, after = math.prod(self.inputs), math.prod(self.outputs)
        return {"weight": he_uniform(rng, places, (places, after)), "bias": np.zeros(after)}

    def forward(self, params: Params, x: Array) -> tuple[Array, Cache]:
        """(N, h, w, C) -> (N, H, W, C)."""
        flat = x.reshape(len(x), -1, x.shape[-1])
        y = params["weight"].T @ flat
        y += params["bias"][:, None]
        return y.reshape(len(x), *self.outputs, -1), flat

    def backward(self, params: Params, cache: Cache, dy: Array) -> tuple[Array, Params]:
        """Return dx = W dy, dW = sum of x dy^T and db = sum of dy over batch and channels."""
        return self.input_grad(params, cache, dy), self.param_grads(params, cache, dy)

    def input_grad(self, params: Params, cache: Cache, dy: Array) -> Array:
        """Dx alone."""
        dx: Array = params["weight"] @ dy.reshape(len(dy), -1, dy.shape[-1])
        return dx.reshape(len(dy), *self.inputs, -1)

    def param_grads(self, params: Params, cache: Cache, dy: Array) -> Params:
        """DW and db alone."""
        flat = dy.reshape(len(dy), -1, dy.shape[-1])
        weight = (cache @ flat.transpose(0, 2, 1)).sum(axis=0)
        return {"weight": weight, "bias": flat.sum(axis=(0, 2))}


@dataclass(frozen=True)
class Flatten:
    """(N, H, W, C) -> (N, H*W*C)."""

    def init(self, rng: Rng) -> Params:
        """No parameters."""
        return {}

    def forward(self, params: Params, x: Array) -> tuple[Array, Cache]:
        """Lay every picture out in a row."""
        return x.reshape(len(x), -1), x.shape

    def backward(self, params: Params, cache: Cache, dy: Array) -> tuple[Array, Params]:
        """Give the gradient the shape of the picture."""
        return dy.reshape(cache), {}


@dataclass(frozen=True)
class Reshape:
    """(N, prod(shape)) -> (N, *shape)."""

    shape: tuple[int, ...]

    def init(self, rng: Rng) -> Params:
        """No parameters."""
        return {}

    def forward(self, params: Params, x: Array) -> tuple[Array, Cache]:
        """Give every row the shape of a picture."""
        return x.reshape(len(x), *self.shape), None

    def backward(self, params: Params, cache: Cache, dy: Array) -> tuple[Array, Params]:
        """Lay the gradient out in rows again."""
        return dy.reshape(len(dy), math.prod(self.shape)), {}

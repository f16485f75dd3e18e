"""Convolution: unfold, then one matrix product. Its backward pass: one product, then fold."""

from dataclasses import dataclass

import numpy as np

from vae_core.layers.linear import he_uniform
from vae_core.patches import fold, unfold
from vae_core.products import column_sums, tall_product
from vae_core.types import Array, Cache, Params, Rng


@dataclass(frozen=True)
class Conv2d:
    """Cross-correlation with a k x k kernel: (N, H, W, inputs) -> (N, h, w, outputs)."""

    inputs: int
    outputs: int
    kernel: int = 3
    stride: int = 1
    pad: int = 1

    def init(self, rng: Rng) -> Params:
        """Draw W as :func:`he_uniform`; b is zero."""
        fan_in = self.kernel * self.kernel * self.inputs
        weight = he_uniform(rng, fan_in, (fan_in, self.outputs))
        return {"weight": weight, "bias": np.zeros(self.outputs)}

    def forward(self, params: Params, x: Array) -> tuple[Array, Cache]:
        """Return y = unfold(x) W + b."""
        rows = unfold(x, self.kernel, self.stride, self.pad)
        flat = rows.reshape(-1, rows.shape[-1])
        y = flat @ params["weight"]
        y += params["bias"]
        return y.reshape(*rows.shape[:3], self.outputs), (flat, x.shape)

    def backward(self, params: Params, cache: Cache, dy: Array) -> tuple[Array, Params]:
        """Return dx = fold(dy W^T), dW = unfold(x)^T dy, db = sum of dy over batch and places."""
        return self.input_grad(params, cache, dy), self.param_grads(params, cache, dy)

    def input_grad(self, params: Params, cache: Cache, dy: Array) -> Array:
        """Dx alone."""
        _, shape = cache
        drows = (dy.reshape(-1, self.outputs) @ params["weight"].T).reshape(*dy.shape[:3], -1)
        return fold(drows, shape[1:3], self.kernel, self.stride, self.pad)

    def param_grads(self, params: Params, cache: Cache, dy: Array) -> Params:
        """DW and db alone."""
        flat, _ = cache
        dflat = dy.reshape(-1, self.outputs)
        return {"weight": tall_product(flat, dflat), "bias": column_sums(dflat)}

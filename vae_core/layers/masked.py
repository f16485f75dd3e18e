"""An affine layer that keeps an order: what comes later is never seen (arXiv:1502.03509)."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from vae_core.backend import constant
from vae_core.layers.linear import Linear
from vae_core.products import formed
from vae_core.types import Array, Cache, Params, Rng


@dataclass(frozen=True)
class MaskedLinear:
    """y = x (W * M) + b, (N, inputs) -> (N, outputs).

    Output o sees input i only where degree[o] >= degree[i]; arXiv:1502.03509, eq. 8.
    """

    incoming: tuple[int, ...]
    """The degree of every input."""

    outgoing: tuple[int, ...]

    @property
    def linear(self) -> Linear:
        """The same without a mask."""
        return Linear(len(self.incoming), len(self.outgoing))

    @cached_property
    def mask(self) -> Array:
        """M, (inputs, outputs): whether an output sees an input."""
        return np.greater_equal.outer(self.outgoing, self.incoming).T

    def init(self, rng: Rng) -> Params:
        """Draw all of W; what the mask covers is never used."""
        return self.linear.init(rng)

    def forward(self, params: Params, x: Array) -> tuple[Array, Cache]:
        """(N, inputs) -> (N, outputs)."""
        return self.linear.forward(self.masked(params), x)

    def backward(self, params: Params, cache: Cache, dy: Array) -> tuple[Array, Params]:
        """Return dx = dy (W * M)^T, dW = (x^T dy) * M, db = sum of dy over the batch."""
        dx, grads = self.linear.backward(self.masked(params), cache, dy)
        return dx, self.masked(formed(grads))

    def masked(self, params: Params) -> Params:
        """Put zeros where the mask covers the weight."""
        return params | {"weight": params["weight"] * constant(self.mask, params["weight"])}

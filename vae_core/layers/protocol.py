"""What a layer is."""

from typing import Protocol

from vae_core.products import Grads
from vae_core.types import Array, Cache, Params, Rng


class Layer(Protocol):
    """A function with parameters, and its derivative.

    A layer is a frozen dataclass of sizes; it owns no arrays. Parameters come in as a flat
    ``dict``, and gradients go out under the same keys.
    """

    def init(self, rng: Rng) -> Params:
        """Draw initial parameters, in float64."""
        ...

    def forward(self, params: Params, x: Array) -> tuple[Array, Cache]:
        """Return the output, and what :meth:`backward` will need."""
        ...

    def backward(self, params: Params, cache: Cache, dy: Array) -> tuple[Array, Grads]:
        """Return dL/dx and dL/dparams, given dL/dy."""
        ...

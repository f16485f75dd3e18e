"""Elementwise nonlinearities. Each caches what makes its derivative cheapest, often its output."""

from dataclasses import dataclass

from vae_core.backend import array_module, fused
from vae_core.types import Array, Cache, Params, Rng


@fused
def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)), written with tanh so that no argument overflows."""
    y: Array = 0.5 * x
    array_module(y).tanh(y, out=y)
    y *= 0.5
    y += 0.5
    return y


def softplus(x: Array) -> Array:
    """log(1 + exp(x)), exact for large |x|."""
    xp = array_module(x)
    y: Array = xp.maximum(x, 0) + xp.log1p(xp.exp(-xp.abs(x)))
    return y


@dataclass(frozen=True)
class Elementwise:
    """A layer without parameters that acts on each number by itself."""

    def init(self, rng: Rng) -> Params:
        """No parameters."""
        return {}


@dataclass(frozen=True)
class Tanh(Elementwise):
    """y = tanh x."""

    def forward(self, params: Params, x: Array) -> tuple[Array, Cache]:
        """Any shape -> the same."""
        y = array_module(x).tanh(x)
        return y, y

    def backward(self, params: Params, cache: Cache, dy: Array) -> tuple[Array, Params]:
        """Return dx = dy (1 - y^2)."""
        return tanh_slope(cache, dy), {}


@fused
def tanh_slope(y: Array, dy: Array) -> Array:
    """Return dx = dy (1 - y^2)."""
    dx: Array = dy * (1 - y * y)
    return dx


@dataclass(frozen=True)
class Sigmoid(Elementwise):
    """y = 1 / (1 + exp(-x))."""

    def forward(self, params: Params, x: Array) -> tuple[Array, Cache]:
        """Any shape -> the same."""
        y = sigmoid(x)
        return y, y

    def backward(self, params: Params, cache: Cache, dy: Array) -> tuple[Array, Params]:
        """Return dx = dy y (1 - y)."""
        y = cache
        return dy * y * (1 - y), {}


@fused
def leaky(x: Array, slope: float) -> Array:
    """Return max(x, slope x)."""
    y = slope * x
    array_module(x).maximum(x, y, out=y)
    return y


@fused
def leaky_slope(y: Array, dy: Array, slope: float) -> Array:
    """Return dy where y is positive, slope * dy elsewhere, without asking one by one."""
    dx: Array = (y > 0).astype(dy.dtype)
    array_module(dy).maximum(dx, slope, out=dx)
    dx *= dy
    return dx


@dataclass(frozen=True)
class LeakyRelu(Elementwise):
    """y = x where x > 0, slope * x elsewhere, 0 <= slope < 1; slope 0 is the plain ReLU."""

    slope: float = 0.0

    def forward(self, params: Params, x: Array) -> tuple[Array, Cache]:
        """Any shape -> the same; y = max(x, slope x)."""
        y = leaky(x, self.slope)
        return y, y

    def backward(self, params: Params, cache: Cache, dy: Array) -> tuple[Array, Params]:
        """Return dx = dy where x > 0, which is where y > 0, and slope * dy elsewhere."""
        return leaky_slope(cache, dy, self.slope), {}


@dataclass(frozen=True)
class Softplus(Elementwise):
    """y = log(1 + exp x)."""

    def forward(self, params: Params, x: Array) -> tuple[Array, Cache]:
        """Any shape -> the same."""
        return softplus(x), x

    def backward(self, params: Params, cache: Cache, dy: Array) -> tuple[Array, Params]:
        """Return dx = dy sigmoid(x)."""
        x = cache
        return dy * sigmoid(x), {}


@dataclass(frozen=True)
class Silu(Elementwise):
    """y = x sigmoid(x) (arXiv:1702.03118)."""

    def forward(self, params: Params, x: Array) -> tuple[Array, Cache]:
        """Any shape -> the same."""
        gate = sigmoid(x)
        return x * gate, (x, gate)

    def backward(self, params: Params, cache: Cache, dy: Array) -> tuple[Array, Params]:
        """Return dx = dy (s + x s (1 - s)), s = sigmoid(x)."""
        x, gate = cache
        return dy * (gate + x * gate * (1 - gate)), {}

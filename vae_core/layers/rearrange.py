"""Pixels to channels and back: the two resamplings that lose nothing."""

from dataclasses import dataclass

from vae_core.types import Array, Cache, Params, Rng


def gather(x: Array, block: int) -> Array:
    """Lay every block of pixels along the channels: (N, H, W, C) -> (N, H/b, W/b, b*b*C)."""
    n, height, width, channels = x.shape
    h, w = height // block, width // block
    blocks = x.reshape(n, h, block, w, block, channels).transpose(0, 1, 3, 2, 4, 5)
    return blocks.reshape(n, h, w, block * block * channels)


def spread(x: Array, block: int) -> Array:
    """Undo :func:`gather`: (N, h, w, b*b*C) -> (N, h*b, w*b, C). It is also its adjoint."""
    n, h, w, depth = x.shape
    channels = depth // (block * block)
    blocks = x.reshape(n, h, w, block, block, channels).transpose(0, 1, 3, 2, 4, 5)
    return blocks.reshape(n, h * block, w * block, channels)


@dataclass(frozen=True)
class SpaceToDepth:
    """(N, H, W, C) -> (N, H/b, W/b, b*b*C).

    A 1 x 1 convolution after it is one of b x b and stride b.
    """

    block: int = 2

    def init(self, rng: Rng) -> Params:
        """No parameters."""
        return {}

    def forward(self, params: Params, x: Array) -> tuple[Array, Cache]:
        """Gather."""
        return gather(x, self.block), None

    def backward(self, params: Params, cache: Cache, dy: Array) -> tuple[Array, Params]:
        """Spread: the map is a permutation, so its transpose is its inverse."""
        return spread(dy, self.block), {}


@dataclass(frozen=True)
class DepthToSpace:
    """(N, h, w, b*b*C) -> (N, h*b, w*b, C): sub-pixel upsampling (arXiv:1609.05158)."""

    block: int = 2

    def init(self, rng: Rng) -> Params:
        """No parameters."""
        return {}

    def forward(self, params: Params, x: Array) -> tuple[Array, Cache]:
        """Spread."""
        return spread(x, self.block), None

    def backward(self, params: Params, cache: Cache, dy: Array) -> tuple[Array, Params]:
        """Gather."""
        return gather(dy, self.block), {}

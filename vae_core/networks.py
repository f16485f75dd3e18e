"""The encoders and decoders that a configuration can name, as chains of layers."""

import math
from collections.abc import Sequence
from typing import TypeAlias

from vae_core.layers import (
    AcrossPlaces,
    Chain,
    Conv2d,
    DepthToSpace,
    Flatten,
    Layer,
    LeakyRelu,
    Linear,
    Reshape,
    Residual,
    Resize,
    Silu,
    SpaceToDepth,
    Tanh,
    TiledConv2d,
)

Image: TypeAlias = tuple[int, int, int]
Networks: TypeAlias = tuple[Chain, Chain]
"""An encoder and a decoder."""

PATCH = 4
"""Pixels a side that the convolutional networks see as one place of their finest grid."""


ACTIVATIONS: dict[str, Layer] = {"tanh": Tanh(), "silu": Silu()}


def mlp_networks(
    image: Image, widths: Sequence[int], inputs: int, latent: int, activation: str = "tanh"
) -> Networks:
    """Return the article's: hidden layers of the given widths; the decoder mirrors the encoder."""
    pixels = math.prod(image)
    encoder = Chain({"flatten": Flatten(), **mlp((pixels, *widths, inputs), activation)})
    outward = mlp((latent, *reversed(widths), pixels), activation)
    return encoder, Chain({**outward, "picture": Reshape(image)})


def mlp(sizes: Sequence[int], activation: str) -> dict[str, Layer]:
    """Linear layers of the given widths, one of :data:`ACTIVATIONS` after each but the last.

    Named hidden1, tanh1, ..., out, and silu1 where that is the activation.
    """
    layers: dict[str, Layer] = {}
    *inner, last = range(len(sizes) - 1)
    for i in inner:
        layers[f"hidden{i + 1}"] = Linear(sizes[i], sizes[i + 1])
        layers[f"{activation}{i + 1}"] = ACTIVATIONS[activation]
    return layers | {"out": Linear(sizes[last], sizes[last + 1])}


def conv_networks(
    image: Image,
    widths: Sequence[int],
    blocks: Sequence[int],
    inputs: int,
    latent: int,
    scale: int = 1,
    mixing: bool = False,
) -> Networks:
    """Return convolutional networks on grids of patches, each half as fine as the one before.

    ``widths`` and ``blocks`` are channels and the decoder's residual blocks of every grid, the
    finest first; ``mixing`` makes them :func:`mixer_block`. Without its blocks the decoder, like
    the encoder, is a linear map: that is what :mod:`vae_core.linear_start` starts it from.
    ``scale`` > 1 shrinks pictures on their way in and enlarges them, smoothly, on their way out.
    """
    height, width, channels = image
    inner = (height // scale, width // scale)
    coarse = 2 ** (len(widths) - 1)
    grid = (inner[0] // PATCH // coarse, inner[1] // PATCH // coarse, widths[-1])
    resized = scale > 1
    shrink: dict[str, Layer] = {"shrink": Resize((height, width), inner)} if resized else {}
    enlarge: dict[str, Layer] = {"enlarge": Resize(inner, (height, width))} if resized else {}
    encoder = Chain(
        {
            **shrink,
            **downward(channels, widths),
            "flatten": Flatten(),
            "out": Linear(math.prod(grid), inputs),
        }
    )
    decoder = Chain(
        {
            "in": Linear(latent, math.prod(grid)),
            "grid": Reshape(grid),
            **upward(channels, widths, blocks, grid[:2], mixing),
            **enlarge,
        }
    )
    return encoder, decoder


def downward(channels: int, widths: Sequence[int]) -> dict[str, Layer]:
    """Pixels -> the coarsest grid: patches of pixels, then of places, each to so many channels."""
    layers: dict[str, Layer] = {}
    sides = (PATCH, *[2] * (len(widths) - 1))
    for level, (side, inputs, outputs) in enumerate(
        zip(sides, (channels, *widths), widths, strict=False)
    ):
        layers[f"gather{level}"] = SpaceToDepth(side)
        layers[f"down{level}"] = pointwise(side * side * inputs, outputs)
    return layers


def upward(
    channels: int,
    widths: Sequence[int],
    blocks: Sequence[int],
    coarsest: tuple[int, int],
    mixing: bool,
) -> dict[str, Layer]:
    """Undo :func:`downward`, with residual blocks on every grid. coarsest: its height and width."""
    layers: dict[str, Layer] = {}
    for level in reversed(range(len(widths))):
        finer = 2 ** (len(widths) - 1 - level)
        sides = (coarsest[0] * finer, coarsest[1] * finer)
        for i in range(blocks[level]):
            layers[f"block{level}{i}"] = (
                mixer_block(sides, widths[level]) if mixing else residual_block(widths[level])
            )
        side, outputs = (2, widths[level - 1]) if level else (PATCH, channels)
        layers[f"up{level}"] = pointwise(widths[level], side * side * outputs)
        layers[f"spread{level}"] = DepthToSpace(side)
    return layers


def residual_block(channels: int) -> Residual:
    """Return x + mix(leaky ReLU(conv(x))): with ``mix`` at zero it changes nothing."""
    return residual(TiledConv2d(channels, channels), pointwise(channels, channels))


def mixer_block(sides: tuple[int, int], channels: int) -> Chain:
    """Return what mixes all places of a grid, and then all channels (arXiv:2105.01601).

    A face is aligned, so that a place of the grid means the same in every picture. Two products
    see all of it, where 3 x 3 pixels take one that is larger and copies of them. In between there
    are twice as many places, and twice as many channels.
    """
    more = (2 * sides[0], sides[1])
    places = residual(AcrossPlaces(sides, more), AcrossPlaces(more, sides))
    own = residual(pointwise(channels, 2 * channels), pointwise(2 * channels, channels))
    return Chain({"places": places, "channels": own})


def residual(conv: Layer, mix: Layer) -> Residual:
    """Return x + mix(leaky ReLU(conv(x)))."""
    return Residual(Chain({"conv": conv, "relu": LeakyRelu(0.1), "mix": mix}))


def pointwise(inputs: int, outputs: int) -> Conv2d:
    """Return a product of every place's channels."""
    return Conv2d(inputs, outputs, kernel=1, pad=0)

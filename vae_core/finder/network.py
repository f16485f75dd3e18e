"""The finder's three networks.

The scout sees a whole picture at one scale and gives, for every cell of 8 x 8 pixels, two heat-map
logits (person, dog) and where the four landmarks of a face centred there would be. The reader sees
one candidate, brought upright in 64 x 64 pixels, and says what it is and where its landmarks are.
The gauge sees a face that is almost in its place, closer up, and measures the landmarks precisely.
"""

from functools import cache

import numpy as np

from vae_core.imaging.align import Frame
from vae_core.layers import Chain, Conv2d, Flatten, Layer, LeakyRelu, Linear, Residual, TiledConv2d
from vae_core.model import ShapeOnly
from vae_core.types import Array, unscope

SPECIES = ("person", "dog")
POINTS = ("left_eye", "right_eye", "nose", "mouth")

CELL = 8
"""Pixels along a side of the scout's cells."""

SCOUT_OUTPUTS = len(SPECIES) + 2 * len(POINTS)
READER_OUTPUTS = 1 + len(SPECIES) + 2 * len(POINTS)

READER_FRAME = Frame(
    64, 64, 3, left_eye=(0.33, 0.38), right_eye=(0.67, 0.38), nose=(0.5, 0.6), mouth=(0.5, 0.72)
)
"""Where a candidate's landmarks are expected in the reader's picture; the mean of both species."""


GAUGE_FRAME = Frame(
    64, 64, 3, left_eye=(0.28, 0.33), right_eye=(0.72, 0.33), nose=(0.5, 0.62), mouth=(0.5, 0.77)
)
"""The same for the gauge, a third larger: hair and ears say nothing about where an eye is."""

READER_POINTS, GAUGE_POINTS = (
    np.array([frame.point(name) for name in POINTS]) for frame in (READER_FRAME, GAUGE_FRAME)
)
"""These places, (4, 2)."""


def as_input(pixels: Array) -> Array:
    """(..., H, W, 3) uint8 -> float32 in [-1, 1], as all three networks take it."""
    return pixels * np.float32(2 / 255) - np.float32(1)


def convolution(inputs: int, outputs: int, stride: int = 1) -> Chain:
    """3 x 3 convolution and leaky ReLU."""
    tiled = stride == 1
    conv = TiledConv2d(inputs, outputs) if tiled else Conv2d(inputs, outputs, stride=stride)
    return Chain({"conv": conv, "relu": LeakyRelu(0.1)})


def trunk(fine: int, middle: int, coarse: int) -> dict[str, Layer]:
    """(N, H, W, 3) -> (N, H/8, W/8, coarse), through ``fine`` and ``middle`` channels."""
    return {
        "half": convolution(3, fine, stride=2),
        "quarter": convolution(fine, middle, stride=2),
        "texture": Residual(convolution(middle, middle)),
        "eighth": convolution(middle, coarse, stride=2),
    }


def build_scout() -> Layer:
    """(N, H, W, 3) in [-1, 1] -> (N, H/8, W/8, 10): 2 heat logits, 8 landmark offsets.

    It looks at whole pictures, so most of its work is done where they are smallest.
    """
    return Chain(
        {
            "half": convolution(3, 16, stride=2),
            "eighth": Chain({"conv": Conv2d(16, 64, 4, stride=4, pad=0), "relu": LeakyRelu(0.1)}),
            "part1": Residual(convolution(64, 64)),
            "part2": Residual(convolution(64, 64)),
            "part3": Residual(convolution(64, 64)),
            "part4": Residual(convolution(64, 64)),
            "heads": Conv2d(64, SCOUT_OUTPUTS, kernel=1, pad=0),
        }
    )


def build_reader() -> Layer:
    """(N, 64, 64, 3) -> (N, 11): 3 logits (nothing, person, dog), 8 landmark offsets."""
    return Chain(
        {
            **trunk(24, 48, 96),
            "part": Residual(convolution(96, 96)),
            "part2": Residual(convolution(96, 96)),
            "sixteenth": convolution(96, 128, stride=2),
            "flatten": Flatten(),
            "whole": Linear(128 * 16, 256),
            "relu": LeakyRelu(0.1),
            "heads": Linear(256, READER_OUTPUTS),
        }
    )


def build_gauge() -> Layer:
    """(N, 64, 64, 3) -> (N, 8): landmark offsets."""
    return Chain(
        {
            **trunk(24, 48, 64),
            "part": Residual(convolution(64, 64)),
            "flatten": Flatten(),
            "points": Linear(64 * 64, 2 * len(POINTS)),
        }
    )


@cache
def tensor_shapes() -> dict[str, tuple[int, ...]]:
    """Return the shape of every tensor in a finished finder's file."""
    networks = {"scout": build_scout(), "reader": build_reader(), "gauge": build_gauge()}
    shapes: dict[str, tuple[int, ...]] = {f"boxes.{name}": (9, 4) for name in SPECIES}
    for name, network in networks.items():
        params = unscope(network.init(ShapeOnly()), name)
        shapes |= {key: p.shape for key, p in params.items()}
    return shapes

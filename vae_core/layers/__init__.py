"""Layers own sizes, never arrays; ``forward`` and ``backward`` stand side by side."""

from vae_core.layers.activations import LeakyRelu, Sigmoid, Silu, Softplus, Tanh, sigmoid, softplus
from vae_core.layers.chain import Chain, Residual, input_grad, output, param_grads
from vae_core.layers.conv import Conv2d
from vae_core.layers.linear import AcrossPlaces, Flatten, Linear, Reshape
from vae_core.layers.masked import MaskedLinear
from vae_core.layers.protocol import Layer
from vae_core.layers.rearrange import DepthToSpace, SpaceToDepth
from vae_core.layers.resize import Resize
from vae_core.layers.winograd import TiledConv2d

__all__ = [
    "AcrossPlaces",
    "Chain",
    "Conv2d",
    "DepthToSpace",
    "Flatten",
    "Layer",
    "LeakyRelu",
    "Linear",
    "MaskedLinear",
    "Reshape",
    "Residual",
    "Resize",
    "Sigmoid",
    "Silu",
    "Softplus",
    "SpaceToDepth",
    "Tanh",
    "TiledConv2d",
    "input_grad",
    "output",
    "param_grads",
    "sigmoid",
    "softplus",
]

"""Layers made of layers."""

from collections.abc import Mapping
from dataclasses import dataclass

from vae_core.layers.conv import Conv2d
from vae_core.layers.linear import AcrossPlaces, Linear
from vae_core.layers.protocol import Layer
from vae_core.layers.winograd import TiledConv2d
from vae_core.products import Gradient, Grads
from vae_core.types import Array, Cache, Params, Rng, scopes, unscope


@dataclass(frozen=True)
class Chain:
    """Named layers, applied in order. A chain is itself a layer."""

    layers: Mapping[str, Layer]

    def init(self, rng: Rng) -> Params:
        """Each layer's parameters, under its name."""
        params: Params = {}
        for name, layer in self.layers.items():
            params |= unscope(layer.init(rng), name)
        return params

    def forward(self, params: Params, x: Array) -> tuple[Array, Cache]:
        """Hand each layer the output of the one before."""
        caches, own = [], scopes(params)
        for name, layer in self.layers.items():
            x, cache = layer.forward(own[name], x)
            caches.append(cache)
        return x, caches

    def backward(self, params: Params, cache: Cache, dy: Array) -> tuple[Array, Grads]:
        """Hand each layer the gradient from the one after."""
        grads: dict[str, Gradient] = {}
        layers, own = reversed(list(self.layers.items())), scopes(params)
        for (name, layer), layer_cache in zip(layers, reversed(cache), strict=True):
            dy, layer_grads = layer.backward(own[name], layer_cache, dy)
            grads |= unscope(layer_grads, name)
        return dy, grads

    def input_grad(self, params: Params, cache: Cache, dy: Array) -> Array:
        """Return :meth:`backward`'s dL/dx without the parameters' gradients."""
        layers, own = reversed(list(self.layers.items())), scopes(params)
        for (name, layer), layer_cache in zip(layers, reversed(cache), strict=True):
            dy = input_grad(layer, own[name], layer_cache, dy)
        return dy

    def param_grads(self, params: Params, cache: Cache, dy: Array) -> Grads:
        """Return :meth:`backward`'s gradients without dL/dx, which a network's input needs not."""
        own = scopes(params)
        first = next(k for k, name in enumerate(self.layers) if own[name])
        name, layer = list(self.layers.items())[first]
        after = Chain(dict(list(self.layers.items())[first + 1 :]))
        dy, grads = after.backward(params, cache[first + 1 :], dy)
        return dict(grads) | unscope(param_grads(layer, own[name], cache[first], dy), name)


def output(layer: Layer, params: Params, x: Array) -> Array:
    """Return the output alone: what :meth:`backward` would need is let go at once."""
    if isinstance(layer, Chain):
        own = scopes(params)
        for name, each in layer.layers.items():
            x = output(each, own[name], x)
        return x
    if isinstance(layer, Residual):
        y = output(layer.inner, params, x)
        y += x
        return y
    return layer.forward(params, x)[0]


def param_grads(layer: Layer, params: Params, cache: Cache, dy: Array) -> Grads:
    """Return the gradients of a layer's parameters alone, the cheap way if the layer knows one."""
    if isinstance(layer, Chain | Linear | AcrossPlaces | Conv2d | TiledConv2d):
        return layer.param_grads(params, cache, dy)
    return layer.backward(params, cache, dy)[1]


def input_grad(layer: Layer, params: Params, cache: Cache, dy: Array) -> Array:
    """Return dL/dx alone, the cheap way if the layer knows one."""
    if isinstance(layer, Chain | Residual | Linear | AcrossPlaces | Conv2d | TiledConv2d):
        return layer.input_grad(params, cache, dy)
    return layer.backward(params, cache, dy)[0]


@dataclass(frozen=True)
class Residual:
    """y = x + f(x) (arXiv:1512.03385); f keeps the shape."""

    inner: Layer

    def init(self, rng: Rng) -> Params:
        """Draw the parameters of f."""
        return self.inner.init(rng)

    def forward(self, params: Params, x: Array) -> tuple[Array, Cache]:
        """Any shape that f keeps -> the same."""
        y, cache = self.inner.forward(params, x)
        return x + y, cache

    def backward(self, params: Params, cache: Cache, dy: Array) -> tuple[Array, Grads]:
        """Return dx = dy + (df/dx)^T dy."""
        dx, grads = self.inner.backward(params, cache, dy)
        return dx + dy, grads

    def input_grad(self, params: Params, cache: Cache, dy: Array) -> Array:
        """Return dL/dx alone."""
        return input_grad(self.inner, params, cache, dy) + dy

"""The vocabulary of the engine."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
"""An array of floats; its shape is written in the docstring of whoever takes or returns it."""

Params: TypeAlias = dict[str, Array]
"""Named parameters, or their gradients under the same names: ``{"encoder.hidden.weight": ...}``."""

Cache: TypeAlias = Any
"""What a forward pass leaves for its backward pass; only the layer that made it looks inside."""

T = TypeVar("T")

Rng: TypeAlias = np.random.Generator


def scope(params: Params, name: str) -> Params:
    """Return the parameters below ``name``, with the prefix taken off."""
    prefix = name + "."
    return {key[len(prefix) :]: p for key, p in params.items() if key.startswith(prefix)}


def scopes(params: Params) -> Mapping[str, Params]:
    """Return all scopes at once, by name; one without parameters is empty."""
    parts: dict[str, Params] = defaultdict(dict)
    for key, p in params.items():
        name, _, rest = key.partition(".")
        parts[name][rest] = p
    return parts


def unscope(params: Mapping[str, T], name: str) -> dict[str, T]:
    """Put ``name`` in front of every key: the inverse of :func:`scope`."""
    return {f"{name}.{key}": p for key, p in params.items()}


def joined(**parts: Mapping[str, T]) -> dict[str, T]:
    """Put several parts together, each below its name."""
    return {key: p for name, part in parts.items() for key, p in unscope(part, name).items()}

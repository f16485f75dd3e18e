"""Which array module an array belongs to: NumPy on a CPU, CuPy on a GPU."""

from collections.abc import Callable
from functools import cache, wraps
from types import ModuleType
from typing import Any, TypeVar, cast

import numpy as np

from vae_core.errors import ConfigError
from vae_core.types import Array, Params

Function = TypeVar("Function", bound=Callable[..., Any])

DEVICES = ("cpu", "cuda")
"""Where arrays can be; ``cuda`` wants CuPy and a GPU."""


def on_cpu(x: object) -> bool:
    """Tell whether NumPy holds an array."""
    return isinstance(x, np.ndarray)


def array_module(x: Array) -> ModuleType:
    """Return the module whose functions take ``x``: numpy, or cupy for an array on a GPU."""
    if on_cpu(x):
        return np
    import cupy  # only reached when the array came from it

    return cupy  # type: ignore[no-any-return]


def fused(function: Function) -> Function:
    """Let a GPU do all of a function in one kernel; NumPy does it as it is written.

    function: of arrays and numbers, made of operators and of what :func:`array_module` has for
    single numbers; returns arrays.
    """

    @wraps(function)
    def call(*arguments: Any) -> Any:
        return (function if on_cpu(arguments[0]) else _kernel(function))(*arguments)

    return cast(Function, call)


@cache
def _kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    import cupy

    kernel: Callable[..., Any] = cupy.fuse(function)
    return kernel


_constants: dict[tuple[int, Any], tuple[Array, Array]] = {}


def constant(x: Array, like: Array) -> Array:
    """Return ``x`` where ``like`` is and of its type; on a GPU it is kept there for the next time.

    x: one of the program's fixed matrices, never a temporary, as it is kept too.
    """
    if on_cpu(like):
        return x.astype(like.dtype, copy=False)
    key = id(x), like.dtype
    if key not in _constants:
        _constants[key] = x, array_module(like).asarray(x, like.dtype)
    return _constants[key][1]


def to_device(params: Params, device: str) -> Params:
    """Return the same arrays on one of :data:`DEVICES`. Raises ConfigError if it is not there."""
    if device == "cpu":
        return {name: to_cpu(p) for name, p in params.items()}
    try:
        import cupy

        return {name: cupy.asarray(p) for name, p in params.items()}
    except ImportError as error:
        raise ConfigError("Training on a GPU needs CuPy: `pip install cupy-cuda12x`.") from error
    except RuntimeError as error:  # what CuPy's errors from the driver are
        raise ConfigError(f"The GPU cannot be used: {error}") from error


def to_cpu(x: Any) -> Array:
    """Return an array that NumPy holds; one that it holds already, as it is."""
    array: Array = x if on_cpu(x) else x.get()
    return array

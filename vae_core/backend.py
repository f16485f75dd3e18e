"""Which array module an array belongs to: NumPy on a CPU, CuPy on a GPU."""

from types import ModuleType

import numpy as np

from vae_core.types import Array


def on_cpu(x: object) -> bool:
    """Tell whether NumPy holds an array."""
    return isinstance(x, np.ndarray)


def array_module(x: Array) -> ModuleType:
    """Return the module whose functions take ``x``: numpy, or cupy for an array on a GPU."""
    if on_cpu(x):
        return np
    import cupy  # only reached when the array came from it

    return cupy  # type: ignore[no-any-return]

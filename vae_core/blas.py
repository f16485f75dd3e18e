"""The OpenBLAS in NumPy's wheels: how many threads compute a product, and what is quick.

Where threads of our own share the work, each had better compute its products alone: OpenBLAS's
threads would stand in their way, and of two products at once one waits for the other.
"""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numpy as np


@cache
def openblas() -> ctypes.CDLL | None:
    """Return the library that NumPy's wheel for Linux brings along; None if it has another."""
    for path in Path(np.__file__).parents[1].glob("numpy.libs/libscipy_openblas64_*"):
        return ctypes.CDLL(str(path))
    return None


@cache
def leaves_small_matrices() -> bool:
    """Tell whether it has kernels for small products, which leave matrices where they are."""
    library = openblas()
    if library is None:
        return False
    name = library.scipy_openblas_get_corename64_
    name.restype = ctypes.c_char_p
    return name() in (b"SkylakeX", b"Cooperlake", b"SapphireRapids")


@contextmanager
def one_thread() -> Iterator[None]:
    """Let products be computed on the thread that asks for them; another BLAS stays as it is."""
    library = openblas()
    threads = library.scipy_openblas_get_num_threads64_() if library else 1
    if library is None or threads == 1:
        yield
        return
    library.scipy_openblas_set_num_threads64_(1)
    try:
        yield
    finally:
        library.scipy_openblas_set_num_threads64_(threads)

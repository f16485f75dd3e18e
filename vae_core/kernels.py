"""Kernels that do in one pass what takes NumPy several; see who calls them for what they compute.

Those for a GPU, where a step takes as long as it has kernels, are CUDA, compiled by CuPy; the one
for a CPU is compiled by Numba, where that is installed.
"""

from functools import cache
from math import sqrt
from typing import Any


@cache
def adam_on_cpu() -> Any:
    """(g, beta1, beta2, rate, eps, p, m, v): :meth:`vae_core.optim.Adam.update`, in place.

    For contiguous arrays; to the bit what NumPy gives. None without Numba.
    """
    try:
        import numba
    except ImportError:
        return None

    @numba.njit(nogil=True, error_model="numpy")
    def update(g: Any, beta1: Any, beta2: Any, rate: Any, eps: Any, p: Any, m: Any, v: Any) -> None:
        for i in range(p.size):
            m[i] = beta1 * m[i] + g[i]
            v[i] = beta2 * v[i] + g[i] * g[i]
            p[i] -= rate * (m[i] / (sqrt(v[i]) + eps))

    def adam(g: Any, beta1: Any, beta2: Any, rate: Any, eps: Any, p: Any, m: Any, v: Any) -> None:
        numbers = map(p.dtype.type, (beta1, beta2, rate, eps))  # Python's own are float64
        update(g.reshape(-1), *numbers, *(a.reshape(-1) for a in (p, m, v)))

    return adam


@cache
def adam_on_gpu() -> Any:
    """(g, beta1, beta2, rate, eps, p, m, v): the same on a GPU, for any arrays."""
    return elementwise(
        "T g, T beta1, T beta2, T rate, T eps",
        "T p, T m, T v",
        "m = beta1 * m + g; v = beta2 * v + g * g; p -= rate * m / (sqrt(v) + eps)",
        "adam",
    )


PATCHES = (
    "raw T x, uint32 height, uint32 width, uint32 channels, uint32 h, uint32 w, "
    "uint32 kernel, uint32 stride, uint32 pad"
)
"""An array; the picture's size, that of the grid of patches, and the patches' own."""


@cache
def unfold() -> Any:
    """(x, *PATCHES, rows): :func:`vae_core.patches.unfold`, for fewer than 2^32 numbers."""
    return elementwise(
        PATCHES,
        "T rows",
        """
        unsigned int rest = i, c = rest % channels; rest /= channels;
        unsigned int b = rest % kernel; rest /= kernel;
        unsigned int a = rest % kernel; rest /= kernel;
        unsigned int column = rest % w * stride + b - pad; rest /= w;
        unsigned int row = rest % h * stride + a - pad; rest /= h;
        bool inside = row < height && column < width;  // what is negative is very large
        rows = inside ? x[((rest * height + row) * width + column) * channels + c] : T(0);
        """,
        "unfold",
    )


@cache
def fold() -> Any:
    """(rows, *PATCHES, x): :func:`vae_core.patches.fold`, for fewer than 2^32 numbers."""
    return elementwise(
        PATCHES,
        "T sum",
        """
        unsigned int rest = i, c = rest % channels; rest /= channels;
        unsigned int column = rest % width + pad; rest /= width;
        unsigned int row = rest % height + pad; rest /= height;
        sum = T(0);
        for (unsigned int a = row % stride; a < kernel && a <= row; a += stride)
            for (unsigned int b = column % stride; b < kernel && b <= column; b += stride) {
                unsigned int down = (row - a) / stride, across = (column - b) / stride;
                if (down < h && across < w)
                    sum += x[((((rest * h + down) * w + across) * kernel + a) * kernel + b)
                             * channels + c];
            }
        """,
        "fold",
    )


def elementwise(inputs: str, outputs: str, code: str, name: str) -> Any:
    """Return a kernel that does ``code`` for every number of its outputs."""
    import cupy

    return cupy.ElementwiseKernel(inputs, outputs, code, name)

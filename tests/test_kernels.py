"""A GPU's kernels are nearly C: what they do to a number is compiled for a CPU here."""

import ctypes
import shutil
import subprocess

import numpy as np
import pytest

from vae_core import kernels
from vae_core.optim import Adam
from vae_core.patches import fold, unfold

pytestmark = pytest.mark.skipif(not shutil.which("cc"), reason="there is no C compiler")

SHAPES = [  # N, height, width, channels, kernel, stride, pad
    (2, 7, 9, 3, 3, 1, 1),
    (1, 8, 8, 2, 3, 2, 1),
    (3, 8, 12, 4, 4, 4, 0),
    (2, 9, 7, 1, 5, 2, 2),
    (1, 6, 6, 2, 3, 3, 0),
]


@pytest.fixture
def compiled(tmp_path, monkeypatch):
    """Return what makes a kernel a function of one number's index."""

    def compile_for_cpu(inputs, outputs, code, name):
        scalars = [part.strip().removeprefix("raw ") for part in inputs.split(",")]
        taken = ", ".join(s.replace("T x", "float* x").replace("T ", "float ") for s in scalars)
        taken = taken.replace("uint32 ", "uint32_t ").replace("float g", "float* g_")
        names = [part.split()[1] for part in outputs.split(",")]
        given = ", ".join(f"float* {n}_" for n in names)
        first = "float g = g_[i];" if "g_" in taken else ""
        read = " ".join(f"float {n} = {n}_[i];" for n in names)
        write = " ".join(f"{n}_[i] = {n};" for n in names)
        body = code.replace("T(0)", "0.0f").replace("sqrt", "sqrtf")
        source = tmp_path / f"{name}.c"
        source.write_text(
            "#include <stdint.h>\n#include <stdbool.h>\n#include <math.h>\n"
            f"void {name}({taken}, {given}, long size) {{\n"
            f"for (long i = 0; i < size; i++) {{ {first} {read} {body}; {write} }} }}\n"
        )
        library = tmp_path / f"{name}.so"
        subprocess.run(["cc", "-shared", "-fPIC", source, "-o", library, "-lm"], check=True)
        return getattr(ctypes.CDLL(str(library)), name)

    monkeypatch.setattr(kernels, "elementwise", compile_for_cpu)
    for kernel in (kernels.adam_on_gpu, kernels.unfold, kernels.fold):
        kernel.cache_clear()
    yield kernels
    for kernel in (kernels.adam_on_gpu, kernels.unfold, kernels.fold):
        kernel.cache_clear()


def called(function, *arguments):
    """Call it on arrays and numbers; the last array says how many numbers there are."""
    size = arguments[-1].size
    given = [
        ctypes.c_void_p(a.ctypes.data)
        if isinstance(a, np.ndarray)
        else ctypes.c_float(a)
        if isinstance(a, float)
        else ctypes.c_uint32(a)
        for a in arguments
    ]
    function(*given, ctypes.c_long(size))
    return arguments[-1]


@pytest.mark.parametrize("shape", SHAPES)
def test_patches_are_cut_and_added_as_numpy_does_it(shape, rng, compiled):
    n, height, width, channels, *patch = shape
    x = rng.standard_normal((n, height, width, channels)).astype(np.float32)
    expected = unfold(x, *patch)
    sizes = height, width, channels, *expected.shape[1:3], *patch
    rows = called(compiled.unfold(), x, *sizes, np.empty(expected.shape, np.float32))
    np.testing.assert_array_equal(rows, expected)
    rows = rng.standard_normal(expected.shape).astype(np.float32)
    expected = fold(rows, (height, width), *patch)
    back = called(compiled.fold(), rows, *sizes, np.empty(expected.shape, np.float32))
    np.testing.assert_allclose(back, expected, atol=1e-5)


def test_adam_s_step_is_numpy_s(rng, compiled):
    params = {"p": rng.standard_normal(50).astype(np.float32)}
    g = rng.standard_normal(50).astype(np.float32)
    adam = Adam()
    state = adam.init(params)
    for sums in (state.gradient, state.square):
        sums["p"] += rng.random(50, np.float32)
    p, m, v = (a.copy() for a in (params["p"], state.gradient["p"], state.square["p"]))
    adam.update(params, {"p": g.copy()}, state, 1e-3)
    rate, eps = 1e-3, adam.eps  # what they are in the first step
    called(compiled.adam_on_gpu(), g, adam.beta1, adam.beta2, rate, eps, p, m, v)
    np.testing.assert_allclose(p, params["p"], rtol=1e-5)
    np.testing.assert_allclose(m, state.gradient["p"], rtol=1e-6)
    np.testing.assert_allclose(v, state.square["p"], rtol=1e-6)

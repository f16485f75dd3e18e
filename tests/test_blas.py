"""OpenBLAS's threads are told to stay away, and called back."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from vae_core.blas import leaves_small_matrices, one_thread, openblas


class Library:
    """As many threads as it was told."""

    threads = 2

    def scipy_openblas_get_num_threads64_(self):
        return self.threads

    def scipy_openblas_set_num_threads64_(self, threads):
        self.threads = threads


@pytest.fixture
def library(monkeypatch):
    library = Library()
    monkeypatch.setattr("vae_core.blas.openblas", lambda: library)
    return library


def test_inside_there_is_one_thread_and_afterwards_as_many_as_before(library):
    with one_thread():
        assert library.threads == 1
        with one_thread():
            assert library.threads == 1
        assert library.threads == 1
    assert library.threads == 2


def test_an_error_brings_the_threads_back(library):
    with pytest.raises(ZeroDivisionError), one_thread():
        raise ZeroDivisionError
    assert library.threads == 2


def test_without_openblas_nothing_happens(monkeypatch):
    monkeypatch.setattr("vae_core.blas.openblas", lambda: None)
    with one_thread():
        pass


def test_numpys_own_openblas_can_be_asked():
    if (library := openblas()) is None:
        pytest.skip("NumPy has another BLAS here")
    assert library.scipy_openblas_get_num_threads64_() >= 1


TIMEOUT = "OPENBLAS_THREAD_TIMEOUT"
CPUS = Path("/proc/cpuinfo")
WIDE = CPUS.exists() and "avx512f" in CPUS.read_text()


@pytest.mark.skipif(openblas() is None, reason="another BLAS")
@pytest.mark.parametrize("kernels", ["Haswell", "SkylakeX"] if WIDE else ["Haswell"])
def test_small_matrices_are_left_where_they_are_by_the_kernels_for_wide_registers(kernels):
    said = subprocess.run(
        [sys.executable, "-c", "from vae_core import blas; print(blas.leaves_small_matrices())"],
        env=os.environ | {"OPENBLAS_CORETYPE": kernels},
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.strip() == str(kernels == "SkylakeX")


@pytest.mark.parametrize(("kernels", "leaves"), [(b"SkylakeX", True), (b"Zen", False)])
def test_kernels_are_asked_for_by_name(kernels, leaves, monkeypatch):
    def corename():
        return kernels

    library = SimpleNamespace(scipy_openblas_get_corename64_=corename)
    monkeypatch.setattr("vae_core.blas.openblas", lambda: library)
    assert leaves_small_matrices.__wrapped__() is leaves


def test_without_openblas_nothing_is_known(monkeypatch):
    monkeypatch.setattr("vae_core.blas.openblas", lambda: None)
    assert not leaves_small_matrices.__wrapped__()


@pytest.mark.skipif(openblas() is None or os.cpu_count() == 1, reason="no threads to wait")
@pytest.mark.parametrize(("asked", "waits"), [({}, False), ({TIMEOUT: "26"}, True)])
def test_openblas_threads_wait_no_longer_than_they_are_asked_to(asked, waits):
    """Seconds of a core that pass after a product, while nobody asks for anything."""
    code = (
        "import vae_core, time, numpy as np; a = np.ones((1024, 1024), np.float32); a @ a;"
        "begun = time.process_time(); time.sleep(0.1); print(time.process_time() - begun)"
    )
    environ = {k: v for k, v in os.environ.items() if k != TIMEOUT}
    said = subprocess.run(
        [sys.executable, "-c", code],
        env=environ | {"OPENBLAS_NUM_THREADS": "2"} | asked,
        capture_output=True,
        text=True,
        check=True,
    )
    assert (float(said.stdout) > 0.005) == waits

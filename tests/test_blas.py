"""OpenBLAS's threads are told to stay away, and called back."""

import pytest

from vae_core.blas import one_thread, openblas


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

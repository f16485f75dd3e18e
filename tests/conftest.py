"""Fixtures for every test: a seeded generator, and NumPy errors that raise."""

from collections.abc import Iterator

import numpy as np
import pytest


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20191115)


@pytest.fixture(autouse=True)
def _arithmetic_errors_raise() -> Iterator[None]:
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        yield

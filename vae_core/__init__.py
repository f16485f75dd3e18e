"""The engine: a variational autoencoder written by hand on arrays; it knows no HTTP."""

import os

__version__ = "0.1.0"

os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "18")
"""OpenBLAS reads it when NumPy is loaded: for 2^18 clock ticks, a tenth of a millisecond, its
threads keep a core each, lest another product comes. Without it they keep it for 2^26, and Adam's
threads wait. See docs/decisions/0017.
"""

"""The engine: a variational autoencoder written by hand on arrays; it knows no HTTP."""

__version__ = "0.1.0"

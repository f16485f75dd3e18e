"""Readers of known layouts, and the prepared data set."""

from vae_core.data.dataset import Dataset, open_dataset, write_dataset
from vae_core.data.sample import Sample, split_of

__all__ = ["Dataset", "Sample", "open_dataset", "split_of", "write_dataset"]

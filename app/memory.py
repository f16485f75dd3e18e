"""How much memory this process has."""

import resource
from pathlib import Path

STATM, RESIDENT, DATA = Path("/proc/self/statm"), 1, 5
"""Where Linux tells the memory of this process, in pages, and which of its numbers are meant."""


def private_memory() -> int:
    """Return how many bytes of its own this process has; 0 where that cannot be told."""
    return pages(DATA) * resource.getpagesize()


def resident_memory() -> int:
    """Return how many bytes this process holds, shared ones too; 0 where that cannot be told."""
    return pages(RESIDENT) * resource.getpagesize()


def pages(number: int) -> int:
    """Return one of the numbers that Linux tells; 0 elsewhere."""
    return int(STATM.read_text().split()[number]) if STATM.exists() else 0

"""What becomes of memory that this process no longer needs: glibc's part, elsewhere nothing.

glibc gives large pieces back to the system as soon as they are free. An engine whose arrays are
all of a few megabytes asks for them again at once, and the system hands out every page anew and
empty, which takes as long as what is computed with it.
"""

import ctypes
import sys
from typing import Any

TRIM_THRESHOLD, MMAP_THRESHOLD, ARENA_MAX = -1, -3, -8
"""mallopt's numbers for what is set below, from malloc.h."""

LARGEST = 32 << 20
"""Bytes of the largest piece that is kept when it is free: as much as glibc allows."""

KEPT = 16 << 20
"""Bytes that are kept in one place, at most."""


def library() -> Any:
    """Return the C library, if it is one that has been written for Linux."""
    return ctypes.CDLL(None) if sys.platform == "linux" else None


def keep_freed_memory() -> None:
    """Keep what is freed from now on for the arrays to come, until it is given back.

    All threads share what is kept; by default each would keep its own.
    """
    if mallopt := getattr(library(), "mallopt", None):
        mallopt(MMAP_THRESHOLD, LARGEST)
        mallopt(TRIM_THRESHOLD, KEPT)
        mallopt(ARENA_MAX, 1)


def give_memory_back() -> None:
    """Give free memory to the system."""
    if trim := getattr(library(), "malloc_trim", None):
        trim(0)

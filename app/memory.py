"""How much memory this process has, and how it gives back what it no longer needs.

What is freed stays with a process, in pieces that are too far apart for the system to have them.
"""

import ctypes
import resource
from pathlib import Path

import anyio
import anyio.to_thread

STATM, DATA = Path("/proc/self/statm"), 5
"""Where Linux tells the memory of this process, in pages, and which of its numbers is meant."""

PAUSE = 5.0
"""Seconds between two looks."""


def private_memory() -> int:
    """Return how many bytes of its own this process has; 0 where that cannot be told."""
    if not STATM.exists():
        return 0
    return int(STATM.read_text().split()[DATA]) * resource.getpagesize()


def give_memory_back() -> None:
    """Return free memory to the system, where the C library can do that (glibc)."""
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
        trim(0)


async def keep_giving_back() -> None:
    """Give memory back now and then, until cancelled."""
    while True:
        await anyio.sleep(PAUSE)
        await anyio.to_thread.run_sync(give_memory_back)

"""How much memory this process has, and when it gives back what it no longer needs."""

import resource
from pathlib import Path

import anyio
import anyio.to_thread

from vae_core.memory import give_memory_back

STATM, RESIDENT, DATA = Path("/proc/self/statm"), 1, 5
"""Where Linux tells the memory of this process, in pages, and which of its numbers are meant."""

PAUSE = 2.0
"""Seconds between two looks."""


def private_memory() -> int:
    """Return how many bytes of its own this process has; 0 where that cannot be told."""
    return pages(DATA) * resource.getpagesize()


def resident_memory() -> int:
    """Return how many bytes this process holds, shared ones too; 0 where that cannot be told."""
    return pages(RESIDENT) * resource.getpagesize()


def pages(number: int) -> int:
    """Return one of the numbers that Linux tells; 0 elsewhere."""
    return int(STATM.read_text().split()[number]) if STATM.exists() else 0


async def keep_giving_back() -> None:
    """Give memory back now and then, until cancelled."""
    while True:
        await anyio.sleep(PAUSE)
        await anyio.to_thread.run_sync(give_memory_back)

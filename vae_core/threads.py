"""Work on a few threads: NumPy lets go of the interpreter while it computes."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")

THREADS = 2
"""More gain little: between two products there is the interpreter's own work."""

WORTHWHILE = 10_000
"""Numbers in a picture from which on threads pay: they wait for each other, too."""


def drawn_ahead(draw: Callable[[int], T], steps: range) -> Iterator[T]:
    """Yield ``draw(step)`` for every step, the next one drawn, after the last too, meanwhile."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(draw, steps.start)
        for step in steps:
            drawn = coming.result()
            coming = pool.submit(draw, step + 1)
            yield drawn


def in_threads(numbers: int, work: Callable[..., T], *arguments: Iterable[Any]) -> list[T]:
    """Return what ``map`` does, computed by a few threads if pictures hold so many ``numbers``."""
    if numbers < WORTHWHILE:
        return list(map(work, *arguments))
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(work, *arguments))

"""Work on a few threads: NumPy lets go of the interpreter while it computes. Or on processes."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from multiprocessing import get_context
from multiprocessing.connection import Connection
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


def drawn_by_processes(draw: Callable[[int], T], steps: range, processes: int) -> Iterator[T]:
    """Yield what :func:`drawn_ahead` does; each of the processes draws every so-manieth ahead.

    They are copies of this one, and wait until what they have drawn is taken.
    """
    fork = get_context("fork")
    pipes = [fork.Pipe(duplex=False) for _ in range(processes)]
    readers, writers = zip(*pipes, strict=True)
    drawers = [
        fork.Process(target=_keep_drawing, args=(draw, first, pipes, writer), daemon=True)
        for first, writer in enumerate(writers, steps.start)
    ]
    for drawer in drawers:
        drawer.start()
    for writer in writers:
        writer.close()
    try:
        for step in steps:
            yield readers[(step - steps.start) % processes].recv()
    except EOFError:
        raise RuntimeError("A process that draws batches has died; it may have said why.") from None
    finally:
        for drawer in drawers:
            drawer.kill()
        for drawer in drawers:
            drawer.join()


def _keep_drawing(
    draw: Callable[[int], T],
    first: int,
    pipes: list[tuple[Connection, Connection]],
    end: Connection,
) -> None:
    """Draw for step ``first`` and so on, for as long as there is who takes it."""
    for reader, writer in pipes:
        reader.close()
        if writer is not end:
            writer.close()
    with suppress(BrokenPipeError):
        for step in count(first, len(pipes)):
            end.send(draw(step))


def in_threads(numbers: int, work: Callable[..., T], *arguments: Iterable[Any]) -> list[T]:
    """Return what ``map`` does, computed by a few threads if pictures hold so many ``numbers``."""
    if numbers < WORTHWHILE:
        return list(map(work, *arguments))
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(work, *arguments))

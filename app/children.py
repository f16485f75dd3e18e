"""How the processes that decode photos and find faces come to be, and how they end."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Protocol

from app.decoder import go_on_as_child
from app.settings import ROOT

ALLOCATION = {
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_MMAP_THRESHOLD_": "32000000",
    "MALLOC_TRIM_THRESHOLD_": "32000000",
}
"""For glibc: memory that one photo took is used again for the next. Fresh pages take longer to come
by than the pixels of a small photo to decode."""


class Process(Protocol):
    """What a child is for its server."""

    pid: int

    def kill(self) -> None:
        """End it at once."""

    def wait(self) -> object:
        """Return when it has ended."""


def started(end: int, memory: int, size: int, finder: Path | None) -> Process:
    """Start a child: a copy of this process while it has one thread, later one from nothing.

    It is given the descriptors of its socket and of its memory, the memory's size, and the file of
    the finder, if it is to find faces.
    """
    return (Copied if alone() else spawned)(end, memory, size, finder)


def alone() -> bool:
    """Tell whether this process has one thread only, and can be copied; Linux says so."""
    threads = Path("/proc/self/task")
    return sys.platform == "linux" and len(list(threads.iterdir())) == 1


def spawned(end: int, memory: int, size: int, finder: Path | None) -> Process:
    """Start a child from nothing."""
    given = [end, memory, size, *([finder.absolute()] if finder else [])]
    return subprocess.Popen(
        [sys.executable, "-m", "app.decoder", *map(str, given)],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(end, memory),
        env=os.environ | ALLOCATION | {"PYTHONPATH": str(ROOT)},
    )


class Copied:
    """A child that starts as a copy of this process, which must not have threads yet."""

    def __init__(self, end: int, memory: int, size: int, finder: Path | None) -> None:
        self.awaited = False
        self.pid = os.fork()
        if self.pid == 0:
            go_on_as_child(end, memory, size, finder)

    def kill(self) -> None:
        """End it at once; its number may be another process's once it has been waited for."""
        if not self.awaited:
            os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> None:
        """Return when it has ended, which it was told to."""
        self.awaited = True
        os.waitpid(self.pid, 0)

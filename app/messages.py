"""What the server and its decoding children say to each other, over a pair of sockets.

A message is a line of JSON: nothing in it can run code. Files and pixels go through memory that
both sides share.
"""

import json
import mmap
import os
import socket
import sys
import tempfile
import time
from contextlib import suppress
from typing import Any, TypeAlias

Values: TypeAlias = dict[str, Any]

KEPT = 8_000_000
"""Bytes of shared memory that are used again; more is given back."""

LONGEST = 1 << 16
"""Bytes of a line."""


class Line:
    """One end of a pair of sockets."""

    def __init__(self, end: socket.socket) -> None:
        self.end = end
        self.received = b""

    def send(self, values: Values) -> None:
        """Send a message; OSError when nobody is at the other end."""
        self.end.sendall(json.dumps(values).encode() + b"\n")

    def receive(self, seconds: float | None = None) -> Values:
        """Wait for a message, for so long at most.

        Raises TimeoutError, EOFError when there will be none, ValueError if it is none.
        """
        due = None if seconds is None else time.monotonic() + seconds
        while b"\n" not in self.received:
            self.end.settimeout(due and max(1e-3, due - time.monotonic()))
            piece = self.end.recv(LONGEST)
            if not piece:
                raise EOFError("The other end is closed.")
            self.received += piece
            if len(self.received) > LONGEST or (due and time.monotonic() > due):
                raise TimeoutError("The other end talks for too long.")
        line, self.received = self.received.split(b"\n", 1)
        values: Values = json.loads(line)
        return values

    def close(self) -> None:
        """Close this end."""
        self.end.close()


class SharedMemory:
    """Memory that two processes see: a file without a name, in memory where the system can that."""

    def __init__(self, size: int, descriptor: int | None = None) -> None:
        self.descriptor = nameless_file(size) if descriptor is None else descriptor
        self.memory = mmap.mmap(self.descriptor, size)

    def write(self, data: bytes) -> None:
        """Replace the beginning of it; IndexError beyond its size."""
        self.memory[: len(data)] = data

    def view(self, size: int) -> memoryview:
        """Return the first bytes of it as they are, to be released before it is closed."""
        return memoryview(self.memory)[:size]

    def forget(self, size: int) -> None:
        """Replace the beginning by zeros; a large piece of memory goes back to the system."""
        if size > KEPT and hasattr(mmap, "MADV_REMOVE"):
            self.memory.madvise(mmap.MADV_REMOVE)
        else:
            self.memory[:size] = bytes(size)

    def close(self) -> None:
        """Forget it; where someone is looking at it, once nobody does any more."""
        with suppress(BufferError):
            self.memory.close()
        os.close(self.descriptor)


def nameless_file(size: int) -> int:
    """Return the descriptor of a new file of so many zeros."""
    if sys.platform == "linux":
        descriptor = os.memfd_create("photo")
    else:
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    os.truncate(descriptor, size)
    return descriptor

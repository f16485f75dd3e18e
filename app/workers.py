"""Several processes that serve on one socket: forked when everything is loaded, replaced when dead.

They share what was there before: the models, which cost their memory once, and the pieces of memory
in which the metrics and the stages of morphs stand.
"""

import asyncio
import ctypes
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

import uvicorn

STARTUP_FAILED = 3
"""The exit status of a worker that could not begin to serve; another could not, either."""

PAUSE = 1.0
"""Seconds between two that are replaced, lest those that die at once keep a core busy."""

HESITATION, LONGEST_HESITATION = 0.001, 0.03
"""Seconds that a worker waits before it takes a connection, for each that is busy; at most."""

SIGNALS = (signal.SIGINT, signal.SIGTERM)

PR_SET_PDEATHSIG = 1


class Crew:
    """As many processes as are wanted. ``serve`` is what each does, given its number."""

    def __init__(self, serve: Callable[[int], None], workers: int) -> None:
        self.serve = serve
        self.workers = workers
        self.numbers: dict[int, int] = {}
        """The number of each process that is alive."""
        self.stopping = False

    def run(self) -> int:
        """Keep them going until told to stop, and return the exit status."""
        for number in SIGNALS:
            signal.signal(number, self.stop)
        for worker in range(self.workers):
            self.fork(worker)
        status = 0
        while self.numbers:
            begun = time.monotonic()
            child, code = os.wait()
            if child not in self.numbers:  # a dead worker's; in a container they are left to us
                continue
            worker = self.numbers.pop(child)
            if os.waitstatus_to_exitcode(code) == STARTUP_FAILED:
                status = STARTUP_FAILED
                self.stop()
            if not self.stopping:
                print(f"dogpeople: worker {worker} died; another begins.", file=sys.stderr)
                time.sleep(max(0.0, begun + PAUSE - time.monotonic()))
                self.fork(worker)
        return status

    def fork(self, worker: int) -> None:
        """Begin one; in the new process, serve and end."""
        parent = os.getpid()
        if child := os.fork():
            self.numbers[child] = worker
            if self.stopping:  # told so while it was being forked
                self.stop()
            return
        for number in SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        die_with(parent)
        status = 1
        try:
            self.serve(worker)
            status = 0
        except SystemExit as leaving:
            status = leaving.code if isinstance(leaving.code, int) else 1
        finally:
            sys.stderr.flush()
            os._exit(status)

    def stop(self, number: int = 0, frame: FrameType | None = None) -> None:
        """Ask all of them to end."""
        self.stopping = True
        for child in self.numbers:
            os.kill(child, signal.SIGTERM)


class Worker(uvicorn.Server):
    """A server beside others on one socket. The least busy of them takes a connection first.

    Left to the event loops, one of them would now and then take all that there are.
    """

    def __init__(self, config: uvicorn.Config, listener: socket.socket) -> None:
        super().__init__(config)
        self.listener = listener

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Be ready, then begin to take connections."""
        await super().startup(sockets=[])
        self.listener.setblocking(False)
        self.taking = asyncio.create_task(self.take_connections())

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more connections, and wait for those there are."""
        self.taking.cancel()
        self.listener.close()
        await super().shutdown(sockets=[])

    async def take_connections(self) -> None:
        """Take one connection after the other, until cancelled."""
        while True:
            await readable(self.listener)
            await asyncio.sleep(min(LONGEST_HESITATION, HESITATION * self.busy))
            try:
                connection, _ = self.listener.accept()
            except (BlockingIOError, ConnectionAbortedError):  # another was quicker, or it left
                continue
            except OSError:  # too many open files
                await asyncio.sleep(PAUSE)
                continue
            await asyncio.get_running_loop().connect_accepted_socket(self.protocol, connection)

    def protocol(self) -> asyncio.Protocol:
        """Return what speaks on a new connection."""
        make: Any = self.config.http_protocol_class
        made: asyncio.Protocol = make(
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return made

    @property
    def busy(self) -> int:
        """How many connections are not idle: no answer is over and no question has come since."""
        connections: set[Any] = self.server_state.connections
        return sum(not (c.cycle and c.cycle.response_complete) for c in connections)


async def readable(listener: socket.socket) -> None:
    """Return when there is a connection to take, maybe."""
    loop, seen = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(listener, seen.set)
    try:
        await seen.wait()
    finally:
        loop.remove_reader(listener)


def die_with(parent: int) -> None:
    """Be asked to end when the parent is gone, however it went (Linux)."""
    if prctl := getattr(ctypes.CDLL(None), "prctl", None):
        prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            sys.exit(1)

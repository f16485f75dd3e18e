"""The real server in a process of its own, and an eye on it and on all of its children."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Self

from app.settings import ROOT, Settings
from benchmarks.load import tree
from tests.hostile.cases import Case

PATIENCE = 180.0


class Answer(NamedTuple):
    """What came back, and after how many seconds."""

    status: int
    body: bytes
    headers: dict[str, str]
    seconds: float


class Server:
    """``python -m app`` with some settings, and how to reach it."""

    def __init__(self, environ: dict[str, str], models: Path, uploads: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        given = environ | {"PORT": str(self.port), "MODELS": str(models)}
        self.settings = Settings.from_env(given)
        self.log = (uploads.parent / f"server-{self.port}.log").open("w+b")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "app"],
            cwd=ROOT,
            env=os.environ | given | {"TMPDIR": str(uploads)},
            stdout=self.log,
            stderr=subprocess.STDOUT,
        )

    def wait(self) -> Self:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            assert self.process.poll() is None, self.said()
            with suppress(OSError):
                self.ask(Case("health", "GET", "/healthz"))
                return self
            time.sleep(0.05)
        raise AssertionError("the server did not start")

    def ask(self, case: Case) -> Answer:
        """Send a request on a connection of its own."""
        begun = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(case.method, case.path, case.body or None, case.headers)
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, body, headers, time.monotonic() - begun)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)

    def said(self) -> str:
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    def stop(self) -> float:
        """Ask it to end; return how many seconds that took."""
        begun = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE)
        return time.monotonic() - begun


@contextmanager
def serving(environ: dict[str, str], models: Path) -> Iterator[Server]:
    with tempfile.TemporaryDirectory() as folder:
        uploads = Path(folder) / "uploads"
        uploads.mkdir()
        server = Server(environ, models, uploads)
        try:
            yield server.wait()
            assert list(uploads.iterdir()) == [], "an upload was left on disk"
        finally:
            if server.process.poll() is None:
                server.process.kill()
                server.process.wait()
            server.log.close()


class State(NamedTuple):
    """Memory in bytes, open files and processes of a whole tree."""

    memory: int
    files: int
    processes: int


def state_of(pid: int) -> State:
    """Look at a whole tree. Memory that is shared counts once, in parts (PSS)."""
    memory = files = 0
    processes = tree(pid)
    for each in processes:
        with suppress(OSError, StopIteration):
            lines = Path(f"/proc/{each}/smaps_rollup").read_text().splitlines()
            memory += 1024 * int(next(x.split()[1] for x in lines if x.startswith("Pss:")))
            files += len(list(Path(f"/proc/{each}/fd").iterdir()))
    return State(memory, files, len(processes))


@dataclass
class Watch:
    """Looks at a server all the time: the memory of its tree, and how soon it says that it is well.

    Times count from when the question was to be asked, so that none is missed for being late.
    """

    server: Server
    pause: float = 0.05
    peak: int = 0
    latencies: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self.threads = [threading.Thread(target=t) for t in (self.look, self.listen)]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join()

    def look(self) -> None:
        while not self.over.wait(self.pause):
            self.peak = max(self.peak, state_of(self.server.process.pid).memory)

    def listen(self) -> None:
        while not self.over.wait(self.pause):
            try:
                answer = self.server.ask(Case("health", "GET", "/healthz"))
            except OSError as error:
                self.failures.append(repr(error))
            else:
                self.latencies.append(answer.seconds)

    def p99(self) -> float:
        ordered = sorted(self.latencies)
        return ordered[int(0.99 * (len(ordered) - 1))]

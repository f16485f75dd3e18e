"""Many clients at once against the real server: what they get, how fast, and how many are served.

The clients are threads of another process on the same machine, so that their own work takes from
what the server has. Whoever is told to come back does so after as many seconds as it is told.
"""

import argparse
import os
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path

from benchmarks.cold_start import PATIENCE, form, free_port, wait_for
from benchmarks.measure import rounded
from benchmarks.report import ROOT, table

CLIENTS = 32
SIDE = 1000
ALONE = 30
"""Morphs that a single client asks for."""

BUSY = (429, 503)


@dataclass
class Seen:
    """What clients got: seconds of what was served, counts of statuses, and what was amiss."""

    served: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def p50(self) -> float:
        """Seconds in which half of what was served was there."""
        return statistics.median(self.served)

    @property
    def p99(self) -> float:
        """Seconds in which 99 of a hundred were."""
        ordered = sorted(self.served)
        return ordered[int(0.99 * (len(ordered) - 1))]

    @property
    def rate(self) -> float:
        """How many were served a second."""
        return len(self.served) / self.seconds


def run(options: argparse.Namespace) -> str:
    cores = len(os.sched_getaffinity(0))
    setups: list[tuple[str, dict[str, str]]] = [
        ("`QUEUE=1`, one process, a thread for each core", {"QUEUE": "1"}),
        (f"`QUEUE=1 WORKERS={cores}`, a thread each", {"QUEUE": "1", "WORKERS": str(cores)}),
    ]
    return table(
        [f"{CLIENTS} clients for {options.seconds:.0f} s, photos of 1 megapixel", *HEAD],
        [[what, *figures(environ, options.seconds, cores)] for what, environ in setups],
    )


HEAD = [
    "served a second",
    "of what the cores could (bar: 0.85)",
    "core seconds a morph",
    "p50 alone, s",
    "p50, s",
    "p99, s",
    "p99 over p50 alone (bar: 5)",
    "429 or 503",
    "other errors (bar: 0)",
]


def figures(environ: dict[str, str], seconds: float, cores: int) -> list[str]:
    """Measure one way to run the server."""
    with serving(environ) as (port, pid):
        forms = [form(SIDE, SIDE)]
        ask_often(port, forms, 1, 3.0)  # warm
        before = cpu_seconds(pid)
        alone = ask_often(port, forms, 1, float(ALONE), ALONE)
        work = (cpu_seconds(pid) - before) / len(alone.served)
        many = ask_often(port, forms, CLIENTS, seconds)
    refused = sum(many.statuses[status] for status in BUSY)
    could = cores / work
    return [
        rounded(many.rate),
        rounded(many.rate / could),
        rounded(work),
        rounded(alone.p50),
        rounded(many.p50),
        rounded(many.p99),
        rounded(many.p99 / alone.p50),
        f"{refused:,}",
        f"{len(many.faults):,}" + (f": {many.faults[0]}" if many.faults else ""),
    ]


@contextmanager
def serving(environ: dict[str, str]) -> Iterator[tuple[int, int]]:
    """Start the server and yield its port, and the number of its process."""
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "app"],
        cwd=ROOT,
        env=os.environ | {"PORT": str(port)} | environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(server, port, "/readyz")
        yield port, server.pid
    finally:
        server.terminate()
        server.wait()


def ask_often(
    port: int, forms: list[tuple[bytes, str]], clients: int, seconds: float, most: int = 1 << 30
) -> Seen:
    """Have so many clients ask for morphs, each again when it has its answer, for so long."""
    seen, lock = Seen(), threading.Lock()
    begun = time.monotonic()

    def client(number: int) -> None:
        asked = number
        while time.monotonic() < begun + seconds and len(seen.served) < most:
            asked += 1
            started = time.monotonic()
            status, pause = ask(port, *forms[asked % len(forms)])
            took = time.monotonic() - started
            with lock:
                seen.statuses[status] += 1
                if status == 200:
                    seen.served.append(took)
                elif status not in BUSY or pause is None:
                    seen.faults.append(f"{status}" if status else "no answer")
            time.sleep(min(pause or 0.0, max(0.0, begun + seconds - time.monotonic())))

    threads = [threading.Thread(target=client, args=(n,)) for n in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seen.seconds = time.monotonic() - begun
    return seen


def ask(port: int, body: bytes, kind: str) -> tuple[int, float | None]:
    """Ask for a morph; return the status, 0 without one, and for how long to stay away."""
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("POST", "/api/v1/morph", body, {"Content-Type": kind})
        answer = connection.getresponse()
        answer.read()
        pause = answer.getheader("Retry-After")
        return answer.status, float(pause) if pause else None
    except OSError:
        return 0, None
    finally:
        connection.close()


def tree(pid: int) -> list[int]:
    """Return a process, its children, theirs (Linux)."""
    found = [pid]
    for parent in found:
        with suppress(OSError):
            for task in Path(f"/proc/{parent}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
    return found


def cpu_seconds(pid: int) -> float:
    """Return how long a whole tree of processes has worked."""
    total = 0
    for each in tree(pid):
        fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")

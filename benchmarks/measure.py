"""How things are timed here: every contender in a process of its own, turn by turn.

Two thread pools in one process disturb each other: after a product OpenBLAS's threads spin for a
while before they sleep, and so do OpenMP's, which PyTorch uses. So each contender gets a process,
which sleeps while another has its turn, and a pause before each turn lets the spinning end.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

PAUSE = 0.15
"""Seconds before each turn."""

WARM_UP = 3
"""Calls at the start of each turn that are not counted."""

THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Contender:
    """``make``, as "module:function", is given ``arguments`` and returns the call to be timed."""

    name: str
    make: str
    arguments: tuple[Any, ...] = ()
    threads: int = 2


@dataclass(frozen=True)
class Times:
    """The median time of a call in each turn, in seconds, and the process's memory in MB."""

    name: str
    turns: tuple[float, ...]
    resident_mb: float

    def __str__(self) -> str:
        return spread([1000 * t for t in self.turns])

    def over(self, other: "Times") -> str:
        """How many times as long as the other, turn by turn."""
        return spread([a / b for a, b in zip(self.turns, other.turns, strict=True)])


class Runner:
    """A contender at work in its own process."""

    def __init__(self, contender: Contender) -> None:
        command = [sys.executable, "-m", __name__, contender.make, json.dumps(contender.arguments)]
        self.process = subprocess.Popen(
            command,
            env=os.environ | dict.fromkeys(THREADS, str(contender.threads)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def turn(self, calls: int) -> float:
        """Return the median time of ``calls`` calls, in seconds."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(calls, file=self.process.stdin, flush=True)
        return float(self.process.stdout.readline())


@contextmanager
def running(contender: Contender) -> Iterator[Runner]:
    runner = Runner(contender)
    try:
        yield runner
    finally:
        runner.process.communicate()  # the end of its input ends it


def interleave(contenders: Sequence[Contender], rounds: int, calls: int) -> list[Times]:
    """Give every contender ``rounds`` turns of ``calls`` calls: A B C A B C.

    Before the first, each loads and compiles what it needs: beside that nobody is measured.
    """
    turns: list[list[float]] = [[] for _ in contenders]
    with ExitStack() as stack:
        runners = [stack.enter_context(running(contender)) for contender in contenders]
        for runner in runners:
            runner.turn(1)
        for _ in range(rounds):
            for runner, times in zip(runners, turns, strict=True):
                time.sleep(PAUSE)
                times.append(runner.turn(calls))
        memory = [resident_mb(runner.process.pid) for runner in runners]
    rows = zip(contenders, turns, memory, strict=True)
    return [Times(contender.name, tuple(t), mb) for contender, t, mb in rows]


def median_time(call: Callable[[], object], calls: int) -> float:
    """Return the median time of a call in seconds, after a few that are not counted."""
    times = []
    for _ in range(WARM_UP + calls):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times[WARM_UP:])


def resident_mb(pid: int) -> float:
    """Return the memory that a process holds, in millions of bytes (Linux)."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    kilobytes = next(line.split()[1] for line in lines if line.startswith("VmRSS"))
    return int(kilobytes) * 1024 / 1e6


def spread(values: Sequence[float]) -> str:
    """Return "median (smallest to largest)"."""
    middle, low, high = statistics.median(values), min(values), max(values)
    return f"{rounded(middle)} ({rounded(low)} to {rounded(high)})"


def rounded(value: float) -> str:
    """Return three digits: 0.0417, 1.62, 16.2, 162."""
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:.{digits}f}"


def serve_turns() -> None:
    """Be the process of a contender: a number of calls comes in, their median time goes out."""
    module, function = sys.argv[1].split(":")
    call = getattr(import_module(module), function)(*json.loads(sys.argv[2]))
    for line in sys.stdin:
        print(median_time(call, int(line)), flush=True)


if __name__ == "__main__":
    serve_turns()

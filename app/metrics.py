"""What the server counts, in the text format of Prometheus (0.0.4).

The numbers stand in memory that all processes of a server see, a row for each, so that any of them
can answer for all. Each writes to its own row only; a process that takes a dead one's place goes on
with its row, so that what is counted never falls.
"""

import mmap
import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import anyio

from app.memory import resident_memory

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"

STATUSES = (200, 304, 400, 404, 405, 408, 413, 415, 421, 422, 429, 500, 503)

NO_ANSWER, OTHER = "none", "other"
"""The status when a client left before there was one; and what stands for all that is not named."""

BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds: the upper ends of the histogram's buckets, but for the last, which has none."""

PAUSE = 1.0
"""Seconds between two looks at what is measured and not counted."""


class Gauge(NamedTuple):
    """What is looked at now and then: its type and its meaning."""

    kind: str
    help: str


GAUGES = {
    "dogpeople_places": Gauge("gauge", "Requests that may be worked on or wait."),
    "dogpeople_places_taken": Gauge("gauge", "Requests that are worked on or wait."),
    "dogpeople_waiting_bytes": Gauge("gauge", "Bytes of requests and answers under way."),
    "dogpeople_decoders": Gauge("gauge", "Child processes that decode photos and find faces."),
    "dogpeople_decoders_busy": Gauge("gauge", "Those of them that are at work."),
    "dogpeople_decoders_replaced_total": Gauge("counter", "Those that were killed and replaced."),
    "dogpeople_started_seconds": Gauge("gauge", "When the process started, in Unix time."),
    "dogpeople_cpu_seconds_total": Gauge("counter", "Time on a core, without the decoders'."),
    "dogpeople_resident_bytes": Gauge("gauge", "Memory held, without the decoders'."),
}

Route = tuple[str, str]
"""A method, and the pattern of a path."""


class Metrics:
    """Counts of requests by route and status, their durations, and what the process is at."""

    def __init__(self, routes: Iterable[Route], workers: int = 1) -> None:
        self.routes = [*dict.fromkeys([*routes, ("GET", "/static"), (OTHER, OTHER)])]
        statuses = (*map(str, STATUSES), NO_ANSWER, OTHER)
        names: list[tuple[str, ...]] = [("gauge", name) for name in GAUGES]
        for route in self.routes:
            names += [("count", *route, status) for status in statuses]
            names += [("bucket", *route, str(bound)) for bound in (*BOUNDS, "+Inf")]
            names.append(("sum", *route))
        self.places = {name: place for place, name in enumerate(names)}
        self.workers = workers
        self.worker = 0
        """Which row is this process's."""
        self.cells = memoryview(mmap.mmap(-1, 8 * len(names) * workers)).cast("d")
        self.sources: dict[str, Callable[[], float]] = {
            "dogpeople_cpu_seconds_total": time.process_time,
            "dogpeople_resident_bytes": resident_memory,
        }

    def begin(self, worker: int) -> None:
        """Be the process that a row belongs to."""
        self.worker = worker
        started = time.time()
        self.sources["dogpeople_started_seconds"] = lambda: started

    def watch(self, name: str, source: Callable[[], float]) -> None:
        """Say where a gauge's value is to be had."""
        assert name in GAUGES
        self.sources[name] = source

    def note(self, method: str, path: str, status: int, seconds: float) -> None:
        """Count a request that is over; status 0 if there was no answer."""
        route = (method, path) if ("sum", method, path) in self.places else (OTHER, OTHER)
        said = NO_ANSWER if status == 0 else str(status) if status in STATUSES else OTHER
        bound = str((*BOUNDS, "+Inf")[bisect_left(BOUNDS, seconds)])
        self.add(("count", *route, said), 1)
        self.add(("bucket", *route, bound), 1)
        self.add(("sum", *route), seconds)

    def add(self, name: tuple[str, ...], amount: float) -> None:
        """Add to a number of this process's."""
        self.cells[self.worker * len(self.places) + self.places[name]] += amount

    def get(self, worker: int, *name: str) -> float:
        """Return a number of a process's."""
        return self.cells[worker * len(self.places) + self.places[name]]

    def look(self) -> None:
        """Note what the gauges of this process show."""
        for name, source in self.sources.items():
            place = self.worker * len(self.places) + self.places["gauge", name]
            self.cells[place] = source()

    async def keep_looking(self) -> None:
        """Do so every now and then, until cancelled: another process may be asked."""
        while True:
            self.look()
            await anyio.sleep(PAUSE)

    def text(self) -> str:
        """Return everything, of all processes."""
        self.look()
        return "\n".join([*self.gauge_lines(), *self.count_lines(), *self.time_lines(), ""])

    def gauge_lines(self) -> Iterator[str]:
        """Return what each process is at."""
        for name, (kind, said) in GAUGES.items():
            yield from head(name, kind, said)
            for worker in range(self.workers):
                yield line(name, self.get(worker, "gauge", name), worker=worker)

    def count_lines(self) -> Iterator[str]:
        """Return how many requests were answered, and how."""
        name = "dogpeople_requests_total"
        yield from head(name, "counter", "Requests that are over.")
        for worker in range(self.workers):
            for place in self.places:
                if place[0] == "count" and (value := self.get(worker, *place)):
                    _, method, route, status = place
                    labels = {"method": method, "route": route, "status": status}
                    yield line(name, value, worker=worker, **labels)

    def time_lines(self) -> Iterator[str]:
        """Return how long they took."""
        name = "dogpeople_request_seconds"
        yield from head(name, "histogram", "From the head of a request to the end of its answer.")
        for worker in range(self.workers):
            for method, route in self.routes:
                labels = {"worker": worker, "method": method, "route": route}
                counts = [
                    self.get(worker, "bucket", method, route, str(b)) for b in (*BOUNDS, "+Inf")
                ]
                if total := sum(counts):
                    yield from bucket_lines(f"{name}_bucket", counts, labels)
                    yield line(f"{name}_sum", self.get(worker, "sum", method, route), **labels)
                    yield line(f"{name}_count", total, **labels)


def bucket_lines(name: str, counts: Sequence[float], labels: dict[str, object]) -> Iterator[str]:
    """Return a histogram's buckets, each of which holds those below it, too."""
    total = 0.0
    for bound, count in zip((*BOUNDS, "+Inf"), counts, strict=True):
        total += count
        yield line(name, total, **labels, le=bound)


def head(name: str, kind: str, said: str) -> tuple[str, str]:
    """Say what a metric is."""
    return f"# HELP {name} {said}", f"# TYPE {name} {kind}"


def line(name: str, value: float, **labels: object) -> str:
    """Say a value. No label of ours holds a quote, a backslash or a line's end."""
    said = ",".join(f'{key}="{text}"' for key, text in labels.items())
    return f"{name}{{{said}}} {value:.17g}"

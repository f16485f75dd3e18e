"""``python -m tests.hostile --minutes 30``: a soak of mixed good and bad traffic, with figures.

``--once`` sends each of the suite's hostile requests one time instead. The server runs with the
settings that it has by default, over the models of the folder that is named, or over small ones
without a finder. Exit status 0: every promise was kept.
"""

import argparse
import random
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from tests.app.tiny import save_models
from tests.hostile import sockets
from tests.hostile.attack import Report, attack, note, server_asked
from tests.hostile.cases import (
    GOOD,
    Case,
    bodies,
    bombs,
    everything,
    forms,
    heavy,
    oddities,
    upload,
)
from tests.hostile.files import spoilt
from tests.hostile.server import Server, State, Watch, serving, state_of

GIGABYTE = 1_000_000_000
CLIENTS = 3
SLACK = State(memory=100_000_000, files=12, processes=0)
"""What may be more at the end than after the first minutes."""


def traffic(seed: int) -> Iterator[Case]:
    """Half good, half not, without end."""
    random_ = random.Random(seed)
    fixed, files = [*bombs(), *oddities(), *forms(), *bodies(), *heavy()], spoilt(random_)
    while True:
        yield GOOD
        yield upload("spoilt", next(files)) if random_.random() < 0.5 else random_.choice(fixed)


def send(server: Server, seed: int, report: Report, over: threading.Event) -> None:
    """Be one client."""
    ask = server_asked(server)
    for case in traffic(seed):
        if over.is_set():
            return
        note(report, case, ask(case))


def misbehave(server: Server, over: threading.Event) -> None:
    """Be all the clients that do not speak as they should."""
    words = list(sockets.NOT_HTTP.values())
    while not over.wait(1):
        for vanish in sockets.VANISHING:
            with suppress(OSError), server.connect() as end:
                vanish(end)
        with suppress(OSError):
            sockets.speak(server, random.choice(words))
        with suppress(OSError):
            sockets.dribbled_head(server)


def soak(server: Server, minutes: float) -> bool:
    """Send for so long; print a line now and then, and the figures; tell whether all is well."""
    over, report, states = threading.Event(), Report(), []
    server.ask(GOOD)
    idle = state_of(server.process.pid)
    print(f"idle: {told(idle)}", flush=True)
    threads = [
        threading.Thread(target=send, args=(server, seed, report, over)) for seed in range(CLIENTS)
    ]
    threads.append(threading.Thread(target=misbehave, args=(server, over)))
    with Watch(server, pause=0.2) as watch:
        for thread in threads:
            thread.start()
        for _ in range(10):
            time.sleep(6 * minutes)
            states.append(state_of(server.process.pid))
            print(f"{report.sent} requests: {told(states[-1])}", flush=True)
        over.set()
        for thread in threads:
            thread.join()
    time.sleep(server.settings.header_seconds + 2)
    after = state_of(server.process.pid)
    print(f"after: {told(after)}")
    return judge(idle, states, after, report, watch)


def once(server: Server) -> bool:
    """Send all that the suite sends, print the figures; tell whether all is well."""
    report = Report()
    server.ask(GOOD)
    idle = state_of(server.process.pid)
    with Watch(server) as watch:
        attack(server, everything(), report)
    time.sleep(2)
    return judge(idle, [idle], state_of(server.process.pid), report, watch)


def judge(idle: State, states: list[State], after: State, report: Report, watch: Watch) -> bool:
    """Print the figures beside their bars; tell whether all are met."""
    files = max(after.files - idle.files, 0)
    grown = after.memory - min(state.memory for state in states[:3])
    rows = [
        ("requests", report.sent, report.sent > 0),
        ("wrong answers", len(report.wrong), not report.wrong),
        ("answers of 5xx", report.broken, not report.broken),
        ("health checks that failed", len(watch.failures), not watch.failures),
        ("slowest answer, s", round(report.slowest, 2), report.slowest < 10.5),
        ("/healthz p99, s", round(watch.p99(), 3), watch.p99() < 1),
        ("peak memory over idle, MB", megabytes(watch.peak - idle.memory),
         watch.peak - idle.memory < GIGABYTE),
        ("memory at the end over the beginning, MB", megabytes(grown), grown < SLACK.memory),
        ("more open files than idle", files, files <= SLACK.files),
        ("more processes than idle", after.processes - idle.processes,
         after.processes == idle.processes),
    ]  # fmt: skip
    for name, value, good in rows:
        print(f"{'ok ' if good else 'BAD'} {name}: {value}")
    print(f"statuses: {dict(sorted(report.statuses.items()))}")
    print(*report.wrong[:20], *watch.failures[:5], sep="\n")
    return all(good for _, _, good in rows)


def told(state: State) -> str:
    return f"{megabytes(state.memory)} MB, {state.files} files, {state.processes} processes"


def megabytes(size: int) -> int:
    return round(size / 1e6)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.hostile", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--once", action="store_true")
    parser.add_argument("--models", type=Path, help="a folder of models; small ones if left out")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        models = options.models or save_models(Path(folder))
        with serving({"MODEL": "" if options.models else "faces"}, models) as server:
            well = once(server) if options.once else soak(server, options.minutes)
            return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())

"""All hostile requests against one server, kind by kind, with a good upload after each."""

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import groupby

from tests.hostile.cases import GOOD, Case
from tests.hostile.server import Answer, Server

SECRETS = ("Traceback", "/work", "site-packages", "Error(", 'File "', "PIL", "pydantic")
"""What no answer may hold."""


@dataclass
class Report:
    """How many requests there were, and everything that was wrong about their answers."""

    sent: int = 0
    wrong: list[str] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    slowest: float = 0.0
    slowest_good: float = 0.0
    """Seconds of the slowest good upload that followed an attack."""

    @property
    def broken(self) -> int:
        """How many answers blamed the server."""
        return sum(count for status, count in self.statuses.items() if status >= 500)


def attack(server: Server, cases: Iterable[Case], report: Report, clients: int = 4) -> None:
    """Send requests, some at a time; a good one after every kind."""
    with ThreadPoolExecutor(clients) as pool:
        for _, kind in groupby(cases, key=lambda case: case.kind):
            alike = list(kind)
            for case, answer in zip(alike, pool.map(server_asked(server), alike), strict=True):
                note(report, case, answer)
            good = server_asked(server)(GOOD)
            note(report, GOOD, good)
            if isinstance(good, Answer):
                report.slowest_good = max(report.slowest_good, good.seconds)


def server_asked(server: Server):
    """The function that sends a request; a broken connection is an answer, too."""

    def ask(case: Case) -> Answer | Exception:
        try:
            return server.ask(case)
        except Exception as error:
            return error

    return ask


def note(report: Report, case: Case, answer: Answer | Exception) -> None:
    """Count a request, and whatever is wrong about its answer."""
    report.sent += 1
    if isinstance(answer, Exception):
        report.wrong.append(f"{case.kind} {case.path[:50]}: {answer!r}")
        return
    report.statuses[answer.status] = report.statuses.get(answer.status, 0) + 1
    report.slowest = max(report.slowest, answer.seconds)
    report.wrong += [f"{case.kind} {case.path[:50]}: {said}" for said in faults(case, answer)]


def faults(case: Case, answer: Answer) -> list[str]:
    """What is wrong about an answer."""
    said = answer.body[:2000].decode(errors="replace")
    picture = answer.headers.get("content-type", "").startswith("image/")  # any letters, by chance
    found = [f"holds {secret}" for secret in SECRETS if secret in said and not picture]
    if answer.status not in case.allowed:
        found.append(f"{answer.status} {said[:200]}")
    if answer.status >= 400 and case.path.startswith("/api/") and case.method != "HEAD":
        found += not_a_problem(answer, said)
    return found


def not_a_problem(answer: Answer, said: str) -> list[str]:
    """What an error lacks of a problem with one sentence."""
    if answer.headers.get("content-type") != "application/problem+json":
        return [f"is {answer.headers.get('content-type')}"]
    problem = json.loads(said)
    complete = problem["status"] == answer.status and problem["title"]
    return [] if complete and problem["detail"].endswith(".") else [f"is no sentence: {said}"]

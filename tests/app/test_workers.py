"""Several processes of ``python -m app`` on one socket: one server to whoever asks."""

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
import uvicorn

from app.settings import Settings
from app.workers import Worker
from tests.app.test_metrics import read
from tests.app.tiny import save_models
from tests.hostile.cases import GOOD, Case
from tests.hostile.server import serving, tree

HEALTH, METRICS = Case("health", "GET", "/healthz"), Case("metrics", "GET", "/metrics")


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    return save_models(tmp_path_factory.mktemp("models"))


def workers_of(server):
    """The processes that serve, without their decoders."""
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children")
    return [int(pid) for pid in children.read_text().split()]


def all_gone(processes):
    return not any(Path(f"/proc/{pid}").exists() for pid in processes)


def until(true, seconds=30.0):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_workers_share_a_socket_are_replaced_and_end_together(models):
    with serving({"WORKERS": "2", "THREADS": "1", "QUEUE": "3"}, models) as server:
        until(lambda: sum_of(server, "dogpeople_decoders") == 2)  # both are there
        with ThreadPoolExecutor(4) as pool:  # no more than one of them alone has places for
            answers = list(pool.map(server.ask, [GOOD] * 12))
        assert [answer.status for answer in answers] == [200] * 12
        before = sum_of(server, "dogpeople_requests_total", route=GOOD.path)
        assert before == 12

        first, second = workers_of(server)
        os.kill(first, signal.SIGKILL)
        until(lambda: len(workers_of(server)) == 2 and first not in workers_of(server))
        assert second in workers_of(server)
        assert server.ask(GOOD).status == 200
        assert sum_of(server, "dogpeople_requests_total", route=GOOD.path) == 13

        processes = tree(server.process.pid)
        server.stop()
        assert server.process.returncode == 0
        until(lambda: all_gone(processes))


def sum_of(server, name, **labels):
    """What all workers together have counted."""
    values = read(server.ask(METRICS).body.decode())
    return sum(v for (n, said), v in values.items() if n == name and set(labels.items()) <= said)


def test_the_less_busy_of_two_workers_takes_the_next_connection():
    """Two in one event loop, so that neither is slower than the other; nobody ends a connection."""
    taken: list[set[object]] = [set(), set()]

    class Open(asyncio.Protocol):
        cycle = None

        def __init__(self, connections):
            self.connections = connections

        def connection_made(self, transport):
            self.transport = transport
            self.connections.add(self)

    async def connect_many():
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.setblocking(False)
            workers = [Worker(uvicorn.Config(None), listener.dup()) for _ in taken]
            for worker, connections in zip(workers, taken, strict=True):
                worker.server_state.connections = connections
                worker.protocol = partial(Open, connections)
            tasks = [asyncio.create_task(worker.take_connections()) for worker in workers]
            clients = []
            for count in range(1, 21):
                clients.append(socket.create_connection(listener.getsockname()))
                while sum(map(len, taken)) < count:
                    await asyncio.sleep(0.01)
            for task, worker in zip(tasks, workers, strict=True):
                task.cancel()
                worker.listener.close()
            for client in clients:
                client.close()
            for connection in (*taken[0], *taken[1]):
                connection.transport.abort()
            await asyncio.sleep(0)

    asyncio.run(connect_many())
    assert {len(connections) for connections in taken} == {10}


def test_workers_end_when_the_one_above_them_is_killed(models):
    with serving({"WORKERS": "2", "THREADS": "1"}, models) as server:
        until(lambda: len(workers_of(server)) == 2)
        processes = tree(server.process.pid)
        server.process.kill()
        server.process.wait()
        until(lambda: all_gone(processes))


def test_a_port_that_is_taken_is_said_in_one_sentence(models):
    with serving({"THREADS": "1"}, models) as server:
        environ = {"WORKERS": "2", "PORT": str(server.port), "MODELS": str(models)}
        run = subprocess.run(
            [sys.executable, "-m", "app"], env=os.environ | environ, capture_output=True, text=True
        )
    assert run.returncode == 2
    assert re.fullmatch(r"dogpeople: .*:\d+: Address already in use\.\n", run.stderr)


def test_a_log_of_json_is_json_in_every_line(models):
    with serving({"WORKERS": "2", "THREADS": "1", "LOGS": "json"}, models) as server:
        server.ask(GOOD)
        server.ask(Case("nothing", "GET", "/nothing?secret=1"))
        server.stop()
        said = server.said()
    lines = [json.loads(line) for line in said.splitlines()]
    assert {line["level"] for line in lines} == {"info"}
    assert {line["worker"] for line in lines} == {0, 1}
    assert all(re.match(r"\d{4}-\d\d-\d\dT", line["time"]) for line in lines)
    requests = [line for line in lines if line["log"] == "dogpeople.requests"]
    assert [line["status"] for line in requests if line["route"] == GOOD.path] == [200]
    assert "secret" not in said


def test_a_server_is_ready_when_a_photo_can_be_decoded(models):
    with serving({"THREADS": "1"}, models) as server:
        until(lambda: server.ask(Case("ready", "GET", "/readyz")).status == 200)
        assert server.ask(GOOD).status == 200
        assert Settings.from_env({}).workers == 1

"""Answers that cost much to make, answers that nobody takes, and who is let in before a proxy."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from app.main import PAUSE
from tests.app.tiny import save_models
from tests.hostile import sockets
from tests.hostile.cases import FORM, GOOD, Case, largest, upload
from tests.hostile.files import png_of_zeros
from tests.hostile.server import Watch, serving, state_of
from tests.hostile.test_hostile import GIGABYTE, QUICK, strange_lines

PATIENT = QUICK | {"MODEL": "colour", "ANSWER_SECONDS": "120", "DECODE_SECONDS": "60"}
"""Here it is memory that counts: on a busy machine, all of the work is to be done all the same."""

LARGEST = largest()
ANSWER = 20_000_000
"""Bytes that the answer to it has, and more."""


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    return save_models(tmp_path_factory.mktemp("models"))


def request(body: bytes) -> bytes:
    head = sockets.HEAD.encode() + f"Content-Length: {len(body)}\r\n\r\n".encode()
    return head + body


def asked(server, body: bytes = LARGEST) -> socket.socket:
    """A connection on which the first bytes of an answer are there."""
    end = server.connect()
    end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 262_144)
    end.sendall(request(body))
    assert end.recv(15) == b"HTTP/1.1 200 OK"
    return end


def test_the_largest_morphs_all_at_once_take_bounded_memory(models):
    """As many as are let in, and photos beside them that take as much as a photo may."""
    photo = upload("large", png_of_zeros(7000, 7000))
    cases = [Case("heavy", "POST", "/api/v1/morph", LARGEST, FORM)] * 4 + [photo]
    with serving(PATIENT, models) as server:
        server.ask(GOOD)
        idle = state_of(server.process.pid)
        with Watch(server) as watch, ThreadPoolExecutor(len(cases)) as pool:
            answers = list(pool.map(server.ask, cases))
        assert [answer.status for answer in answers] == [200] * len(cases)
        assert len(answers[0].body) > ANSWER
        assert watch.failures == []
        assert watch.peak - idle.memory < GIGABYTE


def test_nobody_waits_for_work_that_takes_too_long(models):
    """Neither the client, nor whoever stops the server."""
    hasty = PATIENT | {"ANSWER_SECONDS": "0.5", "SHUTDOWN_SECONDS": "2"}
    with serving(hasty, models) as server:
        answer = server.ask(Case("heavy", "POST", "/api/v1/morph", largest("gif"), FORM))
        assert answer.status == 429
        assert answer.seconds < server.settings.answer_seconds + 3
        assert server.stop() < server.settings.shutdown_seconds + 5


def test_an_answer_that_is_taken_slowly_comes_whole(models):
    with serving(PATIENT, models) as server, asked(server) as end:
        time.sleep(server.settings.header_seconds + 1.5)
        assert len(sockets.until_closed(end)) > ANSWER


def test_an_answer_that_nobody_takes_is_cut_off_in_time(models):
    with serving(PATIENT | {"SEND_SECONDS": "1"}, models) as server, asked(server) as end:
        time.sleep(server.settings.send_seconds + 1)
        assert len(sockets.until_closed(end)) < ANSWER
        assert server.ask(GOOD).status == 200


def test_answers_that_nobody_takes_make_room_for_others(models):
    few = PATIENT | {"MAX_WAITING_BYTES": str(2 * ANSWER)}
    with serving(few, models) as server, ExitStack() as stack:
        server.ask(GOOD)
        idle = state_of(server.process.pid)
        ends = [stack.enter_context(asked(server)) for _ in range(6)]
        assert server.ask(GOOD).status == 200
        end = time.monotonic() + 4 * PAUSE  # what is free is given back now and then
        while (held := state_of(server.process.pid).memory - idle.memory) > 4 * ANSWER:
            assert time.monotonic() < end, f"{held} bytes are held for answers that nobody takes"
            time.sleep(0.1)
        taken = [len(sockets.until_closed(end)) > ANSWER for end in ends]
        assert not any(taken[:4])
        assert taken[-1]
        server.stop()
        assert strange_lines(server.said()) == []


def test_one_connection_too_many_is_closed(models):
    with serving(QUICK | {"MAX_CONNECTIONS": "3"}, models) as server:
        ends = [server.connect() for _ in range(server.settings.max_connections)]
        with server.connect() as another:
            assert sockets.until_closed(another) == b""
        for end in ends:
            end.close()
        time.sleep(0.2)
        assert server.ask(GOOD).status == 200


@pytest.mark.parametrize(("trusted", "believed"), [("127.0.0.1", True), ("", False)])
def test_a_proxy_is_believed_who_the_client_is_if_it_is_trusted(models, trusted, believed):
    limits = QUICK | {"REQUESTS_PER_MINUTE": "1", "TRUSTED_PROXIES": trusted}
    statuses = []
    with serving(limits, models) as server:
        for client in ("192.0.2.1", "192.0.2.2", "192.0.2.1"):
            headers = FORM | {"X-Forwarded-For": f"198.51.100.7, {client}"}
            statuses.append(server.ask(Case("proxy", "POST", "/", GOOD.body, headers)).status)
    assert statuses == [200, 200 if believed else 429, 429]

"""Anyone may send anything: a thousand hostile requests to the real server, on loopback.

The deadlines are shortened here, so that the suite stays quick; the numbers in the tests are those
of the server's settings.
"""

import json
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.app.tiny import save_models
from tests.hostile import sockets
from tests.hostile.attack import Report, attack
from tests.hostile.cases import FORM, FRIEND, GOOD, Case, everything, form, upload
from tests.hostile.files import ODD, jpeg_of_many_scans
from tests.hostile.server import Watch, serving, state_of

QUICK = {
    "HEADER_SECONDS": "1",
    "BODY_SECONDS": "1",
    "DECODE_SECONDS": "1.5",
    "THREADS": "2",
    "QUEUE": "3",
}
GIGABYTE = 1_000_000_000
CASES = 1000
KNOWN = (
    "{",
    "INFO: ",
    "WARNING:  Invalid HTTP request received.",
    "WARNING:  Unsupported upgrade request.",
    "WARNING:  No supported WebSocket library detected.",
    "ERROR:    ASGI callable returned without completing response.",  # cut off: taken too slowly
)
"""How the lines of a log may begin: the journal's, and those of uvicorn in which nothing varies."""


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    return save_models(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def server(models):
    with serving(QUICK, models) as server:
        yield server
        assert strange_lines(server.said()) == []


def strange_lines(said):
    """What a log holds beside the journal and what uvicorn says of itself."""
    return [line for line in said.splitlines() if not line.startswith(KNOWN)]


@pytest.fixture
def calm(server):
    """How many seconds a good upload takes before anything happens, at worst of a few."""
    return max(server.ask(GOOD).seconds for _ in range(4))


def soon(calm):
    """A second; on a machine so busy that even the first upload took long, more."""
    return max(1.0, 5 * calm)


@pytest.fixture
def survives(server, calm):
    """After every test the next good upload works within a second."""
    yield
    answer = server.ask(GOOD)
    assert answer.status == 200
    assert answer.seconds < soon(calm)


@pytest.mark.usefixtures("survives")
def test_a_thousand_hostile_requests_are_answered_with_sentences_in_bounded_memory(server, calm):
    cases, report = everything(), Report()
    assert len(cases) >= CASES
    before = state_of(server.process.pid)
    with Watch(server) as watch:
        attack(server, cases, report)
    time.sleep(1)
    after = state_of(server.process.pid)
    assert report.wrong == []
    assert watch.failures == []
    assert report.broken == 0
    assert report.slowest < server.settings.answer_seconds
    assert report.slowest_good < soon(calm)
    assert watch.p99() < soon(calm)
    assert watch.peak - before.memory < GIGABYTE
    assert after.files <= before.files + 2
    assert after.processes == before.processes
    assert after.memory - before.memory < 150_000_000


@pytest.mark.parametrize("kind", ODD)
def test_an_odd_but_good_photo_is_read(server, kind):
    answer = server.ask(upload(kind, ODD[kind]()))
    assert answer.status == 200, answer.body


@pytest.mark.usefixtures("survives")
def test_a_photo_that_decodes_for_ever_is_given_up_in_time(server):
    answer = server.ask(upload("bomb", jpeg_of_many_scans(3000, 20_000)))
    assert answer.status == 422
    assert json.loads(answer.body)["type"] == "urn:dogpeople:photo-too-slow"
    assert answer.seconds < server.settings.decode_seconds + 3


@pytest.mark.usefixtures("survives")
def test_a_head_that_dribbles_is_cut_off(server):
    answer, seconds = sockets.dribbled_head(server)
    assert answer == b""
    assert seconds < server.settings.header_seconds + 3


@pytest.mark.usefixtures("survives")
def test_a_second_head_that_dribbles_is_cut_off(server):
    first = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    with server.connect() as end:
        end.sendall(first)
        assert b"200 OK" in end.recv(65536)
        begun = time.monotonic()
        sockets.until_closed(end)
    assert time.monotonic() - begun < server.settings.header_seconds + 3


@pytest.mark.usefixtures("survives")
def test_a_body_that_dribbles_is_answered_with_408(server):
    answer, seconds = sockets.dribbled_body(server)
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"application/problem+json" in answer
    assert seconds < server.settings.body_seconds + 3


@pytest.mark.usefixtures("survives")
def test_hundreds_that_dribble_keep_nobody_out(server, calm):
    with ThreadPoolExecutor(150) as pool:
        slow = [pool.submit(sockets.dribbled_body, server) for _ in range(75)]
        slow += [pool.submit(sockets.dribbled_head, server) for _ in range(75)]
        time.sleep(0.3)
        answer = server.ask(GOOD)
        assert answer.status == 200
        assert answer.seconds < soon(calm)
        for each in slow:
            each.result()


@pytest.mark.usefixtures("survives")
@pytest.mark.parametrize("vanish", sockets.VANISHING)
def test_clients_that_vanish_are_forgotten(server, vanish):
    before = state_of(server.process.pid)
    for _ in range(20):
        with server.connect() as end:
            vanish(end)
    time.sleep(server.settings.header_seconds + 0.5)
    after = state_of(server.process.pid)
    assert after.files <= before.files + 2
    assert after.processes == before.processes


@pytest.mark.usefixtures("survives")
@pytest.mark.parametrize("words", sockets.NOT_HTTP)
def test_what_is_hardly_http_is_answered_or_cut_off(server, words):
    begun = time.monotonic()
    answer = sockets.speak(server, sockets.NOT_HTTP[words])
    assert time.monotonic() - begun < server.settings.header_seconds + 6
    assert b" 500 " not in answer
    assert b"Traceback" not in answer
    for status in (b"400", b"408", b"413"):
        if answer.startswith(b"HTTP/1.1 " + status):
            assert b"application/problem+json" in answer


@pytest.mark.usefixtures("survives")
def test_a_client_that_sends_too_much_can_read_why(server):
    limit = server.settings.max_body_bytes
    case = Case("long", "POST", "/api/v1/morph", bytes(limit + 1), FORM)
    answer = server.ask(case)
    assert answer.status == 413
    assert f"{limit / 1e6:g} MB" in json.loads(answer.body)["detail"]
    photo = form(("photo", "a.jpg", bytes(server.settings.max_photo_bytes + 1)))
    assert server.ask(Case("long", "POST", "/api/v1/faces", photo, FORM)).status == 413
    words = {"Content-Type": "application/json"}
    text = b"[" + b" " * server.settings.max_json_bytes + b"]"
    assert server.ask(Case("long", "POST", "/api/v1/decode", text, words)).status == 413


@pytest.mark.usefixtures("survives")
def test_a_burst_is_queued_and_the_rest_is_asked_to_come_back(server, calm):
    heavy = upload("heavy", FRIEND)
    with Watch(server) as watch, ThreadPoolExecutor(100) as pool:
        answers = list(pool.map(lambda _: server.ask(heavy), range(300)))
    statuses = {answer.status for answer in answers}
    assert statuses == {200, 429}
    assert all(int(a.headers["retry-after"]) > 0 for a in answers if a.status == 429)
    assert sum(a.status == 200 for a in answers) >= server.settings.places
    assert watch.failures == []
    assert watch.p99() < soon(calm)


def test_requests_in_flight_are_answered_before_the_server_goes(models):
    with serving(QUICK, models) as server:
        with server.connect() as end:
            end.sendall(sockets.head() + sockets.BODY[:1000])
            ending = threading.Thread(target=server.stop)
            time.sleep(0.2)
            ending.start()
            time.sleep(0.3)
            end.sendall(sockets.BODY[1000:])
            assert sockets.until_closed(end).startswith(b"HTTP/1.1 200")
        ending.join()
        assert server.process.returncode in (0, -signal.SIGTERM)


def test_the_server_goes_in_time_though_a_client_holds_on(models):
    patient = QUICK | {"BODY_SECONDS": "100", "SHUTDOWN_SECONDS": "2"}
    with serving(patient, models) as server, server.connect() as end:
        end.sendall(sockets.head() + sockets.BODY[:1000])
        time.sleep(0.3)
        assert server.stop() < server.settings.shutdown_seconds + 5


def test_nothing_of_anyone_is_in_the_log(models):
    with serving(QUICK, models) as server:
        name, camera = "grandma-on-her-birthday.jpg", FRIEND
        body = form(("friend", name, camera), ("dog", name, b"no picture"), ("model", None, b"eve"))
        number = server.ask(Case("log", "POST", f"/api/v1/morph?who={name}", body, FORM)).headers[
            "x-request-id"
        ]
        server.ask(Case("log", "GET", f"/{name}"))
        server.stop()
        said = server.said()
    assert "grandma" not in said
    assert "127.0.0.1:" not in said.replace(f"http://127.0.0.1:{server.port}", "")
    lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    line = next(line for line in lines if line["id"] == number)
    assert (line["method"], line["route"]) == ("POST", "/api/v1/morph")
    assert set(line) == {"id", "method", "route", "status", "ms", "bytes"}

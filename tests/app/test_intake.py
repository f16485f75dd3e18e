"""How requests are let in, and who is turned away."""

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import replace

import httpx2
import numpy as np
import pytest
import uvicorn
from starlette.testclient import TestClient

from app.decoding import DUE, BusyError
from app.main import create_app
from app.morphing import Morpher
from app.progress import report
from app.rendering import RENDERINGS, picture_url, render_frames
from app.settings import Settings
from app.visitors import REMEMBERED, RateLimit, client_of
from tests.app.pictures import dog_photo, photo
from tests.app.test_refusals import assert_problem

FILES = {"friend": photo(), "dog": dog_photo()}
SIZE = sum(map(len, FILES.values()))


def serve(models, **settings):
    return TestClient(create_app(Settings(models=models, model="faces", **settings)))


def morph(client, **options):
    return client.post("/api/v1/morph", files=FILES, **options)


def test_bodies_together_have_so_many_bytes_and_give_them_back(models):
    with serve(models, max_waiting_bytes=SIZE + 2000) as client:
        for _ in range(5):
            assert morph(client).status_code == 200
    with serve(models, max_waiting_bytes=SIZE // 2) as client:
        for _ in range(2):
            answer = morph(client)
            assert "moment" in assert_problem(answer, 429, "busy")
            assert int(answer.headers["retry-after"]) > 0
            assert client.post("/api/v1/faces", files={"photo": b"x"}).status_code == 415


def test_a_body_without_photos_has_a_limit_of_its_own(models):
    with serve(models, max_json_bytes=1000) as client:
        body = {"latents": [[0.0] * 500]}
        assert_problem(client.post("/api/v1/decode", json=body), 413)
        assert_problem(client.post("/api/v1/morph", data={"walk": "a" * 2000}), 413)
        assert morph(client).status_code == 200


def test_an_answer_that_is_not_there_in_time_is_given_up(models, monkeypatch):
    over = threading.Event()
    monkeypatch.setattr(Morpher, "morph", lambda *args: over.wait(30))
    with serve(models, answer_seconds=0.1) as client:
        assert_problem(morph(client), 429, "busy")
        assert not over.is_set()  # though the work goes on
        over.set()


def test_work_that_nobody_waits_for_any_more_keeps_its_thread_and_no_other_is_begun(
    models, monkeypatch
):
    over, begun = threading.Event(), []
    monkeypatch.setattr(Morpher, "morph", lambda *args: begun.append(1) or over.wait(30))
    with serve(models, answer_seconds=0.1, threads=1) as client:
        for _ in range(3):
            assert_problem(morph(client), 429, "busy")
        over.set()
    assert len(begun) == 1


def test_what_is_late_is_left_off_at_its_next_stage():
    def late():
        DUE.set(time.monotonic() - 1)
        with pytest.raises(BusyError):
            report("Encoding both faces…")

    report("Encoding both faces…")
    copy_context().run(late)


@pytest.mark.parametrize("form", RENDERINGS)
def test_nothing_is_rendered_when_it_is_too_late(form):
    frames = np.zeros((2, 8, 8, 3), np.float32)

    def late():
        DUE.set(time.monotonic() - 1)
        for render in (lambda: render_frames(frames, form), lambda: picture_url(frames[0])):
            with pytest.raises(BusyError):
                render()

    assert render_frames(frames, form)
    copy_context().run(late)


def test_frames_are_made_and_rendered_while_there_is_memory_for_them(models, monkeypatch):
    """Another morph of the same size waits until the answer of the first is there."""
    begin, render = Morpher.morph, RENDERINGS["webp"].render
    seen = []
    monkeypatch.setattr(Morpher, "morph", lambda *args: seen.append("begun") or begin(*args))
    rendering = replace(
        RENDERINGS["webp"],
        render=lambda *args, **how: time.sleep(0.1) or seen.append("done") or render(*args, **how),
    )
    monkeypatch.setitem(RENDERINGS, "webp", rendering)
    with serve(models, threads=4, max_frames_bytes=10) as client, ThreadPoolExecutor(4) as pool:
        animation = {"format": "webp"}
        answers = list(pool.map(lambda _: morph(client, data=animation), range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4
    assert seen == ["begun", "done"] * 4


def test_places_are_given_back_whatever_happens(models, monkeypatch):
    def fall_over(*args):
        raise RuntimeError

    with serve(models, threads=1, queue=1) as client:
        client = TestClient(client.app, raise_server_exceptions=False)
        with client, monkeypatch.context() as patch:
            patch.setattr(Morpher, "morph", fall_over)
            assert [morph(client).status_code for _ in range(4)] == [500] * 4
        with client:
            assert morph(client).status_code == 200
            assert client.post("/api/v1/morph", files={"dog": b"x"}).status_code == 422
            assert morph(client).status_code == 200


def test_what_is_asked_for_without_a_body_waits_for_a_place_too(models, monkeypatch):
    over, begun = threading.Event(), threading.Semaphore(0)
    monkeypatch.setattr(Morpher, "draw", lambda *args: begun.release() or over.wait(30) or 1 / 0)
    with serve(models, threads=1, queue=1) as client, ThreadPoolExecutor(2) as pool:
        client = TestClient(client.app, raise_server_exceptions=False)
        with client:
            asked = [pool.submit(client.get, "/api/v1/samples") for _ in range(2)]
            assert begun.acquire(timeout=30)
            time.sleep(0.2)  # until the other waits, too
            assert_problem(client.get("/api/v1/samples"), 429, "busy")
            assert client.get("/").status_code == 200
            assert client.get("/static/style.css").status_code == 200
            over.set()
            assert [each.result().status_code for each in asked] == [500, 500]


def test_a_person_is_told_on_a_page(models):
    with serve(models, max_waiting_bytes=10) as client:
        answer = client.post("/", files=FILES)
    assert answer.status_code == 429
    assert answer.headers["content-type"].startswith("text/html")
    assert int(answer.headers["retry-after"]) > 0
    assert "There is a lot to do here" in answer.text


def test_health_is_never_refused(models):
    with serve(models, max_waiting_bytes=1, requests_per_minute=1) as client:
        assert all(client.get("/healthz").status_code == 200 for _ in range(5))


@pytest.mark.parametrize("host", ["dogs.example.org", "DOGS.example.org:8000", "[::1]:80"])
def test_the_servers_own_names_are_let_in(models, host):
    with serve(models, allowed_hosts="dogs.example.org, [::1]") as client:
        assert client.get("/healthz", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example.org", "dogs.example.org.evil", "", "[::2]", "["])
def test_another_servers_names_are_turned_away(models, host):
    with serve(models, allowed_hosts="dogs.example.org, [::1]") as client:
        assert_problem(client.get("/healthz", headers={"host": host}), 421)


def test_a_client_that_asks_too_often_is_turned_away_for_a_while(models):
    with serve(models, requests_per_minute=2) as client:
        assert [morph(client).status_code for _ in range(2)] == [200, 200]
        answer = morph(client)
        assert "wait a moment" in assert_problem(answer, 429)
        assert int(answer.headers["retry-after"]) == 30
        assert_problem(client.get("/api/v1/samples"), 429)
        assert client.get("/").status_code == 200


def test_requests_come_back_with_time_and_each_client_has_its_own():
    rate = RateLimit(60)
    assert all(rate.allows("a", 0.0) for _ in range(60))
    assert not rate.allows("a", 0.0)
    assert rate.allows("b", 0.0)
    assert not rate.allows("a", 0.5)
    assert rate.allows("a", 1.0)
    assert not rate.allows("a", 1.0)
    assert sum(rate.allows("a", 1000.0) for _ in range(100)) == 60


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("unix:", "unix:", True),
    ],
)
def test_one_client_has_all_addresses_of_its_network(one, other, same):
    first, second = ({"client": (address, 1)} for address in (one, other))
    assert (client_of(first) == client_of(second)) == same


def test_clients_beyond_number_are_forgotten_the_oldest_first():
    rate = RateLimit(1)
    for client in range(REMEMBERED + 5):
        assert rate.allows(str(client), 0.0)
    assert len(rate.buckets) == REMEMBERED
    assert rate.allows("0", 0.0)
    assert not rate.allows(str(REMEMBERED), 0.0)


def test_every_answer_has_a_number_of_its_own(models, monkeypatch):
    monkeypatch.setattr(Morpher, "encode", lambda *args: 1 / 0)
    app = create_app(Settings(models=models, model="faces"))
    with TestClient(app, raise_server_exceptions=False) as client:
        broken = client.post("/api/v1/encode", files={"photo": photo()})
        answers = [client.get("/"), client.get("/nope"), client.get("/static/style.css"), broken]
    assert broken.status_code == 500
    numbers = {answer.headers["x-request-id"] for answer in answers}
    assert len(numbers) == 4
    assert all(len(number) == 16 for number in numbers)


@pytest.mark.parametrize(
    "path",
    [
        "/shared?friend=AAAAAAAAAAAAAA&dog=AAAAAAAAAAAAAA",
        "/shared.png?friend=AAAAAAAAAAAAAA&dog=AAAAAAAAAAAAAA",
        "/dogs/colour/Bella.webp",
        "/api/v1/samples",
    ],
)
def test_what_takes_work_needs_a_place_though_nothing_is_sent(models, monkeypatch, path):
    with serve(models) as client:
        assert client.get(path).status_code == 200
    monkeypatch.setattr(Settings, "places", 0)
    with serve(models) as client:
        assert client.get(path).status_code == 429
        assert client.get("/").status_code == 200
        assert client.get("/healthz").status_code == 200


def test_work_is_left_off_when_its_client_goes(models, monkeypatch):
    """Through a real socket, whose end the server has to notice by itself."""
    begun, left_off = threading.Event(), threading.Event()

    def work(*args):
        begun.set()
        try:
            while True:
                report("Drawing the faces in between…")
                time.sleep(0.01)
        except BusyError:
            left_off.set()
            raise

    monkeypatch.setattr(Morpher, "morph", work)
    app = create_app(Settings(models=models, model="faces"))
    with running(app) as port, httpx2.Client(base_url=f"http://127.0.0.1:{port}") as client:
        with pytest.raises(httpx2.ReadTimeout):
            client.post("/api/v1/morph", files=FILES, timeout=httpx2.Timeout(30, read=1))
        assert begun.is_set()
        client.close()
        assert left_off.wait(5)  # seconds before an answer would be due


@contextmanager
def running(app):
    """Serve an app on a thread of this process; yield its port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()

"""What is counted is counted rightly, and in a format that Prometheus reads."""

import os
import re

import pytest
from starlette.testclient import TestClient

from app.main import create_app
from app.metrics import BOUNDS, GAUGES, MEDIA_TYPE, STATUSES, Metrics
from app.settings import Settings
from tests.app.pictures import dog_photo, photo

SAMPLE = re.compile(r'([a-z_]+)\{((?:[a-z]+="[^"\\\n]*",?)+)\} ([0-9.e+-]+)')


def read(text):
    """The values by name and labels; every line must be of the format."""
    values, kinds = {}, {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            kinds[name] = kind
        elif not line.startswith("# HELP "):
            name, labels, value = SAMPLE.fullmatch(line).groups()
            key = name, frozenset(re.findall(r'([a-z]+)="([^"]*)"', labels))
            assert key not in values, line
            assert re.sub("_(bucket|sum|count)$", "", name) in kinds, line
            values[key] = float(value)
    assert text.endswith("\n")
    return values


def value(values, name, **labels):
    return values.get((name, frozenset(labels.items())), 0)


@pytest.fixture
def client(models):
    with TestClient(create_app(Settings(models=models, model="faces", threads=2))) as client:
        yield client


def test_requests_are_counted_by_route_and_status_and_timed(client):
    files = {"friend": photo(), "dog": dog_photo()}
    for _ in range(3):
        assert client.post("/api/v1/morph", files=files).status_code == 200
    assert client.post("/api/v1/morph", files={"friend": b"no"}).status_code == 415
    client.get("/static/style.css")
    client.get("/nobody/is/here")
    answer = client.get("/metrics")
    assert answer.headers["content-type"] == MEDIA_TYPE
    values = read(answer.text)

    def count(method, route, status):
        labels = {"worker": "0", "method": method, "route": route, "status": status}
        return value(values, "dogpeople_requests_total", **labels)

    assert count("POST", "/api/v1/morph", "200") == 3
    assert count("POST", "/api/v1/morph", "415") == 1
    assert count("GET", "/static", "200") == 1
    assert count("other", "other", "404") == 1
    labels = {"worker": "0", "method": "POST", "route": "/api/v1/morph"}
    assert value(values, "dogpeople_request_seconds_count", **labels) == 4
    assert value(values, "dogpeople_request_seconds_bucket", le="+Inf", **labels) == 4
    assert 0 < value(values, "dogpeople_request_seconds_sum", **labels) < 60


def test_the_server_tells_what_it_is_at(client):
    values = read(client.get("/metrics").text)
    told = {name: value(values, name, worker="0") for name in GAUGES}
    assert told["dogpeople_places"] == 8
    assert told["dogpeople_places_taken"] == told["dogpeople_waiting_bytes"] == 0
    assert told["dogpeople_decoders"] == 2
    assert told["dogpeople_decoders_replaced_total"] == 0
    assert told["dogpeople_cpu_seconds_total"] > 0


def test_a_histogram_holds_what_is_below():
    metrics = Metrics([("GET", "/")])
    for seconds in (0.001, BOUNDS[0], 0.3, 99.0):
        metrics.note("GET", "/", 200, seconds)
    labels = {"worker": "0", "method": "GET", "route": "/"}
    values = read(metrics.text())
    below = [
        value(values, "dogpeople_request_seconds_bucket", **labels, le=str(bound))
        for bound in (*BOUNDS, "+Inf")
    ]
    assert below == [2] * 5 + [2, 3, 3, 3, 3, 3, 4]
    assert value(values, "dogpeople_request_seconds_sum", **labels) == pytest.approx(
        99.301 + BOUNDS[0]
    )


def test_what_has_no_name_of_its_own_is_counted_as_other():
    metrics = Metrics([("GET", "/")])
    metrics.note("GET", '/"\n', 200, 1)
    metrics.note("GET", "/", 299, 1)
    metrics.note("GET", "/", 0, 1)
    requests = {k: v for k, v in read(metrics.text()).items() if "requests" in k[0]}
    assert requests == {
        ("dogpeople_requests_total", frozenset(labels.items())): 1
        for labels in (
            {"worker": "0", "method": "other", "route": "other", "status": "200"},
            {"worker": "0", "method": "GET", "route": "/", "status": "other"},
            {"worker": "0", "method": "GET", "route": "/", "status": "none"},
        )
    }


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_any_process_answers_for_all():
    metrics = Metrics([("GET", "/")], workers=2)
    if (child := os.fork()) == 0:
        metrics.begin(1)
        for _ in range(5):
            metrics.note("GET", "/", 200, 0.1)
        os._exit(0)
    os.waitpid(child, 0)
    metrics.begin(0)
    metrics.note("GET", "/", 429, 0.1)
    values = read(metrics.text())
    labels = {"method": "GET", "route": "/"}
    assert value(values, "dogpeople_requests_total", worker="1", status="200", **labels) == 5
    assert value(values, "dogpeople_requests_total", worker="0", status="429", **labels) == 1


def test_every_status_that_is_documented_has_a_number_of_its_own(client):
    from app.errors import HTTP_KINDS, KINDS

    assert {kind.status for kind in KINDS.values()} | set(HTTP_KINDS) <= set(STATUSES)

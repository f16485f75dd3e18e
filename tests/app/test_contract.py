"""Promises that no other module looks after; their numbers are read from the settings."""

import socket

import pytest
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from tests.app.pictures import as_bytes, dog_photo, draw_face, photo
from tests.app.test_refusals import assert_problem
from tests.hostile.files import POLYGLOTS, jpeg_of_size, png_of_zeros
from tests.imaging.photos import png_header

DEFAULTS = Settings()


@pytest.fixture(scope="module")
def client(models):
    with TestClient(create_app(Settings(models=models, model="faces"))) as client:
        yield client


def send(client, data, **fields):
    return client.post("/api/v1/morph", files={"friend": data, "dog": dog_photo()}, data=fields)


# what is sent, status, what the sentence names
LIMITS = {
    "a photo of too many bytes": (
        lambda: bytes(DEFAULTS.max_photo_bytes + 1),
        413,
        f"{DEFAULTS.max_photo_bytes // 1_000_000} MB",
    ),
    "too many pixels": (
        lambda: jpeg_of_size(DEFAULTS.max_side, DEFAULTS.max_pixels // DEFAULTS.max_side + 1),
        413,
        f"{DEFAULTS.max_pixels / 1e6:g} megapixels",
    ),
    "too long a side": (
        lambda: png_header(DEFAULTS.max_side + 1, 100),
        413,
        f"{DEFAULTS.max_side:,} pixels",
    ),
    "too few pixels": (
        lambda: as_bytes(draw_face(DEFAULTS.min_side - 1, 100)),
        422,
        f"{DEFAULTS.min_side} pixels",
    ),
}


@pytest.mark.parametrize("case", LIMITS)
def test_what_is_beyond_a_limit_is_told_the_limit(client, case):
    make, status, word = LIMITS[case]
    assert word in assert_problem(send(client, make()), status, photo="friend")


def test_what_is_at_the_limits_is_read(models):
    """However long that takes on a busy machine: the time has tests of its own."""
    patient = Settings(models=models, model="faces", decode_seconds=100, answer_seconds=200)
    side = int(DEFAULTS.max_pixels**0.5)
    with TestClient(create_app(patient)) as client:
        for data in (
            png_of_zeros(side, side),
            as_bytes(draw_face(DEFAULTS.max_side, DEFAULTS.min_side), "PNG"),
        ):
            assert send(client, data).status_code == 200


def test_a_form_has_so_many_fields_of_so_many_bytes(client):
    many = {f"field{i}": "x" for i in range(DEFAULTS.max_fields)}
    assert send(client, photo(), **many).status_code == 200
    assert_problem(send(client, photo(), **many, one="more"), 400)
    files = [(f"file{i}", photo()) for i in range(DEFAULTS.max_files + 1)]
    assert_problem(client.post("/api/v1/morph", files=files), 400)
    longest = {"extra": "x" * DEFAULTS.max_field_bytes}
    assert send(client, photo(), **longest).status_code == 200
    assert_problem(send(client, photo(), extra="x" * (DEFAULTS.max_field_bytes + 1)), 400)


def test_no_address_is_ever_asked_for_anything(client, monkeypatch):
    def refuse(*args):
        raise AssertionError("a connection was made")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    for data in (b"http://127.0.0.1/a.jpg", *POLYGLOTS.values()):
        assert send(client, data, model="http://127.0.0.1/").status_code < 500
        assert send(client, data).status_code < 500


def test_a_files_name_and_comment_are_in_no_answer(client):
    data = photo(comment=b"grandma's birthday")
    files = {"photo": ("grandma.jpg", data, "image/x-grandma")}
    answer = client.post("/api/v1/faces", files=files, data={"preview": "true"})
    assert answer.status_code == 200
    assert "grandma" not in answer.text
    assert "grandma" not in str(answer.headers)
    spoilt = client.post("/api/v1/faces", files={"photo": ("grandma.jpg", data[:300])})
    assert "grandma" not in spoilt.text

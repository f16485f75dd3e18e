"""Whatever cannot be done is answered with one sentence for a person, as problem+json."""

import json

import pytest
from starlette.testclient import TestClient

from app.main import create_app
from app.morphing import Morpher
from app.settings import Settings
from tests.app.pictures import as_bytes, dog_photo, draw_face, photo
from tests.app.tiny import LATENT

FRIEND, DOG = photo(), dog_photo()
TEXT = b"Dear Sir or Madam, this is not a picture.\n" * 20
EYES_SWAPPED = '{"left_eye": [78, 48], "right_eye": [42, 48], "mouth": [60, 85], "nose": [60, 65]}'
OUTSIDE = '{"left_eye": [9e9, 48], "right_eye": [78, 48], "mouth": [60, 85], "nose": [60, 65]}'


def assert_problem(answer, status, name=None, photo=None):
    """One shape for all: title, status and a sentence, with no traceback, path or class in it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"].endswith(".")
    assert problem.get("photo") == photo
    assert "/work" not in answer.text
    assert "Error" not in answer.text
    if name:
        assert problem["type"] == f"urn:dogpeople:{name}"
    return problem["detail"]


# files, fields, status, kind of problem, photo at fault, a word of the sentence
MORPHS = {
    "empty file": ((b"", DOG), {}, 415, "unreadable-photo", "friend", "empty"),
    "text as .jpg": ((FRIEND, TEXT), {}, 415, "unreadable-photo", "dog", "text"),
    "cut short": ((FRIEND[:-900], DOG), {}, 415, "unreadable-photo", "friend", "damaged"),
    "no picture": ((FRIEND, bytes(range(256))), {}, 415, "unreadable-photo", "dog", "picture"),
    "friend missing": ((None, DOG), {}, 422, "invalid-request", "friend", "friend"),
    "dog missing": ((FRIEND, None), {}, 422, "refused", "dog", "photo of the dog"),
    "unknown dog": (
        (FRIEND, None),
        {"model": "colour", "dog_name": "Snoopy"},
        422,
        "refused",
        "dog",
        "Bella",
    ),
    "too many pixels": (
        (FRIEND, DOG),
        {"steps": "64", "size": "512"},
        422,
        "refused",
        None,
        "at most 320 pixels",
    ),
    "tiny frames": ((FRIEND, DOG), {"size": "8"}, 422, "invalid-request", None, "size"),
    "too much detail": ((FRIEND, DOG), {"detail": "1.1"}, 422, "invalid-request", None, "detail"),
    "unknown easing": ((FRIEND, DOG), {"easing": "no"}, 422, "invalid-request", None, "easing"),
    "backwards": ((FRIEND, None), {"strength": "-1"}, 422, "invalid-request", None, "strength"),
    "too small": ((as_bytes(draw_face(20, 20)), DOG), {}, 422, "photo-too-small", "friend", "32"),
    "one step": ((FRIEND, DOG), {"steps": "1"}, 422, "invalid-request", None, "steps"),
    "65 steps": ((FRIEND, DOG), {"steps": "65"}, 422, "invalid-request", None, "64"),
    "many steps": ((FRIEND, DOG), {"steps": "many"}, 422, "invalid-request", None, "steps"),
    "unknown walk": ((FRIEND, DOG), {"walk": "zigzag"}, 422, "invalid-request", None, "walk"),
    "unknown format": ((FRIEND, DOG), {"format": "bmp"}, 422, "invalid-request", None, "format"),
    "unknown model": ((FRIEND, DOG), {"model": "\ud7ff"}, 404, "unknown-model", None, "faces"),
    "landmarks of text": (
        (FRIEND, DOG),
        {"friend_landmarks": "[["},
        422,
        "bad-landmarks",
        "friend",
        "left_eye",
    ),
    "eyes swapped": (
        (FRIEND, DOG),
        {"dog_landmarks": EYES_SWAPPED},
        422,
        "bad-landmarks",
        "dog",
        "below",
    ),
    "eye outside": (
        (FRIEND, DOG),
        {"dog_landmarks": OUTSIDE},
        422,
        "bad-landmarks",
        "dog",
        "outside",
    ),
}


@pytest.mark.parametrize("case", MORPHS)
def test_a_morph_that_cannot_be_made_says_why(client, case):
    photos, fields, status, name, at_fault, word = MORPHS[case]
    sent = zip(("friend", "dog"), photos, strict=True)
    files = {role: ("me.jpg", data) for role, data in sent if data is not None}
    answer = client.post("/api/v1/morph", files=files, data=fields)
    assert word in assert_problem(answer, status, name, at_fault)


def test_a_text_where_a_photo_belongs_is_refused(client):
    answer = client.post("/api/v1/morph", data={"friend": "me", "dog": "it"})
    assert_problem(answer, 422, "invalid-request", "friend")


@pytest.mark.parametrize(
    "latents",
    [
        [],
        [[]],
        [[0.0] * (LATENT + 1)],
        [[0.0] * LATENT, [0.0]],
        [[1e7] * LATENT],
        [[float("nan")] * LATENT],
        [[float("inf")] * LATENT],
        [["x"] * LATENT],
        [[0.0] * LATENT] * 65,
        None,
    ],
)
def test_latents_that_do_not_fit_are_refused(client, latents):
    headers = {"content-type": "application/json"}
    body = json.dumps({"latents": latents})
    assert_problem(client.post("/api/v1/decode", content=body, headers=headers), 422)


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 9999, b"\xff\xfe", b"null"])
def test_a_body_that_is_no_json_is_refused(client, body):
    headers = {"content-type": "application/json"}
    answer = client.post("/api/v1/decode", content=body, headers=headers)
    assert_problem(answer, answer.status_code)
    assert answer.status_code in (400, 422)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/static/nothing.css", 404),
        ("GET", "/static/../pyproject.toml", 404),
        ("GET", "/api/v1/morph", 405),
        ("DELETE", "/healthz", 405),
    ],
)
def test_wrong_addresses_and_methods_are_problems_too(client, method, path, status):
    assert_problem(client.request(method, path), status)


def test_a_broken_form_is_a_problem(client):
    headers = {"content-type": "multipart/form-data"}
    assert_problem(client.post("/api/v1/morph", content=b"nonsense", headers=headers), 400)


def test_too_many_files_or_a_long_field_is_a_problem(client):
    files = [("friend", FRIEND), ("dog", DOG), ("cat", DOG)]
    assert_problem(client.post("/api/v1/morph", files=files), 400)
    fields = {"friend_landmarks": "[" * 5000}
    files = {"friend": FRIEND, "dog": DOG}
    assert_problem(client.post("/api/v1/morph", files=files, data=fields), 400)


@pytest.fixture(scope="module")
def strict_client(models):
    settings = Settings(models=models, max_photo_bytes=3000, max_body_bytes=9000)
    with TestClient(create_app(settings)) as client:
        yield client


def test_a_photo_of_too_many_bytes_is_named(strict_client):
    files = {"friend": FRIEND[:2000], "dog": bytes(4000)}
    answer = strict_client.post("/api/v1/morph", files=files)
    assert_problem(answer, 413, "photo-too-large", "dog")


@pytest.mark.parametrize("path", ["/api/v1/morph", "/api/v1/encode", "/api/v1/decode"])
def test_a_body_of_too_many_bytes_is_refused(strict_client, path):
    assert_problem(strict_client.post(path, files={"friend": bytes(20_000)}), 413)


def test_a_body_without_a_length_is_counted_as_it_comes(strict_client):
    headers = {"content-type": "multipart/form-data; boundary=x"}
    chunks = (b"a" * 1000 for _ in range(40))
    answer = strict_client.post("/api/v1/morph", content=chunks, headers=headers)
    assert answer.status_code in (400, 413)
    assert_problem(answer, answer.status_code)


def test_a_mistake_of_ours_tells_nobody_how_we_work(settings, monkeypatch):
    def fall_over(*args):
        raise RuntimeError("secret /work/path")

    monkeypatch.setattr(Morpher, "morph", fall_over)
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        answer = client.post("/api/v1/morph", files={"friend": FRIEND, "dog": DOG})
    assert_problem(answer, 500, "internal")
    assert "secret" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"

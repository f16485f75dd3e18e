"""The page as a browser without JavaScript sees it: a form, and the answer to it."""

import re

import pytest
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from tests.app import tiny
from tests.app.pictures import dog_photo, photo, picture_of
from vae_core.imaging.align import face_frame

FILES = {"friend": photo(), "dog": dog_photo()}


def strips(page):
    return re.findall(r'<img class="strip[^"]*" src="([^"]*)" data-steps="(\d+)"', page)


def test_the_page_asks_for_two_photos_and_says_what_happens_to_them(client):
    page = client.get("/").text
    assert page.count('type="file"') == 2
    assert "never stored" in page
    assert 'method="post"' in page
    assert 'enctype="multipart/form-data"' in page


def test_only_models_of_faces_are_offered(client):
    offered = re.findall(r"<option( selected)?>(\w+)</option>", client.get("/").text)
    assert offered == [("", "colour"), (" selected", "faces")]


def test_an_example_is_shown_until_there_is_a_morph(client):
    assert strips(client.get("/").text) == [("/example.webp", "11")]
    for kind in ("png", "webp"):
        assert client.get(f"/example.{kind}").headers["content-type"] == f"image/{kind}"
    assert client.get("/example.exe").status_code == 404


def test_a_model_without_an_example_shows_none(tmp_path, monkeypatch):
    monkeypatch.delitem(tiny.METADATA, "example")
    tiny.save_model(tmp_path, "plain", face_frame(12, channels=1))
    with TestClient(create_app(Settings(models=tmp_path))) as client:
        assert strips(client.get("/").text) == []
        assert client.get("/example.png").status_code == 404


def test_the_form_brings_the_morph_back_in_the_page(client):
    answer = client.post("/", files=FILES, data={"steps": "25", "model": "colour"})
    assert answer.status_code == 200
    [(strip, steps)] = strips(answer.text)
    assert picture_of(strip).size == (25 * 16, 16)
    assert steps == "25"
    assert '<option value="25" selected>' in answer.text
    downloads = re.findall(r'href="data:\w+/(\w+);base64,[^"]+" download', answer.text)
    assert downloads == ["png", "gif", "webp", "zip"]
    assert answer.text.count("likeness of the") == 2


@pytest.mark.parametrize("role", ["friend", "dog"])
def test_a_refusal_stands_beside_the_photo_that_it_is_about(client, role):
    answer = client.post("/", files=FILES | {role: b"no picture"})
    assert answer.status_code == 415
    errors = dict(
        re.findall(r'<p class="error" id="([a-z]+)-error"[^>]*>\s*([^<]*)</p>', answer.text)
    )
    assert errors.pop(role).startswith(f"The {role}")
    assert set(errors.values()) == {""}
    assert len(re.findall(r'aria-invalid="true" autofocus', answer.text)) == 1


def test_a_photo_that_was_not_chosen_is_asked_for(client):
    empty = ("", b"", "application/octet-stream")
    answer = client.post("/", files={"friend": photo(), "dog": empty})
    assert answer.status_code == 422
    assert "add a photo of the dog" in answer.text


def test_what_is_wrong_with_neither_photo_stands_below_the_form(client):
    answer = client.post("/", files=FILES, data={"model": "none"})
    assert answer.status_code == 404
    assert re.search(r'id="form-error"[^>]*>There is no such model', answer.text)


def test_nothing_that_was_sent_comes_back_as_markup(client):
    nasty = {"friend": ('"><script>.jpg', b"x"), "dog": photo()}
    page = client.post("/", files=nasty, data={"model": "<script>alert(1)</script>"}).text
    assert "<script>" not in page


def test_a_browser_is_shown_a_page_when_it_is_lost(client):
    lost = client.get("/lost", headers={"accept": "text/html"})
    assert lost.status_code == 404
    assert lost.headers["content-type"].startswith("text/html")
    assert "Nothing is here" in lost.text

"""What the server says about itself, and what every answer carries."""

import re

import pytest

from app.assets import Assets
from app.settings import ROOT
from tests.app.pictures import dog_photo, photo
from tests.app.tiny import LATENT

ADDRESSES = ["/", "/docs", "/healthz", "/openapi.json", "/api/v1/models", "/example.png", "/nope"]


def test_the_server_is_well(client):
    assert client.get("/healthz").json() == {"status": "ok"}


def test_every_model_is_listed_with_its_origin(client):
    models = client.get("/api/v1/models").json()["models"]
    assert [m["name"] for m in models] == ["colour", "digits", "faces"]
    assert [m["name"] for m in models if m["default"]] == ["faces"]
    assert [m["name"] for m in models if not m["faces"]] == ["digits"]
    assert models[1]["dataset"] == {"name": "drawn", "terms": "do as you like"}
    sizes = {k: models[0][k] for k in ("height", "width", "channels", "latent")}
    assert sizes == {"height": 16, "width": 16, "channels": 3, "latent": LATENT}


@pytest.mark.parametrize("path", [*ADDRESSES, "/static/style.css"])
def test_every_answer_carries_the_headers(client, path):
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "http" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "server" not in headers


def test_results_are_never_kept_by_anyone(client):
    files = {"friend": photo(), "dog": dog_photo()}
    for path in ("/api/v1/morph", "/"):
        assert client.post(path, files=files).headers["cache-control"] == "no-store"


def test_what_a_page_names_is_kept_for_ever_and_never_asked_after(client):
    for page in ("/", "/docs", "/explore", "/digits", "/how"):
        named = re.findall(r'(?:src|href)="(/static/[^"]+)"', client.get(page).text)
        assert named
        for url in named:
            answer = client.get(url)
            assert answer.status_code == 200
            assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_a_page_names_every_script_that_its_script_imports(client):
    named = re.findall(r'(?:src|href)="/static/\w+/([\w-]+\.js)"', client.get("/").text)
    imported = set()
    for name in named:
        imported |= set(re.findall(r'from "\./(.+?)"', (ROOT / "static" / name).read_text("utf-8")))
    assert imported
    assert imported < set(named)


def test_a_change_of_any_file_changes_every_address(tmp_path):
    (tmp_path / "a.css").write_text("a {}")
    (tmp_path / "b.js").write_text("1;")
    before = Assets(tmp_path)
    assert Assets(tmp_path).url("a.css") == before.url("a.css")
    (tmp_path / "b.js").write_text("2;")
    assert Assets(tmp_path).url("a.css") != before.url("a.css")


def test_a_page_from_before_an_update_gets_the_files_as_they_are(client):
    for path in ("/static/0123456789ab/style.css", "/static/style.css"):
        assert client.get(path).headers["cache-control"] == "no-cache"
    assert client.get("/static/0123456789ab/nothing.css").status_code == 404
    assert client.get("/static/0123456789ab/../../pyproject.toml").status_code == 404
    assert client.get("/static/0123456789ab").status_code == 404


def test_style_and_scripts_travel_packed(client):
    answer = client.get("/static/style.css", headers={"accept-encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers.get("content-length", 0)) < len(answer.content) / 3


def test_a_plain_name_is_kept_but_asked_after(client):
    first = client.get("/static/style.css")
    assert first.headers["cache-control"] == "no-cache"
    again = client.get("/static/style.css", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_pages_name_no_other_host_and_hold_no_script_or_style(client, path):
    page = client.get(path).text
    assert not re.search(r'(src|href|action)="(https?:)?//', page)
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?! [^>]*src=)", page)


def test_everything_that_the_pages_ask_for_is_here(client):
    for path in ("/", "/docs"):
        for address in re.findall(r'(?:src|href)="(/[^"]*)"', client.get(path).text):
            assert client.get(address).status_code == 200, address


def test_the_api_describes_itself_with_examples(client):
    described = client.get("/openapi.json").json()
    morph = described["paths"]["/api/v1/morph"]["post"]
    assert set(morph["responses"]["200"]["content"]) == {
        "image/png",
        "image/gif",
        "image/webp",
        "application/zip",
        "application/json",
    }
    assert "application/problem+json" in morph["responses"]["4XX"]["content"]
    assert "422" not in morph["responses"]
    schemas = described["components"]["schemas"]
    assert schemas["Model"]["properties"]["name"]["examples"] == ["classic"]
    assert schemas["DecodeBody"]["examples"]
    assert "/" not in described["paths"]


def test_the_example_of_the_documentation_has_the_shape_of_a_request(client):
    schema = client.get("/openapi.json").json()["components"]["schemas"]["DecodeBody"]
    assert set(schema["examples"][0]) <= set(schema["properties"])

"""What the server says about itself, and what every answer carries."""

import re

import pytest

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


def test_style_and_scripts_are_kept_by_the_browser_but_asked_after(client):
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

"""The planes of digits, and what the page tells of them, over the released models."""

import io
import json

import pytest
from PIL import Image
from starlette.testclient import TestClient

from app.gallery import GRID, POINTS
from app.main import create_app
from app.settings import ROOT, Settings
from vae_core.checkpoint import load_checkpoint


@pytest.fixture(scope="module")
def released():
    with TestClient(create_app(Settings(models=ROOT / "models", threads=1))) as client:
        yield client


@pytest.mark.parametrize("path", sorted(POINTS.glob("*.json")), ids=lambda path: path.stem)
def test_the_points_are_those_of_the_model_that_is_released(path):
    known = json.loads(path.read_text())
    checksum = (ROOT / "models" / f"{path.stem}.safetensors.sha256").read_text().split()[0]
    assert known["model_sha256"] == checksum
    assert len(known["points"]) == len(known["labels"]) == 2000


def test_a_grid_shows_what_is_all_over_the_plane(released):
    answer = released.get("/digits/mnist.png")
    assert Image.open(io.BytesIO(answer.content)).size == (GRID * 28, GRID * 28)


@pytest.mark.parametrize("name", ["classic", "gone", "..%2Fmnist", "*"])
def test_there_is_no_grid_of_what_has_no_plane(released, name):
    assert released.get(f"/digits/{name}.png").status_code == 404


def test_both_models_stand_side_by_side_the_plain_one_first(released):
    page = released.get("/digits").text
    assert 0 < page.index("Left alone (beta 0)") < page.index("Kept tidy (beta 1.25)")


def test_the_story_tells_the_models_own_numbers(released):
    page = released.get("/how").text
    losses = load_checkpoint(ROOT / "models" / "flagship.safetensors").metadata["losses"]
    assert "128 by 128 pixels in colour" in page
    assert f"{losses['pictures']} pictures" in page
    assert "may not be redistributed" in page


def test_a_server_without_them_says_so(client):
    assert "No model here has a plane" in client.get("/digits").text
    assert "How a friend becomes a dog" in client.get("/how").text

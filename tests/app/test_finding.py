"""Children find the faces in photos: the same ones as the library, and within bounds."""

import time
from contextvars import copy_context

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from app.decoding import DUE, BusyError, DecoderPool
from app.main import create_app
from app.morphing import FINDER, Morpher
from app.settings import ROOT, Settings
from benchmarks.photos import decoded_jpeg
from vae_core.finder.find import Finder
from vae_core.imaging.photo import Photo, PhotoLimits, read_photo

SECONDS = 20.0
FILE = ROOT / "models" / FINDER


@pytest.fixture(scope="module")
def pool():
    with DecoderPool(1, SECONDS, 300_000_000, Settings().largest_photo, FILE) as pool:
        yield pool


@pytest.fixture(scope="module")
def pair():
    """A person and a dog who do not exist, side by side in half of a photo's pixels."""
    data = [decoded_jpeg(500, 500, name) for name in ("friend", "dog")]
    images = [read_photo(each).image for each in data]
    return Photo(Image.fromarray(np.hstack([np.asarray(i) for i in images])), 2000, 1000)


def test_a_child_finds_the_faces_that_the_library_finds(pool, pair):
    found = pool.find(pair)
    assert [face.species for face in sorted(found, key=lambda f: f.box)] == ["person", "dog"]
    assert found == Finder.from_file(FILE).find(pair)


def test_a_child_finds_nothing_where_nobody_is(pool):
    assert pool.find(Photo(Image.new("RGB", (300, 200), "#8a7f70"), 300, 200)) == []


def test_the_largest_photo_that_is_kept_has_room(pool, pair):
    side = round(PhotoLimits().draft ** 0.5)
    found = pool.find(Photo(pair.image.resize((side, side // 2)), side, side // 2))
    assert {face.species for face in found} == {"person", "dog"}


def test_whoever_is_late_is_asked_to_come_back_and_the_child_replaced(pool, pair):
    before = set(pool.decoders)

    def look():
        DUE.set(time.monotonic() + 0.003)
        with pytest.raises(BusyError):
            pool.find(pair)

    pool.wait_until_ready()
    copy_context().run(look)
    assert not before & pool.decoders
    assert len(pool.find(pair)) == 2


def test_a_server_leaves_finding_to_its_children(monkeypatch):
    settings = Settings(threads=1)
    app = create_app(settings, Morpher.from_settings(settings))
    monkeypatch.setattr(Finder, "find", None)
    with TestClient(app) as client:
        answer = client.post("/api/v1/faces", files={"photo": decoded_jpeg(300, 300, "dog")})
    assert [face["species"] for face in answer.json()["faces"]] == ["dog"]

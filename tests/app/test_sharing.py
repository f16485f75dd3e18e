"""A morph in an address, and in the strip that is saved."""

import io
import re
from html import unescape

import numpy as np
import pytest
from PIL import Image

from app.sharing import pack, unpack
from tests.app.pictures import dog_photo, photo, picture_of
from tests.app.tiny import LATENT, METADATA
from vae_core.errors import LatentsError

FILES = {"friend": photo(), "dog": dog_photo()}
ORDER = {"steps": 4, "walk": "spherical", "easing": "smooth", "detail": 0}


def shared(client, **fields):
    """The JSON of a morph; its address is in it."""
    data = ORDER | {"format": "json"} | fields
    return client.post("/api/v1/morph", files=FILES, data=data).json()


def strip_in(page):
    [url] = re.findall(r'<img class="strip[^"]*" src="([^"]*)"', page)
    return np.asarray(picture_of(url), float)


def test_a_latent_survives_to_half_precision(rng):
    latent = rng.standard_normal(384).astype(np.float32)
    assert len(pack(latent)) == 1024
    np.testing.assert_array_equal(unpack(pack(latent)), latent.astype(np.float16))


@pytest.mark.parametrize("text", ["A", "AAAA", "AA=A", "ä", "A A", "%00"])
def test_half_a_latent_is_none(text):
    with pytest.raises(LatentsError, match="link is not whole"):
        unpack(text)


def test_the_link_shows_the_same_morph(client):
    made = shared(client)
    frames = [np.asarray(picture_of(url), float) for url in made["frames"]]
    strip = strip_in(client.get(made["share"]).text)
    assert strip.shape == (12, 4 * 12)
    assert np.abs(strip - np.hstack(frames)).max() <= 2  # of 255; half precision, and the light


def test_a_link_goes_the_way_that_the_example_goes(client):
    ends = {name: pack(np.array(z)) for name, z in METADATA["example"].items()}
    page = client.get("/shared", params=ends | {"model": "faces"}).text
    example = Image.open(io.BytesIO(client.get("/example.png").content))
    assert np.abs(strip_in(page) - np.asarray(example, float)).max() <= 2


def test_no_photo_is_in_the_link_and_a_dog_that_was_imagined_is(client):
    made = shared(client, model="colour", dog_name="nearest")
    assert len(made["share"]) < 300
    dog = re.search(r"[?&]dog=([^&]+)", made["share"]).group(1)
    np.testing.assert_allclose(unpack(dog), made["latents"][-1], rtol=1e-3)


def test_a_link_has_a_picture(client):
    address = shared(client)["share"]
    [url] = re.findall(r'property="og:image" content="([^"]*)"', client.get(address).text)
    answer = client.get(unescape(url))
    assert Image.open(io.BytesIO(answer.content)).size == (1200, 400)
    assert answer.headers["cache-control"].startswith("max-age")


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"friend": "AAAA"}, 422),
        ({"friend": "no latent!"}, 422),
        ({"friend": pack(np.full(LATENT, np.nan))}, 422),
        ({"model": "gone"}, 404),
        ({"steps": 1000}, 422),
        ({"walk": "drunk"}, 422),
    ],
)
def test_a_link_that_was_changed_is_refused_in_words(client, change, status):
    ends = {"friend": pack(np.zeros(LATENT)), "dog": pack(np.ones(LATENT))}
    for path in ("/shared", "/shared.png"):
        answer = client.get(path, params=ends | change, headers={"accept": "text/html"})
        assert answer.status_code == status
        assert "Back to the photos" in answer.text


def test_a_saved_strip_says_what_made_it_and_holds_its_link(client):
    made = shared(client)
    answer = client.post("/api/v1/morph", files=FILES, data=ORDER)
    texts = Image.open(io.BytesIO(answer.content)).text
    assert texts["dogpeople"] == made["share"]
    assert "Made by a model" in texts["Description"]
    assert "compositeWithTrainedAlgorithmicMedia" in texts["XML:com.adobe.xmp"]


@pytest.mark.parametrize(
    ("form", "where", "said"),
    [("gif", "comment", b"Made by a model"), ("webp", "xmp", b"Algorithmic")],
)
def test_an_animation_says_what_made_it(client, form, where, said):
    answer = client.post("/api/v1/morph", files=FILES, data=ORDER | {"format": form})
    assert said in bytes(Image.open(io.BytesIO(answer.content)).info[where])


def test_the_page_shows_how_faithful_the_model_is(client):
    page = client.post("/", files=FILES).text
    assert page.count('<svg class="histogram"') == 2
    assert len(re.findall(r"larger than \d+&nbsp;% of the training", page)) == 2
    places = [float(x) for x in re.findall(r'<line x1="([\d.]+)"', page)]
    assert all(0 <= x <= 3 for x in places)  # the tiny models' histogram has three bins

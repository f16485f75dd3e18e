"""Directions and samples, over the API."""

import numpy as np
import pytest

from app.sharing import pack
from tests.app.tiny import DOGS, LATENT


def test_directions_are_what_people_vary_by_and_the_way_to_the_dogs(client):
    found = client.get("/api/v1/directions", params={"model": "colour"}).json()
    people, dogs = (np.array(DOGS["species"][name]["mean"]) for name in ("person", "dog"))
    np.testing.assert_allclose(found["start"], people)
    np.testing.assert_allclose(found["dog"], dogs - people)
    lengths = np.linalg.norm(found["directions"], axis=1)
    assert len(lengths) == LATENT
    assert (np.diff(lengths) < 0).all()  # the most important first


def test_samples_are_the_same_for_a_seed_and_spread_like_their_species(client):
    ask = {"model": "colour", "of": "dog", "count": 64, "seed": 5}
    first, again = (client.get("/api/v1/samples", params=ask).json()["latents"] for _ in range(2))
    assert first == again
    mean = np.mean(first, axis=0)
    np.testing.assert_allclose(mean, DOGS["species"]["dog"]["mean"], atol=0.6)
    other = client.get("/api/v1/samples", params=ask | {"seed": 6}).json()["latents"]
    assert other != first


def test_every_model_can_be_drawn_from_by_its_prior(client):
    found = client.get("/api/v1/samples", params={"model": "digits", "count": 3}).json()
    assert np.array(found["latents"]).shape == (3, LATENT)


@pytest.mark.parametrize(
    ("path", "ask", "status"),
    [
        ("directions", {"model": "faces"}, 422),
        ("directions", {"model": "gone"}, 404),
        ("samples", {"model": "faces", "of": "dog"}, 422),
        ("samples", {"of": "cat"}, 422),
        ("samples", {"count": 65}, 422),
        ("samples", {"seed": -1}, 422),
    ],
)
def test_what_is_not_known_is_refused(client, path, ask, status):
    assert client.get(f"/api/v1/{path}", params=ask).status_code == status


def test_a_face_of_another_model_is_refused(client):
    ask = {"model": "colour", "face": pack(np.zeros(3))}
    answer = client.get("/explore", params=ask, headers={"accept": "text/html"})
    assert answer.status_code == 422
    assert "has 5 numbers" in answer.text

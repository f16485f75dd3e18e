"""Means, spreads and directions of people and dogs, and the dogs that follow from them."""

import json

import numpy as np
import pytest

from vae_core.directions import (
    NAMES,
    Species,
    Wish,
    describe_species,
    doggify,
    imagine_dog,
    kinds,
    principal_axes,
    random_dog,
    species_in,
    species_of,
    squared_distances,
)
from vae_core.errors import ConfigError

Z = 6


@pytest.fixture
def people(rng):
    return rng.standard_normal((300, Z)) * [1, 2, 1, 1, 0.1, 1] + [3, 0, 0, 0, 0, 0]


@pytest.fixture
def dogs(rng):
    return rng.standard_normal((400, Z)) * [0.5, 1, 1, 1, 1, 1] - [3, 0, 0, 0, 0, 0]


@pytest.fixture
def metadata(people, dogs):
    labels = np.array(["person"] * len(people) + ["dog"] * len(dogs))
    return json.loads(json.dumps(describe_species(np.concatenate([people, dogs]), labels)))


def test_a_species_has_the_variances_of_its_latents_at_any_rank(dogs):
    covariance = np.cov(dogs.T, bias=True)
    for rank in (0, 2, Z):
        known = Species.fit(dogs, rank)
        np.testing.assert_allclose(known.mean, dogs.mean(axis=0))
        np.testing.assert_allclose(np.diag(known.covariance()), np.diag(covariance), rtol=1e-9)
    np.testing.assert_allclose(Species.fit(dogs, Z).covariance(), covariance, atol=1e-9)


@pytest.mark.parametrize("spread", [1.0, 0.5])
def test_samples_are_distributed_as_the_species_is_along_its_known_directions(dogs, rng, spread):
    known = Species.fit(dogs, 3)
    drawn = np.stack([known.sample(rng, spread) for _ in range(20_000)])
    np.testing.assert_allclose(drawn.mean(axis=0), known.mean, atol=0.04)
    shared = known.factor @ known.factor.T
    np.testing.assert_allclose(np.cov(drawn.T), spread**2 * shared, atol=0.05)


def test_what_is_kept_is_what_was_found_to_four_digits(metadata, dogs):
    known, kept = Species.fit(dogs), species_in(metadata)["dog"]
    np.testing.assert_allclose(kept.mean, known.mean, rtol=1e-3)
    np.testing.assert_allclose(kept.covariance(), known.covariance(), atol=5e-3)


def test_a_friend_of_average_looks_becomes_the_average_dog(metadata):
    known = species_in(metadata)
    people, dogs = known["person"], known["dog"]
    np.testing.assert_allclose(doggify(people.mean, people, dogs), dogs.mean, atol=1e-9)
    np.testing.assert_array_equal(doggify(people.mean, people, dogs, 0), people.mean)
    half = doggify(people.mean, people, dogs, 0.5)
    np.testing.assert_allclose(half, (people.mean + dogs.mean) / 2)


def test_two_friends_stay_as_different_as_dogs(metadata, people):
    first, second = (imagine_dog(metadata, z, Wish()) for z in people[:2])
    np.testing.assert_allclose(first - second, people[0] - people[1])


def test_named_dogs_are_usual_different_and_nobodys_picture(metadata, dogs):
    named = {name: np.array(z) for name, z in metadata["dogs"].items()}
    assert tuple(named) == NAMES
    far = np.median(np.linalg.norm(dogs - dogs.mean(axis=0), axis=1))
    for name, z in named.items():
        assert np.linalg.norm(z - dogs.mean(axis=0)) == pytest.approx(far, rel=1e-2), name
        assert np.linalg.norm(dogs - z, axis=1).min() > 0.05, name
    places = np.stack(list(named.values()))
    apart = np.linalg.norm(places[:, None] - places, axis=2)[np.triu_indices(len(named), 1)]
    assert apart.min() > 0.5


def test_points_in_clumps_have_the_clumps_as_their_kinds(rng):
    clumps = 10 * rng.standard_normal((4, 3))
    points = np.repeat(clumps, 25, axis=0) + 0.01 * rng.standard_normal((100, 3))
    centres = kinds(points, 4, rng)
    assert sorted(squared_distances(clumps, centres).argmin(axis=1)) == [0, 1, 2, 3]
    assert squared_distances(clumps, centres).min(axis=1).max() < 1e-3


def test_points_that_are_all_the_same_still_have_kinds():
    assert kinds(np.ones((5, 2)), 3, np.random.default_rng(0)).shape == (3, 2)


def test_squared_distances(rng):
    a, b = rng.standard_normal((5, 3)), rng.standard_normal((2, 3))
    expected = np.square(a[:, None] - b).sum(axis=2)
    np.testing.assert_allclose(squared_distances(a, b), expected)


def test_a_dog_of_a_name_is_that_dog_however_it_is_written(metadata, people):
    dog = imagine_dog(metadata, people[0], Wish(name="LUNA"))
    assert dog.tolist() == metadata["dogs"]["Luna"]


def test_the_nearest_dog_is_the_one_that_the_friend_would_be(metadata, people, dogs):
    towards = people.mean(axis=0) - dogs.mean(axis=0)
    for name in ("Rocky", "Bella"):
        friend = np.array(metadata["dogs"][name]) + towards
        nearest = imagine_dog(metadata, friend, Wish(name="nearest"))
        assert nearest.tolist() == metadata["dogs"][name]


def test_a_seed_draws_a_dog_and_the_same_one_again(metadata, people):
    first, again, other = (imagine_dog(metadata, people[0], Wish(seed=s)) for s in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)


def test_random_dogs_are_among_dogs_and_differ(metadata, people, dogs, rng):
    drawn = np.stack([random_dog(metadata, rng) for _ in range(300)])
    to_dogs = np.linalg.norm(drawn - dogs.mean(axis=0), axis=1)
    to_people = np.linalg.norm(drawn - people.mean(axis=0), axis=1)
    assert (to_dogs < to_people).mean() > 0.95
    assert (drawn.std(axis=0) > 0.3).all()
    with pytest.raises(ConfigError, match="photo of the dog"):
        random_dog({}, rng)


def test_unknown_names_and_models_without_dogs_are_refused(metadata, people):
    with pytest.raises(ConfigError, match=r"there are Bella, .* and nearest"):
        imagine_dog(metadata, people[0], Wish(name="Snoopy"))
    with pytest.raises(ConfigError, match="photo of the dog"):
        imagine_dog({}, people[0], Wish())


def test_one_species_alone_is_not_described(dogs):
    assert describe_species(dogs, np.array(["dog"] * len(dogs))) == {}


def test_the_first_axis_is_the_one_that_tells_people_from_dogs(metadata):
    axes = principal_axes(metadata)
    np.testing.assert_allclose(axes @ axes.T, np.eye(Z), atol=1e-9)
    assert abs(axes[0][0]) > 0.99
    assert abs(axes[1][1]) > 0.9
    assert principal_axes({}) is None


def test_a_latent_is_whose_mean_is_nearer():
    metadata = {"species": {"person": {"mean": [1.0, 0.0]}, "dog": {"mean": [-1.0, 0.0]}}}
    assert species_of(metadata, np.array([0.2, 5.0]), "dog") == "person"
    assert species_of(metadata, np.array([-0.2, 5.0]), "person") == "dog"
    assert species_of({}, np.array([1.0, 0.0]), "dog") == "dog"

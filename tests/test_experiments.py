"""Experiments: what the cells compare is comparable, and what they measure is what they say."""

import math
from dataclasses import replace

import numpy as np
import pytest

from tests.drawn import CONFIG, FRAME, draw_dataset, named
from vae_core.checkpoint import Checkpoint
from vae_core.errors import ConfigError, DataError
from vae_core.exhibit import new_figure
from vae_core.experiments import EXPERIMENTS, experiment_named
from vae_core.experiments.direction import says_dog, told_apart
from vae_core.experiments.friends import (
    blurred,
    blurred_by,
    contrasted,
    darkened_by,
    exposed,
    shifted,
)
from vae_core.experiments.kinds import clustered, nearest_mean, reconstructed
from vae_core.experiments.measures import bounds, reconstruction
from vae_core.experiments.sweep import Measured, Principal, Trained
from vae_core.experiments.table import comma_separated, draw_rows, markdown
from vae_core.experiments.walks import FRAMES, measure_walk, nearest, route
from vae_core.kinds import BREEDS, KINDS
from vae_core.latent import WALKS
from vae_core.metrics import mse_per_picture
from vae_core.model import build_vae, cast

ROWS = {"a": {"mse": 0.123456, "active": 3}, "b": {"mse": 2e-7, "seconds": 12}}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return draw_dataset(tmp_path_factory.mktemp("drawn") / "data")


@pytest.fixture(scope="module")
def model():
    params = cast(build_vae(CONFIG).init(np.random.default_rng(0)))
    return Checkpoint("blobs", CONFIG, FRAME, params, {})


@pytest.mark.parametrize("experiment", EXPERIMENTS.values(), ids=EXPERIMENTS)
def test_an_experiment_asks_something_of_models_that_exist(experiment):
    assert experiment.question.endswith("?")
    for cell in experiment.cells.values():
        assert isinstance(cell, Trained | Measured | Principal)
        if isinstance(cell, Trained):
            assert build_vae(cell.config).shapes()


@pytest.mark.parametrize("latent", [2, 8, 32])
def test_the_posteriors_have_equally_many_parameters(latent):
    counts = [
        sum(map(math.prod, build_vae(cell.config).shapes().values()))
        for cell in EXPERIMENTS["posteriors"].cells.values()
        if cell.config.latent == latent
    ]
    assert len(counts) > 1
    assert max(counts) / min(counts) < 1.01


def test_the_seeds_differ_in_their_seed_alone():
    cells = EXPERIMENTS["seeds"].cells
    assert len(cells) == 11
    assert len({cells[f"mnist-seed{k}"].config for k in range(5)}) == 1
    assert [cells[f"mnist-ramp-seed{k}"].settings.seed for k in range(5)] == list(range(5))


def test_an_unknown_experiment_names_the_known_ones():
    with pytest.raises(ConfigError, match="'luck'; there are seeds, warmups"):
        experiment_named("luck")


def test_a_table_has_every_column_that_any_row_has():
    assert markdown(ROWS).splitlines() == [
        "|  | mse | active | seconds |",
        "| --- | --- | --- | --- |",
        "| a | 0.1235 | 3 |  |",
        "| b | 2e-07 |  | 12 |",
    ]
    assert comma_separated(ROWS).splitlines()[1] == "a,0.123456,3,"


def test_values_that_differ_little_are_dots_on_their_own_range():
    _, axes = new_figure(1, 2, 8, 3)
    rows = {"a": {"bound": -110.5, "kl": 3}, "b": {"bound": -109.5, "kl": 1}, "c": {"kl": 2}}
    for ax, column in zip(axes[0], ("bound", "kl"), strict=True):
        draw_rows(ax, rows, column)
    near, far = axes[0]
    assert near.lines[0].get_xdata().tolist() == [-110.5, -109.5]
    assert near.get_xlim()[1] < -109
    assert [bar.get_width() for bar in far.patches] == [3, 1, 2]
    assert [text.get_text() for text in near.texts] == ["-110.5", "-109.5"]


def test_the_measured_elbo_is_made_of_the_other_columns(model, dataset):
    row = reconstruction(model, dataset)
    assert row["elbo"] == pytest.approx(-(72 * row["mse, drawn latent"] + row["kl"]), rel=1e-5)


def test_the_bound_is_better_than_the_elbo_and_the_same_when_measured_again(model, dataset):
    row = bounds(model, dataset)
    assert row["elbo"] < row["bound, k = 500"] < 0
    assert row["pictures"] == 10
    assert bounds(model, dataset) == row


def test_exposure_contrast_and_shift_do_that_alone():
    x = np.array([[0.2, 0.4], [0.6, 0.8]])[None, :, :, None]
    np.testing.assert_allclose(exposed(2.0)(x)[0, :, :, 0], [[0.4, 0.8], [1, 1]])
    np.testing.assert_allclose(contrasted(0.5)(x)[0, :, :, 0], [[0.35, 0.45], [0.55, 0.65]])
    np.testing.assert_allclose(shifted(1)(x)[0, :, :, 0], [[0.2, 0.2], [0.2, 0.2]])


def test_a_blur_keeps_the_mean_light_and_spreads_a_point(rng):
    x = np.zeros((1, 31, 31, 1), np.float32)
    x[0, 15, 15] = 1
    y = blurred(2.0)(x)
    assert y.sum() == pytest.approx(1, abs=1e-4)
    assert y[0, 15, 17, 0] / y[0, 15, 15, 0] == pytest.approx(math.exp(-0.5), rel=1e-4)


def test_darker_and_blurred_pictures_are_as_wrong_as_was_asked(rng):
    x = rng.random((6, 16, 16, 1), np.float32)
    assert mse_per_picture(x, darkened_by(x, 0.01)).mean() == pytest.approx(0.01, rel=1e-4)
    assert mse_per_picture(x, blurred_by(x, 0.01)).mean() == pytest.approx(0.01, rel=0.05)


def test_the_nearest_latent_is_found():
    known = np.array([[0.0, 0.0], [3.0, 4.0]])
    z = np.array([[3.0, 3.0], [0.0, -2.0], [3.0, 4.0]])
    np.testing.assert_allclose(nearest(z, known), [1, 2, 0], atol=1e-9)


@pytest.mark.parametrize("kind", WALKS)
def test_every_walk_is_measured(kind, model, dataset):
    row = measure_walk(kind)(model, dataset)
    assert row["over the mean step"] >= 1
    assert all(math.isfinite(value) and value > 0 for value in row.values())


def test_an_even_walk_has_steps_of_one_size(model, rng):
    start, end = 3 * rng.standard_normal((2, 3))
    frames = model.decode(route(model, start, end, "even", np.eye(3)))
    assert len(frames) == FRAMES
    steps = np.sqrt(np.square(np.diff(frames, axis=0)).mean(axis=(1, 2, 3)))
    assert steps.max() / steps.min() < 1.1


def test_fishers_direction_sees_past_a_broad_axis_that_says_nothing(rng):
    dogs = np.arange(400) % 2 == 0
    z = rng.standard_normal((400, 2)) * [0.3, 30]
    z[dogs] += [2, 20]
    assert (says_dog(z[:200], dogs[:200], z[200:], whitened=True) == dogs[200:]).mean() > 0.98
    assert (says_dog(z[:200], dogs[:200], z[200:], whitened=False) == dogs[200:]).mean() < 0.8


def test_people_and_dogs_are_told_apart_only_where_there_are_both(model, dataset):
    people = replace(dataset, species=np.full(len(dataset), "person"))
    with pytest.raises(DataError):
        told_apart(by_latents=True, whitened=False)(model, people)


def test_no_picture_is_of_two_kinds():
    stems = [stem for names in KINDS.values() for stem in names.split()]
    assert len(stems) == len(set(stems))


def test_a_point_does_not_count_for_its_own_mean():
    z = np.array([[0.0], [4.0], [5.0], [6.0], [7.0]])
    group = np.array(["a", "a", "b", "b", "b"])
    assert nearest_mean(z, group).tolist() == ["a", "b", "b", "b", "b"]


def test_a_kind_is_compared_with_others_but_not_with_itself(model, dataset):
    row = reconstructed("huskies")(model, named(dataset, ["huskies"]))
    assert row["pictures"] == 2
    indices = dataset.indices("test")
    own = mse_per_picture(dataset.batch(indices), model.reconstruct(dataset.batch(indices)))
    assert row["loss"] == pytest.approx(np.median(own[:2]), rel=1e-4)
    assert row["worse than"] == (own[2:] < np.median(own[:2])).mean()


def test_breeds_are_told_where_every_one_has_two_pictures(model, dataset):
    row = clustered(by_latents=True)(model, named(dataset, BREEDS))
    assert all(row[breed] in (0, 0.5, 1) for breed in BREEDS)
    with pytest.raises(DataError, match="known as Samoyeds"):
        clustered(by_latents=False)(model, dataset)

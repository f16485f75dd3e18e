"""Training: it learns, it resumes bit for bit, and every epoch shows every picture once."""

import itertools
import logging
import os
import threading
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from tests.drawn import CONFIG, SETTINGS, draw_dataset
from vae_core import training
from vae_core.distributed import ALONE, Team
from vae_core.errors import CheckpointError, ConfigError, DataError
from vae_core.model import build_vae
from vae_core.tensor_file import write_tensors
from vae_core.train_state import load_state, previous, save_state, saved_states
from vae_core.training import TrainSettings, averaged, batch_at, new_state, train

VAE = build_vae(CONFIG)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return draw_dataset(tmp_path_factory.mktemp("drawn") / "data")


def trained(dataset, steps, state=None, settings=SETTINGS):
    """Train up to step ``steps`` of the settings, from a new state or a given one."""
    state = state or new_state(VAE, settings)
    wanted = steps - state.step
    for _ in itertools.islice(train(VAE, dataset, settings, state), wanted):
        pass
    return state


def assert_same(one, other):
    """Assert that two states are the same, bit for bit."""
    assert one.step == other.step
    pairs = (
        (one.params, other.params),
        (one.adam.gradient, other.adam.gradient),
        (one.adam.square, other.adam.square),
    )
    for a, b in pairs:
        assert a.keys() == b.keys()
        for name in a:
            assert a[name].dtype == b[name].dtype == np.float32
            assert a[name].tobytes() == b[name].tobytes(), name


def test_the_loss_goes_down(dataset):
    settings = TrainSettings(steps=300, batch=8, lr=5e-3)
    state = new_state(VAE, settings)
    losses = [p.losses.reconstruction for p in train(VAE, dataset, settings, state)]
    assert len(losses) == state.step == 300
    assert np.mean(losses[-20:]) < 0.3 * np.mean(losses[:20])


def test_progress_counts_from_1_and_follows_the_schedules(dataset):
    state = new_state(VAE, SETTINGS)
    seen = list(train(VAE, dataset, SETTINGS, state))
    assert [p.step for p in seen] == list(range(1, 25))
    assert [p.beta for p in seen[:13]] == [0] * 13
    assert seen[18].beta == pytest.approx(0.25)
    assert [p.lr for p in seen] == [SETTINGS.lr_at(step) for step in range(24)]
    assert all(p.losses.total == p.losses.reconstruction + p.beta * p.losses.kl for p in seen)


def test_training_only_sees_the_training_split(dataset):
    seen = []

    class Watched:
        def indices(self, split):
            return dataset.indices(split)

        def batch(self, indices):
            seen.extend(indices)
            return dataset.batch(indices)

    trained(Watched(), 24)
    assert set(seen) == set(dataset.indices("train"))


@pytest.mark.parametrize("stop", [1, 5, 13, 23])
def test_a_resumed_run_is_the_uninterrupted_one_bit_for_bit(stop, dataset, tmp_path):
    path = tmp_path / "state.safetensors"
    save_state(path, trained(dataset, stop), asdict(SETTINGS))
    state, settings = load_state(path)
    assert TrainSettings(**settings) == SETTINGS
    assert state.step == stop
    assert_same(trained(dataset, 24, state), trained(dataset, 24))


def test_another_seed_is_another_run(dataset):
    other = trained(dataset, 2, settings=replace(SETTINGS, seed=4))
    same = trained(dataset, 2)
    assert (other.params["encoder.out.bias"] != same.params["encoder.out.bias"]).all()


def test_a_finished_run_takes_no_further_step(dataset):
    state = trained(dataset, 24)
    assert list(train(VAE, dataset, SETTINGS, state)) == []


def damage(path):
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)


def test_instead_of_a_damaged_state_the_one_before_is_used(dataset, tmp_path, caplog):
    path = tmp_path / "state.safetensors"
    first, second = trained(dataset, 7), trained(dataset, 9)
    save_state(path, first, {})
    save_state(path, second, {})
    assert_same(load_state(path)[0], second)
    damage(path)
    with caplog.at_level(logging.WARNING):
        state, _ = load_state(path)
    assert_same(state, first)
    assert "state.safetensors is damaged" in caplog.text
    assert_same(trained(dataset, 24, state), trained(dataset, 24))


def test_when_every_state_is_damaged_that_is_said(dataset, tmp_path):
    path = tmp_path / "state.safetensors"
    for steps in (1, 2):
        save_state(path, trained(dataset, steps), {})
    damage(path)
    damage(previous(path))
    with pytest.raises(CheckpointError, match=r"state\.safetensors is damaged"):
        load_state(path)


def test_no_state_and_a_file_that_is_none_are_refused(tmp_path):
    path = tmp_path / "state.safetensors"
    assert saved_states(path) == []
    with pytest.raises(CheckpointError, match=r"state\.safetensors could not be read"):
        load_state(path)
    write_tensors(path, {"a": np.zeros(3, np.float32)}, {"note": "not ours"})
    with pytest.raises(CheckpointError, match="not the state of a training run"):
        load_state(path)


class KilledError(BaseException):
    """What stands for a SIGKILL: nothing catches it and nothing is cleaned up."""


@pytest.mark.parametrize("error", [KilledError, OSError], ids=["killed", "disk full"])
def test_whenever_a_save_breaks_off_a_whole_state_is_left(error, dataset, tmp_path, monkeypatch):
    states = [trained(dataset, step) for step in (1, 2, 3)]
    folder = tmp_path / "run"
    for good in itertools.count():
        left = [good]

        def guarded(call, left=left):
            def guard(*args, **kwargs):
                if left[0] == 0:
                    raise error(28, "No space left on device")
                left[0] -= 1
                return call(*args, **kwargs)

            return guard

        path = folder / str(good) / "state.safetensors"
        save_state(path, states[0], {})
        save_state(path, states[1], {})
        with monkeypatch.context() as patch:
            for owner, name in ((os, "fsync"), (os, "open"), (Path, "replace"), (Path, "open")):
                patch.setattr(owner, name, guarded(getattr(owner, name)))
            try:
                save_state(path, states[2], {})
            except (KilledError, CheckpointError):
                pass
            else:
                break
        state, _ = load_state(path)
        assert_same(state, states[state.step - 1])
        assert state.step >= 2
        save_state(path, states[2], {})
        assert_same(load_state(path)[0], states[2])
    assert good >= 9  # both renames and the flushes around them were reached


def test_the_very_first_save_may_be_killed_before_its_file_has_its_name(dataset, tmp_path):
    path = tmp_path / "state.safetensors"
    save_state(path, trained(dataset, 5), {})
    path.rename(path.with_name("fresh-" + path.name))
    assert len(saved_states(path)) == 1
    assert load_state(path)[0].step == 5


@pytest.mark.parametrize(("count", "batch"), [(40, 8), (41, 8), (47, 8), (8, 8), (5, 1)])
def test_each_picture_is_seen_at_most_once_an_epoch(count, batch):
    settings = TrainSettings(batch=batch)
    per_epoch = count // batch
    orders = []
    for epoch in range(3):
        steps = range(epoch * per_epoch, (epoch + 1) * per_epoch)
        seen = np.concatenate([batch_at(step, count, settings) for step in steps])
        assert len(set(seen)) == len(seen) == per_epoch * batch
        assert set(seen) <= set(range(count))
        orders.append(seen.tolist())
    assert orders[0] != orders[1] != orders[2]


def test_fewer_pictures_than_a_batch_are_refused_with_both_numbers(tmp_path):
    few = draw_dataset(tmp_path / "few", train=5)
    with pytest.raises(DataError, match=r"5 training pictures; a batch takes 8"):
        next(train(VAE, few, SETTINGS, new_state(VAE, SETTINGS)))


@pytest.mark.parametrize(
    "changes",
    [
        {"steps": 0},
        {"batch": 0},
        {"shift": -1},
        {"turn": float("inf")},
        {"zoom": -0.1},
        {"lr": 0.0},
        {"lr": float("nan")},
        {"lr": float("inf")},
        {"beta": -1.0},
        {"beta": float("nan")},
        {"seed": -1},
        {"lr_schedule": "sideways"},
        {"beta_schedule": "sideways"},
    ],
    ids=str,
)
def test_settings_that_train_nothing_are_refused(changes):
    with pytest.raises(ConfigError):
        TrainSettings(**changes)


def test_workers_share_a_batch_and_agree_with_one(dataset):
    alone = trained(dataset, 3)
    together = trained(dataset, 3, settings=replace(SETTINGS, workers=3))
    for name, p in alone.params.items():
        np.testing.assert_allclose(together.params[name], p, rtol=1e-3, atol=1e-5)


def test_several_draws_are_shared_among_workers_and_bring_a_better_bound(dataset):
    alone, together = (replace(SETTINGS, draws=5, beta=1.0, workers=n) for n in (1, 3))
    for p, q in zip(
        train(VAE, dataset, alone, new_state(VAE, alone)),
        train(VAE, dataset, together, new_state(VAE, together)),
        strict=True,
    ):
        assert q.losses.total == pytest.approx(p.losses.total, rel=1e-3)
        assert p.losses.total < p.losses.reconstruction + p.beta * p.losses.kl


def test_more_workers_than_pictures_are_refused():
    with pytest.raises(ConfigError, match="worker"):
        replace(SETTINGS, workers=SETTINGS.batch + 1)


def test_shares_of_a_sum_count_by_their_size():
    parts = [{"w": np.array([2.0])}, {"w": np.array([5.0])}]
    assert averaged(parts, [1 / 3, 2 / 3])["w"] == pytest.approx(4)


def test_a_linear_start_wants_pictures():
    with pytest.raises(ConfigError, match="data set"):
        new_state(VAE, replace(SETTINGS, linear_start=True))


def test_binarised_training_sees_pixels_that_are_on_or_off(tmp_path, monkeypatch):
    dataset = draw_dataset(tmp_path / "data")
    settings = replace(SETTINGS, steps=2, binarise=True)
    seen = []
    vae = build_vae(CONFIG)
    monkeypatch.setattr(
        "vae_core.training.shared_step",
        lambda pool, workers, vae, params, x, *rest: (
            seen.append(x) or vae.loss_and_grads(params, x, *rest)
        ),
    )
    list(train(vae, dataset, settings, new_state(vae, settings)))
    assert all(set(np.unique(x)) == {0, 1} for x in seen)
    assert not np.array_equal(seen[0], seen[1])


def test_a_step_shows_its_pictures_moved_and_always_the_same_way(dataset):
    def drawn(shift):
        settings, indices = replace(SETTINGS, shift=shift), dataset.indices("train")
        return training.draw_batch(dataset, indices, settings, CONFIG.latent, ALONE, 3)[0]

    still, moved = drawn(0), drawn(1)
    assert moved.shape == still.shape
    assert not np.array_equal(moved, still)
    np.testing.assert_array_equal(moved, drawn(1))


@pytest.mark.parametrize("binarise", [False, True])
def test_a_team_draws_together_what_one_process_draws(dataset, binarise):
    settings = replace(SETTINGS, mirror=True, shift=1, turn=5, draws=2, binarise=binarise)

    def drawn(team):
        indices = dataset.indices("train")
        return training.draw_batch(dataset, indices, settings, CONFIG.latent, team, 3)

    shares = [drawn(Team(rank, 3)) for rank in range(3)]
    assert all(0 < len(x) == len(eps) < settings.batch for x, eps in shares)
    for together, alone in zip(zip(*shares, strict=True), drawn(ALONE), strict=True):
        np.testing.assert_array_equal(np.concatenate(together), alone)


def test_a_step_mirrors_about_half_of_its_pictures(dataset):
    def drawn(mirror, step):
        settings, indices = replace(SETTINGS, mirror=mirror), dataset.indices("train")
        return training.draw_batch(dataset, indices, settings, CONFIG.latent, ALONE, step)[0]

    pairs = [(drawn(False, step), drawn(True, step)) for step in range(40)]
    still, seen = map(np.concatenate, zip(*pairs, strict=True))
    same, turned = ((a == seen).all(axis=(1, 2, 3)) for a in (still, still[:, :, ::-1]))
    assert (same ^ turned).all()
    assert 0.35 < turned.mean() < 0.65


def test_the_next_batch_is_drawn_while_a_step_is_taken(dataset, monkeypatch):
    """A step that waits for the next one's pictures to be asked for would wait in vain else."""
    asked = [threading.Event() for _ in range(3)]
    draw, step_of = training.draw_batch, training.shared_step

    def note(*args):
        asked[args[-1]].set()
        return draw(*args)

    def wait(*args):
        assert asked[len(taken) + 1].wait(60)
        return step_of(*args)

    monkeypatch.setattr(training, "draw_batch", note)
    monkeypatch.setattr(training, "shared_step", wait)
    vae, settings, taken = build_vae(CONFIG), replace(SETTINGS, steps=2), []
    for progress in train(vae, dataset, settings, new_state(vae, settings)):
        taken.append(progress)
    assert len(taken) == 2

"""The judges learn what they are for, and are not given it away by other signs."""

import numpy as np
import pytest

from vae_core.judges import (
    SHARES,
    SIDE,
    DogJudge,
    as_input,
    build_double_judge,
    logistic_regression,
    single_or_double,
    softened,
    train_double_judge,
)


@pytest.fixture
def stripes(rng):
    """Bars of one width at random places, upright or lying: two at once are easily told."""
    at = np.arange(SIDE)
    pictures = []
    for k in range(24):
        bar = (np.abs(at - rng.integers(12, 52)) < 6).astype(np.float32)
        pictures.append(np.broadcast_to(bar if k % 2 else bar[:, None], (SIDE, SIDE)))
    return np.stack(pictures)[..., None]


def test_a_double_is_an_average_of_two_pictures_and_a_single_is_one(stripes, rng, monkeypatch):
    monkeypatch.setattr("vae_core.judges.softened", lambda pictures: pictures)
    x, double = single_or_double(stripes, 40, rng)
    assert x.shape == (40, SIDE, SIDE, 1)
    assert double.tolist() == [0] * 20 + [1] * 20
    low, high = SHARES
    for picture, kind in zip(x[..., 0], double, strict=True):
        levels = np.unique(picture.round(4))
        between = levels[(levels > 0.01) & (levels < 0.99)]
        assert (len(between) > 0) == bool(kind)
        assert (between > low - 0.01).all()
        assert (between < high + 0.01).all()


def test_softness_does_not_give_a_double_away(rng):
    noise = rng.random((30, SIDE, SIDE, 1), np.float32)
    x, double = single_or_double(noise, 400, rng)
    rough = np.abs(np.diff(x, axis=1)).mean(axis=(1, 2, 3))
    soft = rough < 0.15
    assert 0.3 < soft[double == 0].mean() < 0.7
    assert 0.3 < soft[double == 1].mean() < 0.7


def test_softening_keeps_what_is_flat_and_the_mean_of_the_inside():
    flat = np.full((1, 8, 8, 2), 0.3, np.float32)
    np.testing.assert_allclose(softened(flat), flat, rtol=1e-6)
    dot = np.zeros((1, 9, 9, 1), np.float32)
    dot[0, 4, 4] = 16
    np.testing.assert_array_equal(softened(dot)[0, 3:6, 3:6, 0], [[1, 2, 1], [2, 4, 2], [1, 2, 1]])


def test_contrast_and_brightness_are_not_seen(stripes):
    faint = 0.3 + 0.2 * stripes
    np.testing.assert_allclose(as_input(faint), as_input(stripes), atol=1e-5)
    assert np.isfinite(as_input(np.zeros((1, SIDE, SIDE, 1), np.float32))).all()


def test_the_double_judge_learns_to_tell_two_bars_from_one(stripes, rng):
    steps = list(train_double_judge(stripes, 80, lr=2e-3))
    losses = [loss for loss, _ in steps]
    assert np.mean(losses[-10:]) < 0.6 * np.mean(losses[:5])
    x, double = single_or_double(stripes, 100, rng)
    right = (steps[-1][1].odds(x) > 0) == (double > 0)
    assert right.mean() > 0.8


def test_the_double_judge_looks_at_pictures_of_any_number_of_colours():
    network = build_double_judge(3)
    params = network.init(np.random.default_rng(0))
    assert network.forward(params, np.zeros((2, SIDE, SIDE, 3)))[0].shape == (2, 1)


def test_logistic_regression_finds_the_odds_that_the_data_have(rng):
    x = np.column_stack([rng.standard_normal(20_000), np.ones(20_000)])
    y = (rng.random(20_000) < 1 / (1 + np.exp(-(1.5 * x[:, 0] - 0.5)))).astype(float)
    np.testing.assert_allclose(logistic_regression(x, y), [1.5, -0.5], atol=0.08)


def test_the_dog_judge_tells_what_it_was_shown(rng):
    dogs = np.repeat([0.0, 1.0], 30)
    pictures = rng.random((60, SIDE, SIDE, 1), np.float32) * 0.2
    pictures[dogs == 1, :, : SIDE // 2] += 0.5
    judge = DogJudge.fit(pictures, dogs)
    assert ((judge.odds(pictures) > 0) == (dogs > 0)).all()
    fading = np.linspace(0, 1, 5)[:, None, None, None]
    walk = (1 - fading) * pictures[:1] + fading * pictures[-1:]
    assert (np.diff(judge.odds(walk)) > 0).all()

"""The finder's losses: gradients, and values that algebra gives."""

import math

import numpy as np
import pytest

from tests.gradients import check_gradient
from vae_core.finder.losses import cross_entropy, heat_loss, point_loss


def test_gradient_of_the_heat_loss(rng):
    logits, target = rng.standard_normal((2, 4, 5, 2)), rng.random((2, 4, 5, 2)) * 0.9
    target[0, 1, 2, 0] = target[1, 3, 3, 1] = 1
    weight = (rng.random((2, 4, 5, 2)) < 0.8).astype(float)
    weight[0, 1, 2, 0] = 1
    _, grad = heat_loss(logits, target, weight)
    check_gradient(lambda a: heat_loss(a, target, weight)[0], logits, grad, rng)


def test_gradient_of_the_point_loss(rng):
    predicted, target = rng.standard_normal((2, 3, 8)), rng.standard_normal((2, 3, 8))
    weight = rng.random((2, 3, 8))
    _, grad = point_loss(predicted, target, weight)
    check_gradient(lambda a: point_loss(a, target, weight)[0], predicted, grad, rng)


def test_gradient_of_the_cross_entropy(rng):
    logits, classes = rng.standard_normal((6, 3)), np.array([0, 1, 2, 2, 1, 0])
    _, grad = cross_entropy(logits, classes)
    check_gradient(lambda a: cross_entropy(a, classes)[0], logits, grad, rng)


def test_a_certain_and_right_answer_costs_nothing():
    target = np.zeros((1, 3, 3, 2))
    target[0, 1, 1, 0] = 1
    logits = np.where(target == 1, 40.0, -40.0)
    assert heat_loss(logits, target, np.ones_like(target))[0] == pytest.approx(0, abs=1e-9)


def test_a_face_seen_as_even_odds_costs_a_quarter_of_log_two():
    target = np.ones((1, 1, 1, 1))
    value, _ = heat_loss(np.zeros((1, 1, 1, 1)), target, target)
    assert value == pytest.approx(0.25 * math.log(2))


def test_where_the_weight_is_zero_nothing_is_asked(rng):
    logits, target = rng.standard_normal((1, 2, 2, 2)), np.zeros((1, 2, 2, 2))
    value, grad = heat_loss(logits, target, np.zeros_like(target))
    assert value == 0
    assert not grad.any()


def test_no_idea_among_three_kinds_costs_log_three():
    value, _ = cross_entropy(np.zeros((4, 3)), np.array([0, 1, 2, 0]))
    assert value == pytest.approx(math.log(3))

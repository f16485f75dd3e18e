"""Schedules: their ends, their bounds, and the article's ramp."""

import pytest

from vae_core.errors import ConfigError
from vae_core.schedules import (
    SCHEDULES,
    constant,
    cosine,
    cyclical,
    delayed_ramp,
    linear,
    schedule_named,
    sigmoid,
)


@pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES)
@pytest.mark.parametrize("steps", [1, 2, 3, 100])
def test_every_factor_is_between_0_and_1(schedule, steps):
    assert all(0 <= schedule(step, steps) <= 1 for step in range(steps + 1))


def test_constant_is_1():
    assert {constant(step, 10) for step in range(11)} == {1.0}


def test_the_ramp_waits_for_half_of_the_steps_and_then_rises_evenly():
    assert [delayed_ramp(step, 8) for step in range(9)] == [0, 0, 0, 0, 0, 0.25, 0.5, 0.75, 1]


def test_the_line_rises_at_once_and_is_there_at_half():
    assert [linear(step, 8) for step in range(9)] == [0, 0.25, 0.5, 0.75, 1, 1, 1, 1, 1]


def test_the_sigmoid_rises_about_its_middle_at_a_quarter():
    assert sigmoid(25, 100) == 0.5
    assert sigmoid(0, 100) == pytest.approx(0.0025, abs=1e-4)
    assert sigmoid(20, 100) + sigmoid(30, 100) == pytest.approx(1)
    values = [sigmoid(step, 100) for step in range(101)]
    assert values == sorted(values)
    assert values[60] > 0.9997


def test_the_cycles_begin_at_0_again_four_times():
    values = [cyclical(step, 32) for step in range(32)]
    assert values == [0, 0.25, 0.5, 0.75, 1, 1, 1, 1] * 4


def test_the_cosine_falls_from_1_over_a_half_to_0():
    assert cosine(0, 10) == 1
    assert cosine(5, 10) == pytest.approx(0.5)
    assert cosine(10, 10) == 0
    values = [cosine(step, 10) for step in range(11)]
    assert values == sorted(values, reverse=True)


def test_an_unknown_schedule_names_the_known_ones():
    assert schedule_named("cosine") is cosine
    with pytest.raises(ConfigError, match="'steps'; there are constant, delayed_ramp, linear"):
        schedule_named("steps")

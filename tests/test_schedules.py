"""Schedules: their ends, their bounds, and the article's ramp."""

import pytest

from vae_core.errors import ConfigError
from vae_core.schedules import SCHEDULES, constant, cosine, delayed_ramp, schedule_named


@pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES)
@pytest.mark.parametrize("steps", [1, 2, 3, 100])
def test_every_factor_is_between_0_and_1(schedule, steps):
    assert all(0 <= schedule(step, steps) <= 1 for step in range(steps + 1))


def test_constant_is_1():
    assert {constant(step, 10) for step in range(11)} == {1.0}


def test_the_ramp_waits_for_half_of_the_steps_and_then_rises_evenly():
    assert [delayed_ramp(step, 8) for step in range(9)] == [0, 0, 0, 0, 0, 0.25, 0.5, 0.75, 1]


def test_the_cosine_falls_from_1_over_a_half_to_0():
    assert cosine(0, 10) == 1
    assert cosine(5, 10) == pytest.approx(0.5)
    assert cosine(10, 10) == 0
    values = [cosine(step, 10) for step in range(11)]
    assert values == sorted(values, reverse=True)


def test_an_unknown_schedule_names_the_known_ones():
    assert schedule_named("cosine") is cosine
    with pytest.raises(ConfigError, match="'linear'; there are constant, delayed_ramp, cosine"):
        schedule_named("linear")

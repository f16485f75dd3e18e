"""When a morph is where: exact ends, easing, pace, and the order in which a loop plays."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vae_core.errors import ConfigError
from vae_core.timing import EASINGS, even_positions, playing_order, positions, smooth


@given(st.integers(2, 70), st.sampled_from(sorted(EASINGS)))
def test_positions_rise_from_exactly_nought_to_exactly_one(steps, easing):
    where = positions(steps, easing)
    assert len(where) == steps
    assert (where[0], where[-1]) == (0, 1)
    assert (np.diff(where) > 0).all()
    np.testing.assert_allclose(where + where[::-1], 1, atol=1e-12)


def test_a_smooth_start_is_slower_than_a_linear_one():
    assert positions(11, "smooth")[1] < 0.5 * positions(11)[1]
    assert smooth(np.array([-3.0, 0.5, 7.0])).tolist() == [0, 0.5, 1]


def test_one_step_and_an_unknown_easing_are_refused():
    with pytest.raises(ConfigError, match="at least two"):
        positions(1)
    with pytest.raises(ConfigError, match="'bouncy'; there are linear, smooth"):
        positions(3, "bouncy")


def test_even_positions_make_equal_changes_of_unequal_ones():
    tried = np.linspace(0, 1, 101)
    seen = tried[:, None] ** 3  # hardly any change at first
    where = even_positions(np.linspace(0, 1, 6), tried, seen)
    assert (where[0], where[-1]) == (0, 1)
    np.testing.assert_allclose(np.diff(where**3), 0.2, atol=1e-3)


def test_where_nothing_changes_the_pace_is_left_alone():
    wanted = positions(5, "smooth")
    np.testing.assert_array_equal(even_positions(wanted, wanted, np.ones((5, 2, 2, 1))), wanted)


@pytest.mark.parametrize(
    ("steps", "hold", "ping_pong", "order"),
    [
        (4, 0, False, [0, 1, 2, 3]),
        (4, 0, True, [0, 1, 2, 3, 2, 1]),
        (3, 2, True, [0, 0, 0, 1, 2, 2, 2, 1]),
        (2, 1, False, [0, 0, 1, 1]),
        (2, 0, True, [0, 1]),
        (1, 0, True, [0]),
    ],
)
def test_a_loop_holds_its_ends_and_repeats_neither_on_the_way_back(steps, hold, ping_pong, order):
    assert playing_order(steps, hold, ping_pong).tolist() == order


def test_a_negative_hold_is_refused():
    with pytest.raises(ConfigError, match="less than no time"):
        playing_order(3, -1)

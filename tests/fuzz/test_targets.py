"""The fuzzers' targets hold for what they begin with, and for all that was ever found."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import TARGETS, seeds


@pytest.mark.parametrize("target", TARGETS)
def test_what_fuzzing_begins_with_raises_nothing(target):
    given_ = seeds()[target]
    assert given_
    for data in given_:
        TARGETS[target](data)


@pytest.mark.parametrize("target", TARGETS)
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_what_was_changed_raises_nothing(target, data):
    changed = bytearray(data.draw(st.sampled_from(seeds()[target])))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, max(0, len(changed) - 1)))
        changed[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    TARGETS[target](bytes(changed))

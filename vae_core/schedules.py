"""beta and learning-rate schedules: functions of (step, steps), step counted from 0."""

import math
from typing import Protocol

from vae_core.errors import ConfigError

CYCLES = 4
STEEP = 6.0
"""Of the sigmoid, which is 0.0025 at the start."""


class Schedule(Protocol):
    """A factor in [0, 1] that multiplies the setting's maximum."""

    def __call__(self, step: int, steps: int) -> float:
        """Return the factor at ``step`` of ``steps``."""
        ...


def constant(step: int, steps: int) -> float:
    """1 throughout."""
    return 1.0


def delayed_ramp(step: int, steps: int) -> float:
    """0 for the first half, then up to 1 in a straight line: the article's ramp."""
    return max(0.0, 2 * step / steps - 1)


def linear(step: int, steps: int) -> float:
    """From 0 up to 1 in a straight line over the first half, then 1 (arXiv:1602.02282, 3.1)."""
    return min(1.0, 2 * step / steps)


def sigmoid(step: int, steps: int) -> float:
    """From almost 0 to almost 1 along a logistic curve, 1/2 at a quarter (arXiv:1511.06349)."""
    return 1 / (1 + math.exp(-STEEP * (4 * step / steps - 1)))


def cyclical(step: int, steps: int) -> float:
    """Four times from 0 up to 1 over half a cycle, then 1 over the other (arXiv:1903.10145)."""
    return linear(CYCLES * step % steps, steps)


def cosine(step: int, steps: int) -> float:
    """From 1 down to 0 along half a cosine (arXiv:1608.03983, eq. 5)."""
    return 0.5 * (1 + math.cos(math.pi * step / steps))


def warm_cosine(step: int, steps: int) -> float:
    """Up in a straight line over the first hundredth, then :func:`cosine` over the rest."""
    warm = steps // 100
    return (step + 1) / warm if step < warm else cosine(step - warm, steps - warm)


SCHEDULES: dict[str, Schedule] = {
    "constant": constant,
    "delayed_ramp": delayed_ramp,
    "linear": linear,
    "sigmoid": sigmoid,
    "cyclical": cyclical,
    "cosine": cosine,
    "warm_cosine": warm_cosine,
}


def schedule_named(name: str) -> Schedule:
    """Return the schedule called ``name``; ConfigError lists the names there are."""
    if name not in SCHEDULES:
        raise ConfigError(f"No schedule is called {name!r}; there are {', '.join(SCHEDULES)}.")
    return SCHEDULES[name]

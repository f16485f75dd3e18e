"""When a morph is where: pure functions of the number of a frame.

A position is 0 at the friend, 1 at the dog.
"""

from collections.abc import Callable

import numpy as np

from vae_core.errors import ConfigError
from vae_core.types import Array


def linear(s: Array) -> Array:
    """Go on at one speed."""
    return s


def smooth(s: Array) -> Array:
    """Start and stop gently, s^2 (3 - 2 s); before 0 and after 1 it stands still."""
    s = np.clip(s, 0, 1)
    eased: Array = s * s * (3 - 2 * s)
    return eased


EASINGS: dict[str, Callable[[Array], Array]] = {"linear": linear, "smooth": smooth}


def positions(steps: int, easing: str = "linear") -> Array:
    """Return where each of ``steps`` frames is, rising from exactly 0 to exactly 1: (steps,).

    Raises ConfigError for fewer than two steps or an unknown easing.
    """
    if steps < 2:
        raise ConfigError("A walk has at least two steps.")
    if easing not in EASINGS:
        raise ConfigError(f"No easing is called {easing!r}; there are {', '.join(EASINGS)}.")
    return EASINGS[easing](np.linspace(0, 1, steps))


def even_positions(wanted: Array, tried: Array, frames: Array) -> Array:
    """Return positions at which as much has changed as ``wanted`` says: (T,) in [0, 1] -> (T,).

    tried: (K,) rising from 0 to 1.  frames: (K, ...), what is seen there. Change is the length of
    the way through the frames, root mean square from one to the next; the ends stay exact.
    """
    rows = frames.reshape(len(frames), -1)
    passed = np.cumsum([0.0, *np.sqrt(np.square(np.diff(rows, axis=0)).mean(axis=1))])
    if passed[-1] == 0:
        return wanted
    return np.interp(wanted, passed / passed[-1], tried)


def playing_order(steps: int, hold: int = 0, ping_pong: bool = True) -> Array:
    """Return the numbers of the frames that one turn of a loop shows, (n,) integers.

    ``hold`` shows either end so many times more. The way back repeats neither end, because the
    loop does. Raises ConfigError for a negative hold.
    """
    if hold < 0:
        raise ConfigError("The ends cannot be held for less than no time.")
    last = steps - 1
    there = [0] * hold + list(range(steps)) + [last] * hold
    return np.array(there + list(range(last - 1, 0, -1)) if ping_pong else there)

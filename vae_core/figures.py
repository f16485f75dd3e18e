"""Figures. Each function draws on axes that the caller gives."""

from typing import Any

import numpy as np

from vae_core.types import Array

SMOOTH = 0.99


def smoothed(values: Array, keep: float = SMOOTH) -> Array:
    """Return the exponential moving average of (T,), without bias at the start."""
    average, weight, out = 0.0, 0.0, np.empty(len(values))
    for i, value in enumerate(values):
        average = keep * average + (1 - keep) * value
        weight = keep * weight + (1 - keep)
        out[i] = average / weight
    return out


def training_curve(axes: Any, log: list[dict[str, float]]) -> None:
    """Draw reconstruction, KL and total in nats over the steps, raw and smoothed, on a log axis."""
    steps = [row["step"] for row in log]
    for name, colour in (("total", "k"), ("reconstruction", "tab:blue"), ("kl", "tab:orange")):
        values = np.array([row[name] for row in log])
        if (values > 0).any():
            values = np.maximum(values, values[values > 0].min())
            axes.plot(steps, values, color=colour, alpha=0.2, linewidth=0.5)
            axes.plot(steps, smoothed(values), color=colour, label=name)
    axes.set_yscale("log")
    axes.set_xlabel("step")
    axes.set_ylabel("nats per picture")
    axes.legend()

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
    """Draw every loss in the log over the steps, raw and smoothed, on a log axis."""
    steps = [row["step"] for row in log]
    names = [name for name in (log[0] if log else {}) if name not in ("step", "beta", "lr")]
    for k, name in enumerate(names):
        values = np.array([row[name] for row in log])
        if (values > 0).any():
            values = np.maximum(values, values[values > 0].min())
            axes.plot(steps, values, color=f"C{k}", alpha=0.2, linewidth=0.5)
            axes.plot(steps, smoothed(values), color=f"C{k}", label=name)
    axes.set_yscale("log")
    axes.set_xlabel("step")
    axes.set_ylabel("loss per picture")
    axes.legend()

"""Figures over steps, and of how often which loss occurs."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from vae_core.types import Array

SMOOTH = 0.99
NOT_LOSSES = ("step", "beta", "lr")


def smoothed(values: Array, keep: float = SMOOTH) -> Array:
    """Return the exponential moving average of (T,), without bias at the start."""
    average, weight, out = 0.0, 0.0, np.empty(len(values))
    for i, value in enumerate(values):
        average = keep * average + (1 - keep) * value
        weight = keep * weight + (1 - keep)
        out[i] = average / weight
    return out


def training_curve(axes: Any, log: list[dict[str, float]]) -> None:
    """Draw every loss in the log over the steps, raw and smoothed, on a log axis.

    Where beta is not 0 throughout, it is drawn too, on an axis of its own at the right.
    """
    steps = [row["step"] for row in log]
    names = [name for name in (log[0] if log else {}) if name not in NOT_LOSSES]
    for k, name in enumerate(names):
        values = np.array([row[name] for row in log])
        if (values > 0).any():
            values = np.maximum(values, values[values > 0].min())
            style = "--" if name == "total" else "-"
            axes.plot(steps, values, color=f"C{k}", alpha=0.2, linewidth=0.5)
            axes.plot(steps, smoothed(values), style, color=f"C{k}", label=name)
    axes.set_yscale("log")
    axes.set_xlabel("step")
    axes.set_ylabel("loss per picture, nats")
    betas = [row.get("beta", 0.0) for row in log]
    if any(betas):
        draw_beta(axes.twinx(), steps, betas)
        axes.plot([], [], color="grey", linestyle=":", label="beta (right)")
    axes.legend()


def draw_beta(axes: Any, steps: Sequence[float], betas: Sequence[float]) -> None:
    """Draw the weight of the KL on a linear axis that starts at 0."""
    axes.plot(steps, betas, color="grey", linestyle=":")
    axes.set_ylim(0, 1.05 * max(betas))
    axes.set_ylabel("beta")


def loss_histogram(
    axes: Any, losses: Mapping[str, Array], marked: Mapping[str, float] | None = None
) -> None:
    """Draw how often which loss occurs in each group, and a dashed line at every marked loss.

    losses: (N,) mean square errors per pixel by group.  marked: those of single photos by name.
    """
    edges = np.histogram_bin_edges(np.concatenate(list(losses.values())), 60)
    for name, values in losses.items():
        axes.hist(values, edges, alpha=0.6, label=f"{name} ({len(values)})")
    for k, (name, value) in enumerate((marked or {}).items(), len(losses)):
        axes.axvline(value, color=f"C{k}", linestyle="--", label=f"{name}: {value:.4f}")
    axes.set_xlabel("mean square error per pixel")
    axes.set_ylabel("pictures")
    axes.legend()

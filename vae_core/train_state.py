"""What a training run is between two steps, and the files that keep it.

A run has no hidden state: parameters, Adam's averages and the step are all of it.
"""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vae_core.backend import to_device
from vae_core.errors import CheckpointError
from vae_core.optim import AdamState
from vae_core.tensor_file import read_tensors, sync_folder, write_tensors
from vae_core.types import Params, joined, scope

LOG = logging.getLogger(__name__)


@dataclass
class TrainState:
    """All that changes while training; ``step`` counts finished steps."""

    params: Params
    adam: AdamState
    seconds: float = 0.0
    """How long the steps took, over all sessions of the run."""

    @property
    def step(self) -> int:
        """How many updates the parameters have had."""
        return self.adam.step

    def move(self, device: str) -> None:
        """Bring all arrays to one of :data:`vae_core.backend.DEVICES`; ConfigError."""
        self.params = to_device(self.params, device)
        self.adam.gradient = to_device(self.adam.gradient, device)
        self.adam.square = to_device(self.adam.square, device)


def save_state(path: Path, state: TrainState, settings: dict[str, Any]) -> None:
    """Write all that a run needs to go on, and the settings, plain JSON, that make it this run.

    The state before it stays as ``previous-*``. At every instant one of the three files is whole;
    an I/O error leaves the newest as it was and raises CheckpointError.
    """
    adam = state.adam
    tensors = joined(params=state.params, gradient=adam.gradient, square=adam.square)
    header = {"step": adam.step, "seconds": state.seconds, "settings": settings}
    write_tensors(fresh(path), tensors, header)
    try:
        if path.exists():
            path.replace(previous(path))
        fresh(path).replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise CheckpointError(f"{path.name} could not be saved: {error.strerror}.") from error


def fresh(path: Path) -> Path:
    """Return where a state is written before it takes its name."""
    return path.with_name("fresh-" + path.name)


def previous(path: Path) -> Path:
    """Return where the state before the last one is kept."""
    return path.with_name("previous-" + path.name)


def saved_states(path: Path) -> list[Path]:
    """Return the files that :func:`save_state` left, the newest first."""
    return [p for p in (fresh(path), path, previous(path)) if p.exists()]


def load_state(path: Path) -> tuple[TrainState, dict[str, Any]]:
    """Return the newest undamaged state, and its run's settings; CheckpointError if none."""
    tensors, header = _newest(path)
    try:
        adam = AdamState(scope(tensors, "gradient"), scope(tensors, "square"), header["step"])
        return TrainState(scope(tensors, "params"), adam, header["seconds"]), header["settings"]
    except KeyError as error:
        raise CheckpointError(f"{path.name} is not the state of a training run.") from error


def _newest(path: Path) -> tuple[Params, dict[str, Any]]:
    *newer, oldest = saved_states(path) or [path]
    for candidate in newer:
        try:
            return read_tensors(candidate)
        except CheckpointError as error:
            LOG.warning("%s Going on from the state before it.", error)
    return read_tensors(oldest)

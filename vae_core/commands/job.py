"""What ``train`` drives: something that can begin, take steps, and be finished."""

import hashlib
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from vae_core import __version__
from vae_core.train_state import TrainState
from vae_core.training import Progress, TrainSettings


class Job(Protocol):
    """A training run of one preset."""

    @property
    def settings(self) -> TrainSettings:
        """How to train."""
        ...

    def identity(self) -> dict[str, Any]:
        """Return what must not change within a run, as plain JSON."""
        ...

    def new_state(self) -> TrainState:
        """Begin."""
        ...

    def train(self, state: TrainState) -> Iterator[Progress]:
        """Take the steps that ``state`` still lacks."""
        ...

    def finish(self, out: Path, state: TrainState) -> str:
        """Measure the trained model, write it and its card; return a sentence about it."""
        ...


def provenance(preset: str, state: TrainState) -> dict[str, Any]:
    """Return what every model's metadata says about where it comes from."""
    return {
        "preset": preset,
        "step": state.step,
        "seconds": round(state.seconds),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "program": f"dogpeople {__version__}",
        "git_revision": git_revision(),
    }


def git_revision() -> str:
    """Return the commit this was trained at, "+" appended when files differ from it."""
    try:
        command = ["git", "describe", "--always", "--dirty=+"]
        folder = Path(__file__).parent
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()


def write_digest(path: Path) -> str:
    """Write ``NAME.safetensors.sha256`` beside a model; return the hex digits."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_name(path.name + ".sha256").write_text(f"{digest}  {path.name}\n")
    return digest

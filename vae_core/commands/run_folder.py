"""Where a training run keeps its work: the state to resume from, the log, the curve, a lock."""

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vae_core.errors import ConfigError
from vae_core.training import Progress


class RunFolder:
    """``NAME.run/`` beside the checkpoint ``NAME.safetensors``."""

    def __init__(self, out: Path) -> None:
        self.folder = out.with_suffix(".run")
        self.folder.mkdir(parents=True, exist_ok=True)
        self.temporary = out.with_name(out.name + ".tmp")
        self.state = self.folder / "state.safetensors"
        self.log = self.folder / "log.jsonl"
        self.curve = self.folder / "curve.png"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other trainers out, and clear what a killed one left half written.

        The system lets go of the lock however this process ends.
        """
        with (self.folder / "lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise ConfigError(
                    f"Another process trains in {self.folder}. "
                    "Wait for it, or choose another --out."
                ) from error
            for left_behind in (*self.folder.glob("*.tmp"), self.temporary):
                left_behind.unlink(missing_ok=True)
            yield

    def rows(self) -> list[dict[str, float]]:
        """Return the log, a dict a step."""
        if not self.log.exists():
            return []
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def cut_log(self, step: int) -> None:
        """Forget the steps after ``step``, which a resumed run takes again, and half a line.

        The shorter log takes the longer one's place in one step, so that no kill loses a line.
        """
        kept = []
        for line in self.log.read_text().splitlines() if self.log.exists() else []:
            try:
                row = json.loads(line)
            except ValueError:
                break
            if row["step"] <= step:
                kept.append(line + "\n")
        shorter = self.log.with_suffix(".tmp")
        shorter.write_text("".join(kept))
        shorter.replace(self.log)


def log_row(progress: Progress) -> dict[str, Any]:
    """Return one line of the log."""
    losses = {name: round(value, 6) for name, value in progress.losses._asdict().items()}
    return {"step": progress.step, **losses, "beta": progress.beta, "lr": progress.lr}

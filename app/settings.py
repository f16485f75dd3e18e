"""Typed reads of the environment."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from vae_core.errors import ConfigError
from vae_core.imaging.photo import PhotoLimits

ROOT = Path(__file__).resolve().parent.parent

LOGS = ("text", "json")
"""How the log may be written."""


@dataclass(frozen=True)
class Settings:
    """What may differ from one running server to the next.

    Each field is read from the environment variable of the same name in capitals.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    models: Path = ROOT / "models"
    """The folder whose ``*.safetensors`` are served."""
    model: str = ""
    """The model that answers unless another is asked for; empty: the finest one made for faces."""
    workers: int = 1
    """Processes that serve, on one socket; what follows is of each of them."""
    threads: int = 0
    """How many photos are decoded, or morphs computed, at the same time; 0 for as many as there
    are cores, shared among the processes."""
    max_photo_bytes: int = 12_000_000
    max_body_bytes: int = 25_000_000
    max_pixels: int = PhotoLimits.pixels
    max_side: int = PhotoLimits.longest
    min_side: int = PhotoLimits.shortest
    max_files: int = 2
    max_fields: int = 20
    max_field_bytes: int = 4096
    max_json_bytes: int = 1_000_000
    """Of a request that carries no photo."""
    max_waiting_bytes: int = 100_000_000
    """Of all requests and answers together that are under way, waiting or being worked on."""
    max_decode_bytes: int = 700_000_000
    """Memory for all the photos together that are being decoded."""
    max_frames_bytes: int = 350_000_000
    """Memory for all the frames together that are being made."""
    queue: int = 3
    """How many requests wait for each that is worked on; the next is asked to come back."""
    header_seconds: float = 10.0
    """In which the head of a request must arrive."""
    body_seconds: float = 10.0
    """In which the rest of it must arrive."""
    answer_seconds: float = 10.0
    """In which an answer begins, counted from then."""
    send_seconds: float = 60.0
    """In which it must be taken."""
    decode_seconds: float = 4.0
    """In which a photo must be decoded."""
    shutdown_seconds: int = 15
    """For which requests in flight are waited for at the end."""
    max_connections: int = 1000
    requests_per_minute: int = 0
    """Of one client, for what takes work; 0 for any number."""
    allowed_hosts: str = ""
    """Names that the server is asked for by, with commas between; empty for any."""
    trusted_proxies: str = ""
    """Addresses whose word is taken for who the client is, with commas between; empty for none."""
    logs: str = "text"
    """``json``: every line of the log is a JSON object."""

    def __post_init__(self) -> None:
        if self.logs not in LOGS:
            raise ConfigError(f"LOGS must be {' or '.join(LOGS)}, not {self.logs!r}.")

    @property
    def largest_photo(self) -> int:
        """Bytes of the largest photo, as a file or as pixels."""
        return max(self.max_photo_bytes, 3 * self.max_pixels)

    @property
    def places(self) -> int:
        """How many requests are worked on or wait."""
        return self.hands * (1 + self.queue)

    @property
    def hands(self) -> int:
        """How many pieces of work are done at the same time."""
        return self.threads or max(1, round((os.cpu_count() or 1) / self.workers))

    @property
    def photo_limits(self) -> PhotoLimits:
        """The sizes of photos that are read, in pixels."""
        return PhotoLimits(self.max_pixels, self.max_side, self.min_side)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> "Settings":
        """Read what is set; ConfigError names a variable that cannot be read."""
        defaults = cls()
        values: dict[str, Any] = {}
        for name in (f.name for f in fields(cls)):
            if text := environ.get(name.upper(), ""):
                values[name] = read_like(getattr(defaults, name), name.upper(), text)
        return cls(**values)


def read_like(default: object, name: str, text: str) -> str | int | float | Path:
    """Read ``text`` as what the default is: a path, a number above zero, or a text."""
    if isinstance(default, Path):
        return Path(text)
    if isinstance(default, int):
        least = min(default, 1)
        if not (text.isascii() and text.isdigit() and int(text) >= least):
            raise ConfigError(f"{name} must be a whole number from {least} on, not {text!r}.")
        return int(text)
    if isinstance(default, float):
        return read_seconds(name, text)
    return text


def read_seconds(name: str, text: str) -> float:
    """Read a number of seconds; ConfigError unless it is above zero."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < math.inf:
        raise ConfigError(f"{name} must be a number of seconds above zero, not {text!r}.")
    return seconds

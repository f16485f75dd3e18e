"""Typed reads of the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from vae_core.errors import ConfigError
from vae_core.imaging.photo import PhotoLimits

ROOT = Path(__file__).resolve().parent.parent


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
    """The model that answers unless another is asked for; empty: the first one made for faces."""
    workers: int = field(default_factory=lambda: os.cpu_count() or 1)
    """How many photos are decoded, or morphs computed, at the same time."""
    max_photo_bytes: int = 12_000_000
    max_body_bytes: int = 25_000_000
    max_pixels: int = PhotoLimits.pixels
    max_side: int = PhotoLimits.longest
    min_side: int = PhotoLimits.shortest
    max_fields: int = 20
    max_field_bytes: int = 4096

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


def read_like(default: object, name: str, text: str) -> str | int | Path:
    """Read ``text`` as what the default is: a path, a whole number above zero, or a text."""
    if isinstance(default, Path):
        return Path(text)
    if isinstance(default, int):
        if not (text.isascii() and text.isdigit() and int(text) > 0):
            raise ConfigError(f"{name} must be a whole number above zero, not {text!r}.")
        return int(text)
    return text

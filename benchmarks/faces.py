"""The flagship on faces it has not seen, and its morphs: what the two commands print."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from benchmarks.report import ROOT

MODELS = ROOT / "models"


def run(options: argparse.Namespace) -> str:
    model, data = MODELS / "flagship.safetensors", options.data / "flagship"
    for path in (model, data / "index.csv", options.photos / "scenes.csv"):
        if not path.exists():
            return f"{path} is not there; `make train` makes models and prepares pictures."
    photos = ["--photos", str(options.photos)]
    beside = ["--beside", str(MODELS / "classic.safetensors")]
    faces = ["evaluate-faces", "--model", str(model), "--data", str(data), *beside, *photos]
    morphs = ["evaluate-morph", "--model", str(model), *photos, "--seed", "1"]
    return "\n\n".join(map(printed, (faces, morphs)))


def printed(arguments: list[str]) -> str:
    """Return what a command of the program prints, computed on one thread, and its own line."""
    done = subprocess.run(
        [sys.executable, "-m", "vae_core", *arguments],
        cwd=ROOT,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    shown = " ".join(os.path.relpath(a, ROOT) if Path(a).is_absolute() else a for a in arguments)
    return f"`python -m vae_core {shown}`\n\n{done.stdout.strip()}"

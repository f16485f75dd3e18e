"""``python -m vae_core morph``: two photos in, a strip or an animation out."""

import argparse
import json
from pathlib import Path
from typing import Any

from vae_core.checkpoint import load_checkpoint
from vae_core.errors import ConfigError
from vae_core.imaging.align import Landmarks
from vae_core.imaging.photo import read_photo
from vae_core.imaging.render import render_gif, render_strip, render_webp
from vae_core.latent import WALKS
from vae_core.morph import encode_photo, morph

RENDERERS = {".png": render_strip, ".gif": render_gif, ".webp": render_webp}

MODEL = Path(__file__).parents[2] / "models" / "classic.safetensors"


def add_command(subparsers: Any) -> None:
    """Describe ``morph``."""
    parser = subparsers.add_parser("morph", help="turn one photo into another")
    parser.add_argument("friend", type=Path, help="photo of a person")
    parser.add_argument("dog", type=Path, help="photo of a dog")
    parser.add_argument("--out", required=True, type=Path, help=".png strip, .gif or .webp")
    parser.add_argument("--model", type=Path, default=MODEL, help="checkpoint")
    parser.add_argument("--steps", type=int, default=11)
    parser.add_argument("--walk", choices=WALKS, default="linear")
    for name in ("friend", "dog"):
        parser.add_argument(
            f"--{name}-landmarks",
            type=json.loads,
            help='{"left_eye": [x, y], "right_eye": ..., "nose": ..., "mouth": ...} in pixels',
        )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Encode both photos, walk, and write the picture that the file's ending asks for."""
    if args.out.suffix not in RENDERERS:
        raise ConfigError(f"{args.out} must end in {', '.join(RENDERERS)}.")
    checkpoint = load_checkpoint(args.model)
    ends = []
    for path, landmarks, species in (
        (args.friend, args.friend_landmarks, "person"),
        (args.dog, args.dog_landmarks, "dog"),
    ):
        photo = read_photo(path.read_bytes())
        placed = None if landmarks is None else Landmarks.from_json(landmarks)
        ends.append(encode_photo(checkpoint, photo, placed, species))
    result = morph(checkpoint, ends[0], ends[1], args.steps, args.walk)
    args.out.write_bytes(RENDERERS[args.out.suffix](result.frames))
    return 0

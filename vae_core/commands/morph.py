"""``python -m vae_core morph``: two photos in, a strip or an animation out."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vae_core.checkpoint import load_checkpoint
from vae_core.errors import ConfigError
from vae_core.finder.faces import best_face
from vae_core.finder.find import Finder
from vae_core.imaging.align import Landmarks
from vae_core.imaging.photo import read_photo
from vae_core.imaging.render import render_gif, render_strip, render_webp
from vae_core.latent import WALKS
from vae_core.morph import encode_photo, morph
from vae_core.types import Array

RENDERERS: dict[str, Callable[[Array], bytes]] = {
    ".png": render_strip,
    ".gif": render_gif,
    ".webp": render_webp,
}

MODELS = Path(__file__).parents[2] / "models"
MODEL, FINDER = MODELS / "classic.safetensors", MODELS / "finder.safetensors"


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
    render = renderer_of(args.out)
    checkpoint = load_checkpoint(args.model)
    finder = Finder.from_file(FINDER) if FINDER.exists() else None
    ends = []
    for path, landmarks, species in (
        (args.friend, args.friend_landmarks, "person"),
        (args.dog, args.dog_landmarks, "dog"),
    ):
        photo = read_photo(path.read_bytes())
        if landmarks is not None:
            ends.append(encode_photo(checkpoint, photo, Landmarks.from_json(landmarks), species))
            continue
        faces = finder.find(photo) if finder else []
        if faces:
            face = best_face(faces, species)
            ends.append(encode_photo(checkpoint, photo, face.landmarks, face.species))
        else:
            print(f"{path}: no face was found, so the middle is taken.", file=sys.stderr)
            ends.append(encode_photo(checkpoint, photo, None, species))
    result = morph(checkpoint, ends[0], ends[1], args.steps, args.walk)
    args.out.write_bytes(render(result.frames))
    return 0


def renderer_of(out: Path) -> Callable[[Array], bytes]:
    """Return what makes the bytes of a file of that ending; ConfigError for another one."""
    if out.suffix not in RENDERERS:
        raise ConfigError(f"{out} must end in {', '.join(RENDERERS)}.")
    return RENDERERS[out.suffix]

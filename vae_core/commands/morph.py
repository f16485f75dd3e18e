"""``python -m vae_core morph``: a friend and a dog in, a strip or an animation out."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vae_core.checkpoint import Checkpoint, load_checkpoint
from vae_core.directions import NEAREST, Wish, imagine_dog
from vae_core.errors import ConfigError
from vae_core.finder.faces import best_face
from vae_core.finder.find import Finder
from vae_core.imaging.align import Landmarks
from vae_core.imaging.photo import Photo, read_photo
from vae_core.imaging.render import render_gif, render_strip, render_webp
from vae_core.latent import WALKS
from vae_core.morph import (
    Manner,
    align_photo,
    encode_aligned,
    encode_photo,
    morph,
    side_for_whole,
    whole_photo,
)
from vae_core.timing import EASINGS, playing_order
from vae_core.types import Array

RENDERERS: dict[str, Callable[..., bytes]] = {
    ".png": render_strip,
    ".gif": render_gif,
    ".webp": render_webp,
}

MODELS = Path(__file__).parents[2] / "models"
MODEL, FINDER = MODELS / "flagship.safetensors", MODELS / "finder.safetensors"

WHOLE = 768
"""Pixels of a whole photo's longer side, unless another size is asked for."""


def add_command(subparsers: Any) -> None:
    """Describe ``morph``."""
    parser = subparsers.add_parser("morph", help="turn one photo into another")
    parser.add_argument("friend", type=Path, help="photo of a person")
    parser.add_argument("dog", type=Path, nargs="?", help="photo of a dog; imagined if left out")
    parser.add_argument("--out", required=True, type=Path, help=".png strip, .gif or .webp")
    parser.add_argument("--model", type=Path, default=MODEL, help="checkpoint")
    add_manner(parser)
    add_wish(parser)
    for name in ("friend", "dog"):
        parser.add_argument(
            f"--{name}-landmarks",
            type=json.loads,
            help='{"left_eye": [x, y], "right_eye": ..., "nose": ..., "mouth": ...} in pixels',
        )
    parser.set_defaults(run=run)


def add_manner(parser: argparse.ArgumentParser) -> None:
    """Describe how the morph goes and how it is played."""
    parser.add_argument("--steps", type=int, default=11)
    parser.add_argument("--walk", choices=WALKS, default="linear", help="the way there")
    parser.add_argument("--easing", choices=EASINGS, default="linear", help="its speed")
    parser.add_argument("--detail", type=float, default=1.0, help="of the photos, 0 to 1 (default)")
    parser.add_argument("--size", type=int, default=0, help="pixels of a frame's longer side")
    parser.add_argument("--whole-photo", action="store_true", help="put it back into the photo")
    parser.add_argument("--hold", type=int, default=0, help="frames that either end is held for")
    parser.add_argument("--one-way", action="store_true", help="an animation does not go back")


def add_wish(parser: argparse.ArgumentParser) -> None:
    """Describe which dog is imagined when there is no photo of one."""
    parser.add_argument("--strength", type=float, default=1.0, help="how much of a dog, 0 to 2")
    parser.add_argument("--dog-name", default="", help=f"a dog that the model knows, or {NEAREST}")
    parser.add_argument("--seed", type=int, help="a random dog")


def run(args: argparse.Namespace) -> int:
    """Encode both ends, walk, and write the picture that the file's ending asks for."""
    renderer_of(args.out)
    order = playing_order(args.steps, args.hold, not args.one_way)
    checkpoint = load_checkpoint(args.model)
    finder = Finder.from_file(FINDER) if FINDER.exists() else None
    write_frames(args.out, frames_of(args, checkpoint, finder), order)
    return 0


def frames_of(args: argparse.Namespace, checkpoint: Checkpoint, finder: Finder | None) -> Array:
    """Make the morph that is asked for, (steps, H, W, C)."""
    manner = Manner(args.steps, args.walk, args.easing, args.detail, own_light=args.whole_photo)
    longest, friend = args.size or WHOLE, seat(args.friend, args.friend_landmarks, "person", finder)
    side = side_for_whole(checkpoint.frame, *friend, longest) if args.whole_photo else args.size
    if args.dog:
        dog = seat(args.dog, args.dog_landmarks, "dog", finder)
        ends = (align_photo(checkpoint, *photo, side) for photo in (friend, dog))
        start, end = encode_aligned(checkpoint, *ends)
        result = morph(checkpoint, start, end, manner)
    else:
        start = encode_photo(checkpoint, *friend, side)
        wish = Wish(args.strength, args.dog_name, args.seed)
        imagined = imagine_dog(checkpoint.metadata, start.latent, wish)
        result = morph(checkpoint, start, imagined, manner)
    return whole_photo(friend[0], result, longest) if args.whole_photo else result.frames


def write_frames(out: Path, frames: Array, order: Array) -> None:
    """Write a strip of all frames, or an animation that shows them in an order (n,)."""
    render = renderer_of(out)
    still = render is render_strip
    out.write_bytes(render(frames) if still else render(frames, order=order))


def seat(
    path: Path, given: Any, species: str, finder: Finder | None
) -> tuple[Photo, Landmarks | None, str]:
    """Read a photo, and find whose face it shows and where, unless landmarks are given."""
    photo = read_photo(path.read_bytes())
    if given is not None:
        return photo, Landmarks.from_json(given), species
    if faces := finder.find(photo) if finder else []:
        face = best_face(faces, species)
        return photo, face.landmarks, face.species
    print(f"{path}: no face was found, so the middle is taken.", file=sys.stderr)
    return photo, None, species


def renderer_of(out: Path) -> Callable[..., bytes]:
    """Return what makes the bytes of a file of that ending; ConfigError for another one."""
    if out.suffix not in RENDERERS:
        raise ConfigError(f"{out} must end in {', '.join(RENDERERS)}.")
    return RENDERERS[out.suffix]

"""``python -m vae_core morph``: a friend and a dog in, a strip or an animation out; or folders."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from vae_core.checkpoint import Checkpoint, load_checkpoint
from vae_core.directions import NEAREST, Wish, imagine_dog
from vae_core.encoded import align_photo, encode_aligned, encode_photo
from vae_core.errors import ConfigError
from vae_core.finder.faces import best_face
from vae_core.finder.find import Finder
from vae_core.imaging.landmarks import Landmarks
from vae_core.imaging.photo import Photo, read_photo
from vae_core.imaging.render import render_gif, render_strip, render_webp
from vae_core.latent import WALKS
from vae_core.morph import Manner, morph, side_for_whole, whole_photo
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

Seat: TypeAlias = tuple[Photo, Landmarks | None, str]
"""A photo, where its face is, if that is known, and whose it is."""


def add_command(subparsers: Any) -> None:
    """Describe ``morph``."""
    parser = subparsers.add_parser("morph", help="turn one photo into another")
    parser.add_argument("friend", type=Path, nargs="?", help="photo of a person")
    parser.add_argument("dog", type=Path, nargs="?", help="photo of a dog; imagined if left out")
    parser.add_argument(
        "--out", required=True, type=Path, help=".png strip, .gif or .webp; a folder for folders"
    )
    add_folders(parser)
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


def add_folders(parser: argparse.ArgumentParser) -> None:
    """Describe how whole folders are morphed."""
    parser.add_argument("--friends", type=Path, help="folder of photos of people, instead of one")
    parser.add_argument("--dogs", type=Path, help="folder of dogs: every friend with every dog")
    parser.add_argument("--pairs", action="store_true", help="only those of the same file name")
    endings = [ending.removeprefix(".") for ending in RENDERERS]
    parser.add_argument("--format", choices=endings, default="gif", help="of folders' morphs")
    parser.add_argument("--processes", type=int, default=0, help="for folders; as many as cores")


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
    if (args.friend is None) == (args.friends is None) or (args.dogs and not args.friends):
        raise ConfigError("Give a friend's photo, or a folder of them as --friends.")
    if args.friends:
        from vae_core.commands.bulk import run_bulk  # which is made of this module's pieces

        return run_bulk(args)
    renderer_of(args.out)
    order = playing_order(args.steps, args.hold, not args.one_way)
    checkpoint = load_checkpoint(args.model)
    finder = Finder.from_file(FINDER) if FINDER.exists() else None
    write_frames(args.out, frames_of(args, checkpoint, finder), order)
    return 0


def frames_of(args: argparse.Namespace, checkpoint: Checkpoint, finder: Finder | None) -> Array:
    """Make the morph that is asked for, (steps, H, W, C)."""
    manner, friend = manner_of(args), seat(args.friend, args.friend_landmarks, "person", finder)
    side = side_of(args, checkpoint, friend)
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
    if not args.whole_photo:
        return result.frames
    return whole_photo(friend[0], result, args.size or WHOLE)


def manner_of(args: argparse.Namespace) -> Manner:
    """Return how the morph goes."""
    return Manner(args.steps, args.walk, args.easing, args.detail, own_light=args.whole_photo)


def side_of(args: argparse.Namespace, checkpoint: Checkpoint, friend: Seat) -> int:
    """Return how large the aligned faces have to be; 0 leaves it to the model."""
    size: int = args.size
    if not args.whole_photo:
        return size
    return side_for_whole(checkpoint.frame, *friend, size or WHOLE)


def write_frames(out: Path, frames: Array, order: Array) -> None:
    """Write a strip of all frames, or an animation that shows them in an order (n,)."""
    render = renderer_of(out)
    still = render is render_strip
    out.write_bytes(render(frames) if still else render(frames, order=order))


def seat(path: Path, given: Any, species: str, finder: Finder | None) -> Seat:
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

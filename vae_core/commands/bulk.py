"""Every friend of a folder with every dog of another: on all cores, going on where it was stopped.

A finished morph stands under its own name at once or not at all, so that a second run does only
what is missing. Dogs are taken a few at a time, so that each photo of one is read once by each
process while its friends go by, and memory does not grow with the folders.
"""

import argparse
import os
import signal
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

from vae_core.checkpoint import load_checkpoint
from vae_core.commands.morph import FINDER, WHOLE, manner_of, seat, side_of, write_frames
from vae_core.directions import Wish, imagine_dog
from vae_core.encoded import Encoded, encode_photo
from vae_core.errors import ConfigError, DogpeopleError
from vae_core.finder.find import Finder
from vae_core.imaging.photo import Photo
from vae_core.morph import Morph, morph, whole_photo
from vae_core.timing import playing_order

PHOTOS = {".jpg", ".jpeg", ".png", ".webp", ".avif", ".gif", ".heic", ".heif"}
"""Endings, in small letters, of the files of a folder that are taken for photos."""

TOGETHER = 32
"""Dogs that are taken at a time."""

AHEAD = 2
"""Tasks for each process that are handed out before it asks for them."""

PART = ".part-"
"""How the name of a file begins that is not whole."""

THREADS = "OPENBLAS_NUM_THREADS"


class Task(NamedTuple):
    """A friend, and some dogs with the files that their morphs belong in; None: one is imagined."""

    friend: Path
    morphs: list[tuple[Path | None, Path]]


class Outcome(NamedTuple):
    """How many morphs a task made, and a sentence for every photo that could not be used."""

    made: int
    faults: dict[Path, str]


def run_bulk(args: argparse.Namespace) -> int:
    """Make the morphs that are missing; the exit status is 1 if some still are. ConfigError."""
    friends = photos_in(args.friends)
    dogs: Sequence[Path | None] = photos_in(args.dogs) if args.dogs else [None]
    morphs = list(all_morphs(friends, dogs, args))
    if not morphs:
        raise ConfigError(
            f"No photo in {args.friends} has the name of one in {args.dogs}. Without --pairs every "
            "friend is morphed with every dog."
        )
    args.out.mkdir(parents=True, exist_ok=True)
    for left_behind in args.out.glob(f"{PART}*"):
        left_behind.unlink()
    made, faults = 0, dict[Path, str]()
    for outcome in spread(tasks(morphs), args):
        made += outcome.made
        faults |= outcome.faults
        print(f"\r{made} made", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    for path, said in sorted(faults.items()):
        print(f"{path}: {said}", file=sys.stderr)
    there = sum(out.exists() for _, _, out in morphs)
    print(f"{there} of {len(morphs)} morphs are in {args.out}, {made} of them new.")
    return 0 if there == len(morphs) else 1


def photos_in(folder: Path) -> list[Path]:
    """Return a folder's photos by name; ConfigError if it has none, or two of one name."""
    if not folder.is_dir():
        raise ConfigError(f"{folder} is not a folder.")
    photos = sorted(path for path in folder.iterdir() if path.suffix.lower() in PHOTOS)
    if not photos:
        raise ConfigError(f"There are no photos in {folder}.")
    name, times = Counter(path.stem for path in photos).most_common(1)[0]
    if times > 1:
        raise ConfigError(f"{folder} has {times} photos called {name}; their morphs would collide.")
    return photos


Pairing = tuple[Path, Path | None, Path]
"""A friend, a dog, and the file that their morph belongs in."""


def all_morphs(
    friends: Sequence[Path], dogs: Sequence[Path | None], args: argparse.Namespace
) -> Iterator[Pairing]:
    """Yield every morph that is wanted, some dogs at a time."""
    for k in range(0, len(dogs), TOGETHER):
        for friend in friends:
            for dog in dogs[k : k + TOGETHER]:
                if not (args.pairs and dog and dog.stem != friend.stem):
                    both = f"{friend.stem}--{dog.stem}" if dog else friend.stem
                    yield friend, dog, args.out / f"{both}.{args.format}"


def tasks(morphs: Sequence[Pairing]) -> Iterator[Task]:
    """Yield the morphs that are missing, those of a friend that follow each other in one task."""
    task: Task | None = None
    for friend, dog, out in morphs:
        if out.exists():
            continue
        if task and (task.friend != friend or len(task.morphs) == TOGETHER):
            yield task
            task = None
        task = task or Task(friend, [])
        task.morphs.append((dog, out))
    if task:
        yield task


def spread(tasks: Iterator[Task], args: argparse.Namespace) -> Iterator[Outcome]:
    """Have processes do the tasks; yield what became of each. ConfigError if one dies."""
    processes = args.processes or os.cpu_count() or 1
    before, os.environ[THREADS] = os.environ.get(THREADS), "1"  # each process has a core
    pool = ProcessPoolExecutor(processes, get_context("spawn"), begin, (args,))
    waiting: set[Future[Outcome]] = set()
    try:
        for task in tasks:
            waiting.add(pool.submit(work, task))
            if len(waiting) == AHEAD * processes:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in done)
        yield from (future.result() for future in wait(waiting).done)
    except BrokenProcessPool as error:
        raise ConfigError(
            "A process died, maybe for want of memory; what is done is kept. "
            "The same command goes on from there; give it fewer --processes."
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)
        if before is None:
            del os.environ[THREADS]
        else:
            os.environ[THREADS] = before


class Maker:
    """What a process needs to make morphs."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.checkpoint = load_checkpoint(args.model)
        self.finder = Finder.from_file(FINDER) if FINDER.exists() else None
        self.order = playing_order(args.steps, args.hold, not args.one_way)
        self.manner = manner_of(args)
        self.dog = lru_cache(2 * TOGETHER)(self.read_dog)

    def do(self, task: Task) -> Outcome:
        """Make a friend's morphs, without those whose photos cannot be used."""
        made, faults = 0, dict[Path, str]()
        try:
            friend = seat(task.friend, None, "person", self.finder)
            side = side_of(self.args, self.checkpoint, friend)
            start = encode_photo(self.checkpoint, *friend, side)
        except (DogpeopleError, OSError) as error:
            return Outcome(0, {task.friend: sentence(error)})
        for dog, out in task.morphs:
            try:
                end = self.dog(dog, side) if dog else self.imagined(start)
            except (DogpeopleError, OSError) as error:
                faults[dog or task.friend] = sentence(error)
            else:
                self.write(out, friend[0], morph(self.checkpoint, start, end, self.manner))
                made += 1
        return Outcome(made, faults)

    def write(self, out: Path, photo: Photo, result: Morph) -> None:
        """Leave a morph under its name, whole; OSError."""
        frames = result.frames
        if self.args.whole_photo:
            frames = whole_photo(photo, result, self.args.size or WHOLE)
        part = out.with_name(PART + out.name)
        write_frames(part, frames, self.order)
        part.replace(out)

    def read_dog(self, path: Path, side: int) -> Encoded:
        """Find a dog's place in latent space; DogpeopleError or OSError."""
        return encode_photo(self.checkpoint, *seat(path, None, "dog", self.finder), side)

    def imagined(self, friend: Encoded) -> Any:
        """Return the latent of the dog that is wished for; ConfigError."""
        wish = Wish(self.args.strength, self.args.dog_name, self.args.seed)
        return imagine_dog(self.checkpoint.metadata, friend.latent, wish)


MAKER: list[Maker] = []
"""This process's, once it has begun."""


def begin(args: argparse.Namespace) -> None:
    """Be one of the processes; whoever stops the first of them stops this by closing it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    MAKER.append(Maker(args))


def work(task: Task) -> Outcome:
    """Do a task in a process that has begun."""
    return MAKER[0].do(task)


def sentence(error: Exception) -> str:
    """Say what was wrong with a photo."""
    return f"{error.strerror}." if isinstance(error, OSError) else str(error)

"""The child process that decodes what strangers send, and finds the faces in it.

``python -m app.decoder SOCKET MEMORY SIZE [FINDER]``; or a copy of the server's own process, taken
before it has threads: then nothing is imported twice.

It has one end of a pair of sockets and a piece of shared memory open, and nothing else of the
server's. It may take no more memory than it was granted, writes no file, and ends by itself when a
photo takes too long or the server is gone.
"""

import gc
import os
import resource
import signal
import socket
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from PIL import Image

from app.memory import private_memory
from app.messages import Line, SharedMemory, Values
from vae_core.errors import PhotoError
from vae_core.imaging.photo import OpenedPhoto, Photo, PhotoLimits, open_photo, opening_cost
from vae_core.memory import give_memory_back

if TYPE_CHECKING:
    from vae_core.finder.find import Finder

ROOM = 64_000_000
"""Bytes of memory beyond what this process begins with and what a photo costs."""

KEPT = 32_000_000
"""Bytes of memory, beyond what this process begins with, that are held on to between two photos."""

BLANK = 64, 64
"""Pixels of a photo without a face."""

GRACE = 1.0
"""Seconds that the server has to kill this process before it does so itself."""


def main(end: int, memory: int, size: int, file: Path | None) -> int:
    """Answer until the other end is closed: descriptors of a socket and of shared memory.

    file: the finder's, if faces are to be found.
    """
    line, shared = Line(socket.socket(fileno=end)), SharedMemory(size, memory)
    confine()
    finder = ready_finder(file) if file else None
    began = private_memory()
    line.send({"ready": True})
    while True:
        try:
            answer(line, shared, line.receive(), finder)
        except (EOFError, OSError):
            return 0
        rest(began)


def go_on_as_child(end: int, memory: int, size: int, file: Path | None) -> NoReturn:
    """Do what this program does, in a process that was copied; never return to what it was."""
    try:
        forget_descriptors({end, memory})
        gc.enable()
        main(end, memory, size, file)
    finally:
        os._exit(0)


def forget_descriptors(kept: set[int]) -> None:
    """Close all that a copy has open, and see and say nothing; but keep some."""
    for descriptor in [int(path.name) for path in Path("/dev/fd").iterdir()]:
        if descriptor not in kept:
            with suppress(OSError):  # the one that the list was read from is closed by now
                os.close(descriptor)
    for _ in range(3):
        os.open(os.devnull, os.O_RDWR)  # the lowest that are free: 0, 1 and 2


def confine() -> None:
    """Give up what decoding does not need; whoever stops the server stops this by closing it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    for limit in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE):
        resource.setrlimit(limit, (0, 0))


def ready_finder(file: Path) -> "Finder":
    """Load a finder, and have it look once: the first look takes memory that it keeps."""
    from vae_core.finder.find import Finder

    finder = Finder.from_file(file)
    finder.find(Photo(Image.new("RGB", BLANK), *BLANK))
    return finder


def answer(line: Line, shared: SharedMemory, asked: Values, finder: "Finder | None") -> None:
    """Do what is asked, in so many seconds: find faces in pixels, or read a photo."""
    signal.setitimer(signal.ITIMER_REAL, asked["seconds"] + GRACE)
    if finder and "find" in asked:
        line.send(find(finder, shared, **asked["find"]))
    else:
        read(line, shared, asked)


def find(
    finder: "Finder", shared: SharedMemory, size: tuple[int, int], width: int, height: int
) -> Values:
    """Find the faces of the photo whose pixels are in the shared memory."""
    needed = 3 * size[0] * size[1]
    limit_memory(private_memory() + ROOM + needed)
    with shared.view(needed) as pixels:
        photo = Photo.from_pixels(pixels, size, width, height)
    return {"faces": [asdict(face) for face in finder.find(photo)]}


def read(line: Line, shared: SharedMemory, asked: Values) -> None:
    """Read a header, wait for the word to go on, read the pixels; or refuse, in a sentence."""
    data, limits = bytes(shared.view(asked["size"])), PhotoLimits(**asked["limits"])
    base = private_memory() + ROOM + opening_cost(data, limits)
    limit_memory(base)
    try:
        photo = open_photo(data, limits)
        line.send({"cost": photo.cost})
        if granted := line.receive()["memory"]:
            limit_memory(base + granted)
            line.send(decode(photo, asked["enough"], shared))
    except PhotoError as error:
        line.send({"refused": type(error).__name__, "sentence": str(error)})


def decode(photo: OpenedPhoto, enough: float | None, shared: SharedMemory) -> Values:
    """Leave the pixels of a photo in the shared memory, and tell its sizes."""
    whole = photo.read(enough)
    shared.write(whole.image.tobytes())
    return {"width": whole.width, "height": whole.height, "size": whole.image.size}


def limit_memory(size: int) -> None:
    """Let this process have at most so many bytes of its own; beyond them is a MemoryError."""
    if private_memory():  # elsewhere the limit is ignored, or counts something else
        hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
        resource.setrlimit(resource.RLIMIT_DATA, (size, hard))


def rest(began: int) -> None:
    """Stop the clock, and give back to the system what the last photo took, if that is much.

    began: the bytes that this process began with.
    """
    signal.setitimer(signal.ITIMER_REAL, 0)
    if private_memory() - began > KEPT:
        give_memory_back()


if __name__ == "__main__":
    end, memory, size, *file = sys.argv[1:]
    sys.exit(main(int(end), int(memory), int(size), Path(*file) if file else None))

"""Untrusted bytes are decoded in child processes that can be killed.

A file of a few bytes can cost gigabytes, another hours, and a codec may have a hole. So each photo
is decoded by a child with little memory and little time. A child that oversteps is killed, and
another takes its place. Children look for faces, too: many small steps, which on threads of one
process would wait for each other.
"""

import math
import queue
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict
from pathlib import Path
from typing import Self

from app.children import started
from app.messages import Line, SharedMemory, Values
from app.settings import Settings
from vae_core.errors import (
    DogpeopleError,
    PhotoError,
    PhotoTooLargeError,
    PhotoTooSlowError,
    PhotoTooSmallError,
    UnreadablePhotoError,
)
from vae_core.finder.faces import Face
from vae_core.imaging.landmarks import Landmarks
from vae_core.imaging.photo import DAMAGED, Photo, PhotoLimits

START_SECONDS = 30.0
"""How long a child may take to be there."""

REFUSALS: dict[str, type[PhotoError]] = {
    kind.__name__: kind for kind in (UnreadablePhotoError, PhotoTooLargeError, PhotoTooSmallError)
}

TOO_SLOW = "The photo takes too long to decode; save it again as an ordinary JPEG and send that."
TOO_COSTLY = "The photo takes too much memory to decode; send a smaller one, or a JPEG."
BUSY = "There is a lot to do here right now; please try again in a moment."

DUE: ContextVar[float] = ContextVar("DUE")
"""When the answer that is being worked on is due, on the monotonic clock."""
GIVEN_UP: ContextVar[threading.Event] = ContextVar("GIVEN_UP")
"""Set when nobody waits for this context's work any more."""


class BusyError(DogpeopleError):
    """There is more to do than can be done in time."""

    def __init__(self) -> None:
        super().__init__(BUSY)


class Decoder:
    """One child process, and what is shared with it."""

    def __init__(self, size: int, finder: Path | None) -> None:
        ours, theirs = socket.socketpair()
        self.line, self.shared = Line(ours), SharedMemory(size)
        with theirs:
            self.process = started(theirs.fileno(), self.shared.descriptor, size, finder)
        self.ready = False
        self.alive = True
        self.used = 0.0

    def __lt__(self, other: "Decoder") -> bool:
        """Tell whether this one is lent first: it was used last; a new one is still starting."""
        return self.used > other.used

    def wait_until_ready(self) -> None:
        """Return once the child is there; the time it takes to start is not the photo's."""
        if not self.ready:
            self.ask(None, START_SECONDS)
            self.ready = True

    def ask(self, question: Values | None, seconds: float) -> Values:
        """Return the answer.

        Raises PhotoTooSlowError if there is none in time, UnreadablePhotoError if the child dies
        of the question, and the refusal if the answer is one.
        """
        try:
            if question is not None:
                self.line.send(question)
            answer = self.line.receive(max(0.0, seconds))
        except TimeoutError:
            self.kill()
            raise PhotoTooSlowError(TOO_SLOW) from None
        except (EOFError, OSError, ValueError):
            self.kill()
            raise UnreadablePhotoError(DAMAGED) from None
        if name := answer.get("refused"):
            raise REFUSALS[name](answer["sentence"])
        return answer

    def kill(self) -> None:
        """End the child at once."""
        self.alive = False
        self.process.kill()

    def close(self) -> None:
        """End the child and forget it."""
        self.kill()
        self.line.close()
        self.shared.close()
        self.process.wait()


class MemoryBudget:
    """How many bytes all work of one kind together may take."""

    def __init__(self, total: int) -> None:
        self.total = self.left = total
        self.changed = threading.Condition()

    def take(self, size: int, seconds: float) -> None:
        """Take a part; PhotoTooLargeError beyond the total, BusyError if it gets free too late."""
        if size > self.total:
            raise PhotoTooLargeError(TOO_COSTLY)
        with self.changed:
            if not self.changed.wait_for(lambda: self.left >= size, max(0.0, seconds)):
                raise BusyError
            self.left -= size

    def give_back(self, size: int) -> None:
        """Give a part back."""
        with self.changed:
            self.left += size
            self.changed.notify_all()

    @contextmanager
    def lent(self, size: int) -> Iterator[None]:
        """Lend a part, or all of it where more is asked for; BusyError if it gets free too late."""
        part = min(size, self.total)
        self.take(part, time_left())
        try:
            yield
        finally:
            self.give_back(part)


class DecoderPool:
    """Children that wait for photos: a PhotoReader, a FaceFinder, a context that ends them all."""

    def __init__(
        self,
        children: int,
        seconds: float,
        memory: int,
        largest: int,
        finder: Path | None = None,
    ) -> None:
        """Start so many; seconds and bytes of memory to decode in; bytes of the largest photo.

        finder: the file of the networks by which they find faces.
        """
        self.seconds = seconds
        self.budget = MemoryBudget(memory)
        self.largest = largest
        self.finder = finder
        self.decoders = {Decoder(largest, finder) for _ in range(children)}
        self.replaced = 0
        self.closed = False
        self.closing = threading.Lock()
        self.idle: queue.PriorityQueue[Decoder] = queue.PriorityQueue()
        for decoder in self.decoders:
            self.idle.put(decoder)

    @classmethod
    def from_settings(cls, settings: Settings, finder: Path | None = None) -> Self:
        """Start one for each photo that is worked on at once."""
        return cls(
            settings.hands,
            settings.decode_seconds,
            settings.max_decode_bytes,
            settings.largest_photo,
            finder,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        with self.closing:
            self.closed = True
            for decoder in self.decoders:
                decoder.close()

    @property
    def ready(self) -> bool:
        """Whether a child is there to decode; at the start that takes a moment."""
        return any(decoder.alive and decoder.ready for decoder in self.decoders)

    def wait_until_ready(self) -> None:
        """Return when a child is there."""
        with self.lent():
            return

    def __call__(self, data: bytes, enough: float | None, limits: PhotoLimits) -> Photo:
        """Read a photo as ``read_photo`` does; PhotoTooSlowError or BusyError besides."""
        with self.lent() as decoder:
            used = len(data)
            try:
                cost, seconds = self.read_header(decoder, data, enough, limits)
                sizes = self.read_pixels(decoder, cost, seconds)
                used = max(used, 3 * math.prod(sizes["size"]))
                with decoder.shared.view(3 * math.prod(sizes["size"])) as pixels:
                    return Photo.from_pixels(pixels, **sizes)
            finally:
                decoder.shared.forget(used)

    def find(self, photo: Photo) -> list[Face]:
        """Return all faces of a photo, the surest first; BusyError if that takes too long."""
        pixels, seconds = photo.image.tobytes(), time_left()
        what = {"size": photo.image.size, "width": photo.width, "height": photo.height}
        with self.lent() as decoder:
            decoder.shared.write(pixels)
            try:
                answer = decoder.ask({"find": what, "seconds": seconds}, seconds)
            except PhotoTooSlowError:
                raise BusyError from None
            finally:
                decoder.shared.forget(len(pixels))
        return [face_of(values) for values in answer["faces"]]

    def read_header(
        self, decoder: Decoder, data: bytes, enough: float | None, limits: PhotoLimits
    ) -> tuple[int, float]:
        """Take the memory for a photo's pixels; return it, and the seconds that are left."""
        started, due = time.monotonic(), time_left()
        seconds = min(self.seconds, due)
        decoder.shared.write(data)
        values = {"size": len(data), "enough": enough, "limits": asdict(limits), "seconds": due}
        cost: int = decoder.ask(values, seconds)["cost"]
        seconds -= time.monotonic() - started
        try:
            self.budget.take(cost, time_left())
        except DogpeopleError:
            decoder.line.send({"memory": 0})
            raise
        return cost, seconds

    def read_pixels(self, decoder: Decoder, cost: int, seconds: float) -> Values:
        """Have the pixels decoded, give their memory back, and return what was decoded."""
        try:
            return decoder.ask({"memory": cost}, seconds)
        finally:
            self.budget.give_back(cost)

    @contextmanager
    def lent(self) -> Iterator[Decoder]:
        """Lend a child that is ready; one that is killed meanwhile is replaced."""
        try:
            decoder = self.idle.get(timeout=max(0.0, time_left()))
        except queue.Empty:
            raise BusyError from None
        try:
            decoder.wait_until_ready()
            yield decoder
        finally:
            decoder.used = time.monotonic()
            if not decoder.alive:
                decoder = self.replacement(decoder)
            self.idle.put(decoder)

    def replacement(self, dead: Decoder) -> Decoder:
        """Start a child in the place of one that was killed, unless all of them were to end."""
        with self.closing:
            if self.closed:
                return dead
            dead.close()
            new = Decoder(self.largest, self.finder)
            self.decoders = self.decoders - {dead} | {new}
            self.replaced += 1
            return new


def face_of(values: Values) -> Face:
    """Return the face that a child has found, as it tells of it."""
    landmarks = Landmarks.from_json(values["landmarks"])
    return Face(values["species"], landmarks, tuple(values["box"]), values["score"])


def time_left() -> float:
    """Return how many seconds there are until the answer is due."""
    return DUE.get(time.monotonic() + START_SECONDS) - time.monotonic()


def check_time() -> None:
    """Raise BusyError if the answer is late or the client gone: nobody waits for more work."""
    given_up = GIVEN_UP.get(None)
    if time_left() < 0 or (given_up is not None and given_up.is_set()):
        raise BusyError

"""How a request is let in: all of its body, in time and within bounds, and then a place.

A body is read before anything is done about it, so that a client that dribbles holds nothing but
its own connection. All bodies and answers together have so many bytes, and all work so many places;
whoever comes then is asked to come back. An answer leaves as fast as it is taken, and one that is
taken slowly makes room for others.
"""

import math
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import TypeAlias

import anyio
import anyio.lowlevel
from fastapi import Request
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.decoding import DUE, BusyError
from app.metrics import Metrics
from app.settings import Settings

Refuse: TypeAlias = Callable[[Request, Exception], Awaitable[Response]]

PIECE = 1 << 16
"""Bytes of a body or answer that are handed on at a time; between two, others have their turn."""

DRAINED = 4
"""How many times the limit of a body is read and thrown away, so that the client may hear of it."""

FREE = ("/", "/healthz", "/readyz", "/metrics")
"""What is answered at once, however much there is to do."""

FREE_BELOW = ("/static/", "/progress/")
"""Where paths begin that are, too."""

PATIENCE = 0.95
"""Of the seconds for an answer, after which a request is given up: saying so takes time, too."""

REFUSALS = (HTTPException, BusyError)


class Body:
    """The pieces of a body, which are forgotten as they are handed on."""

    def __init__(self) -> None:
        self.pieces: deque[bytes] = deque()
        self.size = 0

    def add(self, data: bytes) -> None:
        """Keep some more of it."""
        self.size += len(data)
        self.pieces.extend(data[i : i + PIECE] for i in range(0, len(data), PIECE))

    def replay(self, receive: Receive) -> Receive:
        """Return what hands the pieces on, one at a time, and then does what ``receive`` does."""
        over = False

        async def next_message() -> Message:
            nonlocal over
            await anyio.lowlevel.checkpoint()
            if over:
                return await receive()
            piece = self.pieces.popleft() if self.pieces else b""
            over = not self.pieces
            return {"type": "http.request", "body": piece, "more_body": not over}

        return next_message


class Store:
    """How many bytes all requests and their answers may have together."""

    def __init__(self, total: int) -> None:
        self.left = total
        self.held: dict[object, int] = {}
        self.leaving: dict[object, anyio.CancelScope] = {}
        """Requests whose answers are being taken, those first that began first."""

    def has_room(self, size: int) -> bool:
        """Tell whether so many bytes are free; for that, cut the oldest answers off."""
        while size > self.left and self.leaving:
            oldest, scope = next(iter(self.leaving.items()))
            scope.cancel()
            self.give_back(oldest)
        return size <= self.left

    def take(self, owner: object, size: int) -> None:
        """Count bytes that a request holds."""
        self.held[owner] = self.held.get(owner, 0) + size
        self.left -= size

    def give_back(self, owner: object) -> None:
        """Forget a request and all that it held."""
        self.leaving.pop(owner, None)
        self.left += self.held.pop(owner, 0)

    async def hand_out(self, owner: object, message: Message, send: Send, seconds: float) -> None:
        """Send a part of an answer, no faster than it is taken; leave off when it is too late."""
        size = len(message.get("body", b""))
        with anyio.move_on_after(seconds) as scope:
            self.has_room(size)
            self.take(owner, size)
            self.leaving[owner] = scope
            await send_in_pieces(message, send)


class VanishedError(Exception):
    """The client is gone."""


async def there() -> bool:
    """Tell of no client that it is gone."""
    return False


GONE: ContextVar[Callable[[], Awaitable[bool]]] = ContextVar("GONE", default=there)
"""Tells whether the client of this context's request is gone."""


class Intake:
    """ASGI middleware that lets requests in."""

    def __init__(self, app: ASGIApp, settings: Settings, refuse: Refuse, metrics: Metrics) -> None:
        self.app = app
        self.settings = settings
        self.refuse = refuse
        self.store = Store(settings.max_waiting_bytes)
        self.places_left = places = settings.places
        metrics.watch("dogpeople_places", lambda: places)
        metrics.watch("dogpeople_places_taken", lambda: places - self.places_left)
        metrics.watch("dogpeople_waiting_bytes", lambda: sum(self.store.held.values()))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body, take a place, pass the request on; or refuse it."""
        if scope["type"] != "http" or not takes_work(scope):
            await self.app(scope, receive, partial(send_in_pieces, send=send))
            return
        body = Body()
        try:
            await self.read(body, scope, receive)
            with self.place() as leave:
                await self.work(body, leave, scope, receive, send)
        except VanishedError:
            return
        except REFUSALS as error:
            response = await self.refuse(Request(scope), error)
            await response(scope, receive, send)
        finally:
            self.store.give_back(body)

    async def read(self, body: Body, scope: Scope, receive: Receive) -> None:
        """Read a body. Raises HTTPException (408 or 413), BusyError or VanishedError."""
        limit = self.limit(scope)
        with anyio.move_on_after(self.settings.body_seconds) as waiting:
            if declared_size(scope) > limit:
                await drain(receive, DRAINED * limit)
                raise too_long(limit)
            more = True
            while more:
                data, more = await next_piece(receive)
                if body.size + len(data) > limit or not self.store.has_room(len(data)):
                    await drain(receive, DRAINED * limit if more else 0)
                    raise too_long(limit) if body.size + len(data) > limit else BusyError()
                body.add(data)
                self.store.take(body, len(data))
        if waiting.cancelled_caught:
            raise HTTPException(408, headers={"Connection": "close"})

    def limit(self, scope: Scope) -> int:
        """Return how many bytes the body may have: a form with photos more than another."""
        photos = Headers(scope=scope).get("content-type", "").startswith("multipart/")
        return self.settings.max_body_bytes if photos else self.settings.max_json_bytes

    @contextmanager
    def place(self) -> Iterator[Callable[[], None]]:
        """Hold a place until the end, or until the function that is given is called. BusyError."""
        if self.places_left <= 0:
            raise BusyError
        self.places_left -= 1
        held = [None]

        def leave() -> None:
            if held:
                held.pop()
                self.places_left += 1

        try:
            yield leave
        finally:
            leave()

    async def work(
        self, body: Body, leave: Callable[[], None], scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Pass a request on; BusyError if the answer does not begin in time.

        Once it begins, the place is free: only the network has work left.
        """
        seconds = self.settings.send_seconds
        patience = PATIENCE * self.settings.answer_seconds
        DUE.set(time.monotonic() + patience)
        GONE.set(Request(scope, receive).is_disconnected)

        async def send_in_time(message: Message) -> None:
            await anyio.lowlevel.checkpoint_if_cancelled()  # too late: another answer is given
            answering.deadline = math.inf
            leave()
            await self.store.hand_out(body, message, send, seconds)

        with anyio.move_on_after(patience) as answering:
            await self.app(scope, body.replay(receive), send_in_time)
        if answering.cancelled_caught:
            raise BusyError


async def send_in_pieces(message: Message, send: Send) -> None:
    """Send a part of an answer so that the server may wait for its client between two pieces."""
    body, begin = message.get("body", b""), 0
    while len(body) - begin > PIECE:
        piece = body[begin : begin + PIECE]
        await send({"type": "http.response.body", "body": piece, "more_body": True})
        begin += PIECE
    await send({**message, "body": body[begin:]} if begin else message)


def takes_work(scope: Scope) -> bool:
    """Tell whether a request needs a place."""
    path = scope["path"]
    return has_body(scope) or not (path in FREE or path.startswith(FREE_BELOW))


def has_body(scope: Scope) -> bool:
    """Tell whether a request has a body, or may have one."""
    headers = Headers(scope=scope)
    return "transfer-encoding" in headers or declared_size(scope) > 0


def declared_size(scope: Scope) -> int:
    """Return how many bytes a body is said to have."""
    length = Headers(scope=scope).get("content-length", "")
    return int(length) if length.isascii() and length.isdecimal() else 0


async def next_piece(receive: Receive) -> tuple[bytes, bool]:
    """Return some bytes, and whether more are to come; VanishedError."""
    message = await receive()
    if message["type"] == "http.disconnect":
        raise VanishedError
    return message.get("body", b""), message.get("more_body", False)


async def drain(receive: Receive, most: int) -> None:
    """Read up to so many bytes and throw them away; a client listens only when it has spoken."""
    more = most > 0
    while more and most > 0:
        data, more = await next_piece(receive)
        most -= len(data)


def too_long(limit: int) -> HTTPException:
    """Return the refusal of a longer body."""
    said = f"A request like this may have {limit / 1e6:g} MB at most."
    return HTTPException(413, said, {"Connection": "close"})

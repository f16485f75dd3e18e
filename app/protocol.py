"""HTTP/1.1 as uvicorn speaks it, with deadlines; uvicorn alone waits for a slow client for ever."""

import asyncio
import json
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from app.headers import HEADERS
from app.settings import Settings

UNREADABLE = {
    "type": "about:blank",
    "title": "The request cannot be read",
    "status": 400,
    "detail": "This is not HTTP as this server speaks it.",
}


class PunctualProtocol(H11Protocol):
    """A connection that is cut when its client is late.

    From the beginning, and from the end of each answer, the head of a request has
    ``header_seconds`` to arrive; from then on all of it must be over within the other three
    deadlines together. The finer ones are kept by the application, which can still answer.
    """

    def __init__(self, settings: Settings, **options: Any) -> None:
        super().__init__(**options)
        self.settings = settings
        self.timed: RequestResponseCycle | None = None
        self.clock: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the clock; one connection too many is closed."""
        super().connection_made(transport)
        if len(self.connections) > self.settings.max_connections:
            transport.abort()
            return
        self.start_clock(self.settings.header_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        super().connection_lost(exc)
        self.stop_clock()

    def data_received(self, data: bytes) -> None:
        """Start the clock anew if this completes the head of a request."""
        super().data_received(data)
        self.look_at_cycle()

    def on_response_complete(self) -> None:
        """Start the clock for the next request."""
        super().on_response_complete()
        self.look_at_cycle()

    def look_at_cycle(self) -> None:
        """Start the clock anew when another request has begun, or none is left."""
        cycle = None if self.cycle is None or self.cycle.response_complete else self.cycle
        if cycle is self.timed or self.transport.is_closing():
            return
        self.timed = cycle
        s = self.settings
        all_of_it = s.body_seconds + s.answer_seconds + s.send_seconds
        self.start_clock(all_of_it if cycle else s.header_seconds)

    def start_clock(self, seconds: float) -> None:
        """Cut the connection after so many seconds from now."""
        self.stop_clock()
        self.clock = self.loop.call_later(seconds, self.transport.abort)

    def stop_clock(self) -> None:
        """Let the connection be."""
        if self.clock:
            self.clock.cancel()
            self.clock = None

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP, if nothing was answered yet, and close the connection."""
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.abort()
            return
        headers = HEADERS | {"Content-Type": "application/problem+json", "Connection": "close"}
        encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
        body = json.dumps(UNREADABLE).encode()
        for event in (
            h11.Response(status_code=400, headers=encoded, reason=b"Bad Request"),
            h11.Data(data=body),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

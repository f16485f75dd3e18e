"""One line of JSON for every request: what was asked and how it ended, and nothing of anyone's.

No address, no file's name, no field, no query: the place is the route's own pattern.
"""

import json
import logging
import secrets
import time

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOG = logging.getLogger("dogpeople.requests")

REQUEST_ID = "X-Request-ID"


class Journal:
    """ASGI middleware that gives every request a number of its own, and writes its line."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; write the line once it is over, whichever way."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun, status, size = time.monotonic(), 0, 0
        number = secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = number

        async def send_and_note(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[REQUEST_ID] = number
            size += len(message.get("body", b""))
            await send(message)

        try:
            await self.app(scope, receive, send_and_note)
        except Exception:
            status = 500
            raise
        finally:
            entry = {
                "id": number,
                "method": method_of(scope),
                "route": route_of(scope),
                "status": status,
                "ms": round(1000 * (time.monotonic() - begun)),
                "bytes": size,
            }
            LOG.info(json.dumps(entry))


def method_of(scope: Scope) -> str:
    """Return the method if it is a usual one: a client may make up any word."""
    usual = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
    return scope["method"] if scope["method"] in usual else "other"


def route_of(scope: Scope) -> str:
    """Return the pattern of the route that answered; a path may hold anything."""
    path: str = getattr(scope.get("route"), "path", "")
    return path or ("/static" if scope["path"].startswith("/static/") else "other")


def write_journal() -> None:
    """Send the lines to where uvicorn's go, the standard error, and no one else's.

    The parser of forms complains in the log of every byte that it did not expect.
    """
    logging.getLogger("python_multipart").setLevel(logging.ERROR)
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    LOG.addHandler(handler)
    LOG.setLevel(logging.INFO)
    LOG.propagate = False

"""One line of JSON for every request: what was asked and how it ended, and nothing of anyone's.

No address, no file's name, no field, no query: the place is the route's own pattern.
"""

import json
import logging
import secrets
import time
from datetime import UTC, datetime
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.metrics import Metrics

LOG = logging.getLogger("dogpeople.requests")

REQUEST_ID = "X-Request-ID"


class Journal:
    """ASGI middleware that numbers, counts and times every request, and writes its line."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

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
            seconds = time.monotonic() - begun
            entry: dict[str, Any] = {
                "id": number,
                "method": method_of(scope),
                "route": route_of(scope),
                "status": status,
                "ms": round(1000 * seconds),
                "bytes": size,
            }
            self.metrics.note(entry["method"], entry["route"], status, seconds)
            LOG.info(json.dumps(entry), extra={"entry": entry})


def method_of(scope: Scope) -> str:
    """Return the method if it is a usual one: a client may make up any word."""
    usual = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
    return scope["method"] if scope["method"] in usual else "other"


def route_of(scope: Scope) -> str:
    """Return the pattern of the route that answered; a path may hold anything."""
    path: str = getattr(scope.get("route"), "path", "")
    return path or ("/static" if scope["path"].startswith("/static/") else "other")


def write_journal(logs: str, worker: int) -> None:
    """Send all lines to the standard error, and the requests' no one else's way.

    logs: ``text``, which leaves uvicorn's lines as they are; or ``json``.  The parser of forms
    complains in the log of every byte that it did not expect.
    """
    logging.getLogger("python_multipart").setLevel(logging.ERROR)
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines(worker) if logs == "json" else logging.Formatter("%(message)s"))
    LOG.handlers = [handler]
    LOG.setLevel(logging.INFO)
    LOG.propagate = False
    if logs == "json":
        uvicorn = logging.getLogger("uvicorn")
        uvicorn.handlers, uvicorn.propagate = [handler], False
        uvicorn.setLevel(logging.INFO)


class JsonLines(logging.Formatter):
    """Every record as one line of JSON: when, how grave, which process, and what."""

    def __init__(self, worker: int) -> None:
        super().__init__()
        self.worker = worker

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; a traceback is a field of it."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "log": record.name,
            "worker": self.worker,
        }
        line |= getattr(record, "entry", None) or {"message": record.getMessage()}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line)

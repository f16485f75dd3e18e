"""Who is let in at a public address: the names that the server goes by, and how often one asks."""

import math
import time
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

import anyio
from fastapi import Request
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from app.intake import Refuse, VanishedError, drain, has_body, takes_work
from app.settings import Settings

REMEMBERED = 10_000
"""Clients whose requests are counted; whoever was not seen for longest is forgotten first."""


@dataclass
class Bucket:
    """Requests that a client has left, as of a moment."""

    left: float
    seen: float


class RateLimit:
    """So many requests a minute for each client, all at once or spread out (a token bucket)."""

    def __init__(self, per_minute: int) -> None:
        self.per_minute = per_minute
        self.buckets: OrderedDict[str, Bucket] = OrderedDict()

    def allows(self, client: str, now: float) -> bool:
        """Count a request, at ``now`` in seconds; tell whether it is one too many."""
        bucket = self.buckets.pop(client, Bucket(self.per_minute, now))
        refilled = bucket.left + (now - bucket.seen) * self.per_minute / 60
        left = min(refilled, self.per_minute)
        allowed = left >= 1
        self.buckets[client] = Bucket(left - allowed, now)
        if len(self.buckets) > REMEMBERED:
            self.buckets.popitem(last=False)
        return allowed

    def pause(self) -> int:
        """Return in how many whole seconds there is one request more."""
        return math.ceil(60 / self.per_minute)


class Visitors:
    """ASGI middleware that turns away who asks for another host, or for too much."""

    def __init__(self, app: ASGIApp, settings: Settings, refuse: Refuse) -> None:
        self.app = app
        self.settings = settings
        self.refuse = refuse
        self.hosts = {name.strip().lower() for name in settings.allowed_hosts.split(",")} - {""}
        self.rate = RateLimit(settings.requests_per_minute)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it and throw its body away."""
        if scope["type"] == "http" and (error := self.objection(scope)):
            with suppress(VanishedError), anyio.move_on_after(self.settings.body_seconds):
                await drain(receive, self.settings.max_body_bytes if has_body(scope) else 0)
            response = await self.refuse(Request(scope), error)
            await response(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def objection(self, scope: Scope) -> HTTPException | None:
        """Return why a request is turned away, if it is."""
        if self.hosts and host_of(scope) not in self.hosts:
            return HTTPException(421, headers={"Connection": "close"})
        if not self.rate.per_minute or not takes_work(scope):
            return None
        if self.rate.allows(client_of(scope), time.monotonic()):
            return None
        headers = {"Connection": "close", "Retry-After": str(self.rate.pause())}
        return HTTPException(429, headers=headers)


def client_of(scope: Scope) -> str:
    """Return who is to be counted: an address, or for IPv6 the network that one client has."""
    client: str = scope["client"][0] if scope["client"] else ""
    try:
        address = ip_address(client)
    except ValueError:
        return client
    alone = not isinstance(address, IPv6Address) or address.ipv4_mapped
    return client if alone else f"{int(address) >> 64:x}::/64"


def host_of(scope: Scope) -> str:
    """Return the name that a request is for, in small letters and without a port."""
    host = Headers(scope=scope).get("host", "").lower()
    bracketed = host.startswith("[") and "]" in host
    return host[: host.index("]") + 1] if bracketed else host.split(":")[0]

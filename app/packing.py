"""What travels packed: pages and scripts, which no secret is in; never pictures, which are."""

from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

PACKED = ("/", "/explore", "/digits", "/how", "/docs", "/openapi.json", "/api/v1/models")
"""Paths of what is packed; a morph's page is mostly pictures, packed already."""

PACKED_BELOW = "/static/"
"""Where paths begin that are, too."""

LEVEL = 6
"""zlib's; more costs time and saves next to nothing."""


class Packing:
    """ASGI middleware that packs text for whoever unpacks it."""

    def __init__(self, app: ASGIApp) -> None:
        self.plain = app
        self.packed = GZipMiddleware(app, compresslevel=LEVEL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, by way of the packer if it is for one of these paths."""
        path, method = scope.get("path", ""), scope.get("method")
        packs = method == "GET" and (path in PACKED or path.startswith(PACKED_BELOW))
        await (self.packed if packs else self.plain)(scope, receive, send)

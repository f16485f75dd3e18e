"""What every answer says to the browser, and how much of a request is read."""

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}

REVALIDATE = "no-cache"
"""The Cache-Control of what holds nobody's photo: kept, but asked after each time."""


class SecurityHeaders:
    """ASGI middleware that adds the headers above to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and add to the start of the answer what it does not say itself."""
        ours = scope.get("path", "").startswith("/static/")

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if ours:
                    headers["Cache-Control"] = REVALIDATE
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers)


class BodyLimit:
    """ASGI middleware that refuses a longer body with 413, in a way that the sender can read.

    A client reads no answer before it has sent its body, so what is too much is read and thrown
    away, up to four times the limit.
    """

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self.app = app
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, with a ``receive`` that counts."""
        if scope["type"] == "http":
            receive = self.counted(scope, receive)
        await self.app(scope, receive, send)

    def counted(self, scope: Scope, receive: Receive) -> Receive:
        """Return a ``receive`` that raises HTTPException once the body is too long, or says so."""
        length = Headers(scope=scope).get("content-length", "")
        declared = int(length) if length.isdecimal() else 0
        read = 0

        async def receive_up_to_limit() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if max(read, declared) > self.limit:
                await self.drain(receive, message)
                megabytes = self.limit // 1_000_000
                raise HTTPException(413, f"Together the photos may have {megabytes} MB at most.")
            return message

        return receive_up_to_limit

    async def drain(self, receive: Receive, message: Message) -> None:
        """Read what follows ``message`` and throw it away."""
        left = 4 * self.limit
        while message.get("more_body") and left > 0:
            message = await receive()
            left -= len(message.get("body", b""))

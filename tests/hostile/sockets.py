"""Clients that do not speak as they should: slowly, half, too much, or not at all."""

import socket
import time
from collections.abc import Callable
from contextlib import suppress

from tests.hostile.cases import BOUNDARY, FRIEND, morph
from tests.hostile.server import Server

HEAD = (
    "POST /api/v1/morph HTTP/1.1\r\nHost: x\r\n"
    f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
)
BODY = morph(FRIEND)


def head(length: int | None = None, **headers: str) -> bytes:
    said = f"Content-Length: {len(BODY) if length is None else length}\r\n"
    said += "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"{HEAD}{said}\r\n".encode()


def until_closed(end: socket.socket) -> bytes:
    """Whatever comes until the server closes; nothing if it cuts the connection."""
    received = bytearray()
    with suppress(ConnectionError):
        while piece := end.recv(65536):
            received += piece
    return bytes(received)


def dribble(server: Server, first: bytes, rest: bytes, pause: float) -> tuple[bytes, float]:
    """Send ``first``, then a byte at a time; return the answer, and after how many seconds."""
    begun = time.monotonic()
    with server.connect() as end:
        end.sendall(first)
        end.settimeout(pause)
        for byte in rest:
            try:
                end.sendall(bytes([byte]))
                if not (piece := end.recv(65536)):
                    return b"", time.monotonic() - begun
            except TimeoutError:
                continue
            except ConnectionError:
                return b"", time.monotonic() - begun
            end.settimeout(30)
            return piece + until_closed(end), time.monotonic() - begun
    raise AssertionError("the server waited to the end")


def dribbled_head(server: Server) -> tuple[bytes, float]:
    return dribble(server, b"", b"GET / HTTP/1.1\r\nX: " + b"a" * 10_000, 0.05)


def dribbled_body(server: Server) -> tuple[bytes, float]:
    return dribble(server, head(1_000_000), b"a" * 10_000, 0.05)


def vanish_in_the_head(end: socket.socket) -> None:
    end.sendall(HEAD.encode()[:40])


def vanish_in_the_body(end: socket.socket) -> None:
    end.sendall(head() + BODY[:500])


def vanish_before_the_answer(end: socket.socket) -> None:
    end.sendall(head() + BODY)


def reset(end: socket.socket) -> None:
    end.sendall(head() + BODY)
    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


VANISHING: list[Callable[[socket.socket], None]] = [
    vanish_in_the_head,
    vanish_in_the_body,
    vanish_before_the_answer,
    reset,
]

NOT_HTTP: dict[str, bytes] = {
    "garbage": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "no version": b"GET /\r\n\r\n",
    "bad version": b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
    "long header": b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
    "many headers": b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 20_000 + b"\r\n",
    "negative length": head(-5) + BODY,
    "two lengths": head(5, Content_length="7") + BODY,
    "length of words": head(0, Content_Length="many") + BODY,
    "folded header": b"GET / HTTP/1.1\r\nHost: x\r\n X\r\n: a\r\n\r\n",
    "bare line feed": b"POST / HTTP/1.1\nHost: x\nContent-Length: 3\n\nabc",
    "bad chunk": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nabc\r\n",
    "chunk too long": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"FFFFFFFFFFFFFFFFFFFF\r\nabc\r\n",
    "both framings": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\n\r\n",
    "pipelined": (b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 50)
    + b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "http 2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "websocket": b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n\r\n",
    "absolute address": b"GET http://127.0.0.1:1/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "asterisk": b"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "trailing rubbish": b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n\0\0\0\0",
}


def speak(server: Server, words: bytes) -> bytes:
    """Say something, listen until the server hangs up or is silent for long."""
    with server.connect() as end:
        try:
            end.sendall(words)
            end.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        return until_closed(end)

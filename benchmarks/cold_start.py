"""How long the server takes to be there, and how much memory it holds.

Its modules are compiled by then, as they are in the container and after the first start anywhere.
"""

import argparse
import compileall
import os
import socket
import subprocess
import sys
import time
from functools import cache
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from uuid import uuid4

from app.main import PAUSE
from app.morphing import FINDER
from benchmarks.measure import resident_mb, spread
from benchmarks.photos import decoded_jpeg
from benchmarks.report import ROOT, table

MODELS, CLASSIC = ROOT / "models", "classic.safetensors"

SIZES = (1000, 1000), (4000, 3000)
"""Pixels of the photos that are sent first, and then."""

RUNS = 15
MORPHS = 5
REST = 2 * PAUSE
"""Seconds by which a server has given back what it no longer needs."""

PATIENCE = 60.0
"""Seconds after which a server that has not answered is given up."""


class Start(NamedTuple):
    """Seconds to the first answer and morph; MB held then, at rest, and after more morphs."""

    seconds: float
    morph: float
    resident: float
    resident_at_rest: float
    resident_later: float


def run(options: argparse.Namespace) -> str:
    for package in ("app", "vae_core"):
        compileall.compile_dir(ROOT / package, quiet=1)
    for size in SIZES:
        form(*size)  # drawn once, and before the clock runs
    starts = [start_once(free_port(), MODELS) for _ in range(RUNS)]
    with TemporaryDirectory() as folder:
        for path in (MODELS / CLASSIC, MODELS / FINDER):
            (Path(folder) / path.name).symlink_to(path)
        classic = [start_once(free_port(), Path(folder)) for _ in range(RUNS)]
    seconds, morph, first, rest, later = ([*column] for column in zip(*starts, strict=True))
    what = f"`python -m app`, {RUNS} starts: median (smallest to largest)"
    rows = [
        ("first answer from `/healthz`, s", spread(seconds), ""),
        ("first morph, of two 1-megapixel photos, s", spread(morph), "1.5"),
        ("resident memory then, MB", spread(first), "300"),
        (f"the same {REST:g} s later, MB", spread(rest), "300"),
        (f"resident memory after {MORPHS} morphs of 12-megapixel photos, MB", spread(later), ""),
        (
            "with `classic` alone: first morph, s",
            spread([start.morph for start in classic]),
            "1.5",
        ),
        (
            "with `classic` alone: resident memory then, MB",
            spread([start.resident for start in classic]),
            "150",
        ),
        (
            f"the same {REST:g} s later, MB",
            spread([start.resident_at_rest for start in classic]),
            "150",
        ),
    ]
    return table([what, "", "bar"], rows)


def start_once(port: int, models: Path) -> Start:
    """Start the server, wait for it, send it work, end it."""
    environ = os.environ | {"PORT": str(port), "MODELS": str(models)}
    begun = time.perf_counter()
    server = subprocess.Popen(
        [sys.executable, "-m", "app"],
        cwd=ROOT,
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(server, port)
        seconds = time.perf_counter() - begun
        send_morph(port, *SIZES[0])
        morph = time.perf_counter() - begun
        resident = resident_mb(server.pid)
        time.sleep(REST)
        at_rest = resident_mb(server.pid)
        for _ in range(MORPHS):
            send_morph(port, *SIZES[1])
        return Start(seconds, morph, resident, at_rest, resident_mb(server.pid))
    finally:
        server.terminate()
        server.wait()


def wait_for(server: "subprocess.Popen[bytes]", port: int, path: str = "/healthz") -> None:
    """Return at the first answer of 200; RuntimeError if the server ends or stays silent."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise RuntimeError("The server did not start; run `python -m app` to see why.")
        try:
            ask(port, "GET", path)
        except (OSError, HTTPException, RuntimeError):
            time.sleep(0.005)
        else:
            return
    raise RuntimeError(f"The server did not answer within {PATIENCE:.0f} s.")


def send_morph(port: int, width: int, height: int) -> None:
    """Post two photos of that size as a form."""
    ask(port, "POST", "/api/v1/morph", *form(width, height))


@cache
def form(width: int, height: int) -> tuple[bytes, str]:
    """Return a form with two photos of that size, a friend's and a dog's, and its content type."""
    boundary = uuid4().hex
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="a.jpg"\r\n'
        f"Content-Type: image/jpeg\r\n\r\n".encode()
        + decoded_jpeg(width, height, name)
        + b"\r\n"
        for name in ("friend", "dog")
    ]
    body = b"".join(parts) + f"--{boundary}--\r\n".encode()
    return body, f"multipart/form-data; boundary={boundary}"


def ask(port: int, method: str, path: str, body: bytes = b"", kind: str = "text/plain") -> None:
    """Send a request; RuntimeError unless the answer is 200."""
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request(method, path, body, {"Content-Type": kind})
        answer = connection.getresponse()
        said = answer.read()
    finally:
        connection.close()
    if answer.status != 200:
        raise RuntimeError(f"{method} {path}: {answer.status} {said[:200]!r}")


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port

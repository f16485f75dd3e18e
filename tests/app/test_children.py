"""Children that start as copies of the server: as good as others, and they hold nothing of it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app.settings import ROOT
from tests.app.test_workers import all_gone, until

SERVER = """
import json, os, sys
from app.decoding import DecoderPool
from app.morphing import FINDER
from app.settings import ROOT
from tests.app.pictures import photo
from vae_core.errors import UnreadablePhotoError
from vae_core.imaging.photo import PhotoLimits

def say(value):
    print(json.dumps(value), flush=True)
    sys.stdin.readline()

def read():
    try:
        read = pool(photo(), None, PhotoLimits())
        return read.width, [face.species for face in pool.find(read)]
    except UnreadablePhotoError:
        return "killed"

with DecoderPool(2, 20.0, 300_000_000, 1_000_000, ROOT / "models" / FINDER) as pool:
    for decoder in pool.decoders:
        decoder.wait_until_ready()
    say([decoder.process.pid for decoder in pool.decoders])
    say([read() for _ in range(4)])
for decoder in pool.decoders:
    decoder.kill()  # by a thread that hears of the end late
"""


@pytest.fixture
def server():
    environ = os.environ | {"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", SERVER], env=environ, **pipes) as process:
        yield process
        process.kill()


def said(server):
    return json.loads(server.stdout.readline())


def go_on(server):
    server.stdin.write(b"\n")
    server.stdin.flush()


def test_copies_have_their_own_socket_and_memory_open_and_nothing_else(server):
    sockets = set()
    for pid in said(server):
        names = [str(path.readlink()) for path in Path(f"/proc/{pid}/fd").iterdir()]
        assert names.count(os.devnull) == 3
        memory, end = sorted(set(names) - {os.devnull})
        assert memory.startswith("/memfd:photo")
        assert end.startswith("socket:")
        sockets.add(end)
    assert len(sockets) == 2


def test_copies_that_die_are_replaced_and_all_end_with_the_pool(server):
    pids = said(server)
    os.kill(pids[0], signal.SIGKILL)
    go_on(server)
    told = said(server)
    assert told.count("killed") == 1
    assert told.count([120, []]) == 3
    go_on(server)
    assert server.wait(20) == 0
    assert all_gone(pids)


def test_copies_end_by_themselves_when_the_server_is_gone(server):
    pids = said(server)
    server.kill()
    server.wait()
    until(lambda: all_gone(pids))

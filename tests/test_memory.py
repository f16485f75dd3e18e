"""Freed memory is used again, and given back when that is asked for."""

import ctypes
import subprocess
import sys

import pytest

from vae_core import memory

PIECES = """
import resource
from concurrent.futures import ThreadPoolExecutor
import numpy as np
from app.memory import resident_memory
from vae_core.memory import give_memory_back, keep_freed_memory

keep_freed_memory()

def use():
    arrays = [np.ones(3 << 20, np.uint8) for _ in range(4)]
    del arrays
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

first = use()
for _ in range(20):
    with ThreadPoolExecutor(1) as thread:
        last = thread.submit(use).result()
before = resident_memory()
give_memory_back()
print(last - first, before - resident_memory())
"""


@pytest.mark.skipif(
    not hasattr(memory.library(), "mallopt"), reason="only glibc can be told what to keep"
)
def test_what_is_freed_costs_no_thread_new_pages_until_it_is_given_back():
    said = subprocess.run(
        [sys.executable, "-c", PIECES], capture_output=True, text=True, check=True, timeout=60
    )
    faults, given_back = map(int, said.stdout.split())
    assert faults < 20 * 4 * 768 / 100  # pages that the pieces have, 4 kB each
    assert given_back > 8 << 20


def test_elsewhere_nothing_is_done(monkeypatch):
    monkeypatch.setattr(ctypes, "CDLL", None)
    monkeypatch.setattr(sys, "platform", "darwin")
    memory.keep_freed_memory()
    memory.give_memory_back()

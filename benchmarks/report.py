"""Tables in Markdown, and the file that keeps them."""

import ctypes
import os
import platform
import re
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from vae_core.blas import openblas

ROOT = Path(__file__).resolve().parent.parent


def table(head: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def section(command: str, machine_line: str, body: str) -> str:
    """Put the command that made a table, and the machine that ran it, above the table."""
    return f"`{command}`\n\n{machine_line}\n\n{body}"


def write_section(path: Path, name: str, text: str) -> None:
    """Replace what stands between the markers of ``name``, or append it with its markers."""
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    block = f"{begin}\n{text}\n{end}"
    old = path.read_text(encoding="utf-8") if path.exists() else ""
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    new, found = pattern.subn(lambda _: block, old)
    path.write_text(new if found else f"{old}\n{block}\n".lstrip(), encoding="utf-8")


def machine() -> str:
    """Say what a table was measured on, and how busy that was."""
    cores = len(os.sched_getaffinity(0))
    return (
        f"{processor()}, {cores} cores, load {os.getloadavg()[0]:.1f} before the start; "
        f"{platform.system()}, Python {platform.python_version()}, NumPy {np.__version__} "
        f"with {blas()}; revision {revision()}."
    )


def processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = (line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def blas() -> str:
    """Name NumPy's BLAS, and which of its kernels this machine runs."""
    build: Any = np.show_config(mode="dicts")
    library = build["Build Dependencies"]["blas"]
    kernels = openblas_kernels()
    return f"{library['name']} {library['version']}{f', {kernels} kernels' if kernels else ''}"


def openblas_kernels() -> str:
    """Return for which processor the OpenBLAS in NumPy's wheel computes; "" if there is none."""
    library = openblas()
    if library is None:
        return ""
    name_of = library.scipy_openblas_get_corename64_
    name_of.restype = ctypes.c_char_p
    return str(name_of().decode())


def revision() -> str:
    """Return the commit, "+" appended when files differ from it."""
    command = ["git", "describe", "--always", "--dirty=+"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"

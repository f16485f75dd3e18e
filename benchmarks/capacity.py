"""Capacity on paper: cores, memory and money for a million morphs a day, from measured figures."""

import argparse
import os
from pathlib import Path

from benchmarks.cold_start import form
from benchmarks.load import SIDE, ask_often, cpu_seconds, serving, tree
from benchmarks.measure import rounded
from benchmarks.report import table

MORPHS = 40
A_DAY, DAY, HOURS_A_MONTH = 1_000_000, 86_400, 730

PEAK, BUSY = 3.0, 0.7
"""The busiest hour over the mean of a day; how busy cores are to be then. Assumptions."""

CORE_PRICE, GIGABYTE_PRICE = 0.035, 0.004
"""Dollars an hour that clouds take for a core and a gigabyte, about. Assumptions."""


def run(options: argparse.Namespace) -> str:
    cores = len(os.sched_getaffinity(0))
    with serving({}) as (port, pid):
        forms = [form(SIDE, SIDE)]
        ask_often(port, forms, 1, 60.0, 3)  # warm
        before = cpu_seconds(pid)
        done = ask_often(port, forms, cores, 600.0, MORPHS)
        work = (cpu_seconds(pid) - before) / len(done.served)
        memory = resident_bytes(pid)
    wanted = A_DAY * work / DAY * PEAK / BUSY
    held = wanted / cores * memory
    price = HOURS_A_MONTH * (wanted * CORE_PRICE + held / 1e9 * GIGABYTE_PRICE)
    rows = [
        ("work of a core for a morph with decoding, s (measured)", rounded(work)),
        (f"memory of a server of {cores} cores at work, MB (measured)", rounded(memory / 1e6)),
        ("morphs a day of a core that never rests", f"{DAY / work:,.0f}"),
        (f"cores, where a busy hour has {PEAK:g} times the mean, {BUSY:.0%} busy", rounded(wanted)),
        (f"servers of {cores} cores", rounded(wanted / cores)),
        ("memory, GB", rounded(held / 1e9)),
        (f"a month at ${CORE_PRICE} a core and ${GIGABYTE_PRICE} a GB an hour", f"${price:,.0f}"),
        ("a thousand morphs", f"${1000 * price / (A_DAY * HOURS_A_MONTH / 24):.4f}"),
    ]
    return table([f"{A_DAY:,} morphs a day of two 1-megapixel photos, default model", ""], rows)


def resident_bytes(pid: int) -> float:
    """Return the memory that a whole tree holds; what is shared counts once."""
    total = 0
    for each in tree(pid):
        lines = Path(f"/proc/{each}/smaps_rollup").read_text().splitlines()
        total += 1024 * int(next(line.split()[1] for line in lines if line.startswith("Pss:")))
    return total

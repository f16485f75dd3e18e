"""What it costs that photos are decoded, and faces found, in child processes."""

import argparse
from collections.abc import Callable
from dataclasses import replace

from app.decoding import DecoderPool
from app.morphing import FINDER, Morpher
from app.portraits import Portrait
from app.settings import Settings
from benchmarks.measure import Contender, interleave
from benchmarks.morph import CALLS, MODEL, SIDE, photos
from benchmarks.photos import landmarks
from benchmarks.report import ROOT, table
from vae_core.imaging.render import render_strip
from vae_core.memory import keep_freed_memory


def run(options: argparse.Namespace) -> str:
    if not MODEL.exists():
        return f"`{MODEL.relative_to(ROOT)}` is missing: `make train` makes it."
    rows = []
    for what, found in [("landmarks given", False), ("both faces looked for", True)]:
        if found and not (MODEL.parent / FINDER).exists():
            continue
        contenders = [
            Contender(f"{what}, decoded {where}", f"{__name__}:morphing", (found, guarded), 1)
            for where, guarded in [("in the server", False), ("in a child", True)]
        ]
        times = interleave(contenders, options.rounds, CALLS)
        rows += [[t.name, t, t.over(times[0])] for t in times]
    head = [f"a morph of two {SIDE} x {SIDE} JPEGs, 11 frames", "ms", "times (bar: 1.25)"]
    return table(head, rows)


def morphing(found: bool, guarded: bool) -> Callable[[], bytes]:
    """Return the way from two files to a PNG strip; the photos hold no face that is known."""
    keep_freed_memory()
    settings = Settings()
    morpher = Morpher.from_folder(MODEL.parent, MODEL.stem)
    if guarded:
        pool = DecoderPool.from_settings(settings, MODEL.parent / FINDER)
        morpher = replace(morpher, read=pool, finder=pool)
    marks = None if found else landmarks(SIDE, SIDE)
    friend, dog = photos()
    ends = (
        Portrait(friend, "person", marks, strict=False),
        Portrait(dog, "dog", marks, strict=False),
    )
    return lambda: render_strip(morpher.morph(*ends)[0].frames)

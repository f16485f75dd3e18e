"""A morph of two photos, over the time that decoding them takes anyhow."""

import argparse
import io
from collections.abc import Callable
from dataclasses import replace

from PIL import Image

from app.morphing import FINDER, Morpher
from app.portraits import Portrait
from benchmarks.measure import Contender, Times, interleave
from benchmarks.peak import at_peak, contender, morph_operations
from benchmarks.photos import draw_jpeg, landmarks
from benchmarks.report import ROOT, table
from vae_core.checkpoint import load_checkpoint
from vae_core.encoded import align_photo, encode_aligned
from vae_core.imaging.landmarks import Landmarks
from vae_core.imaging.photo import PhotoLimits, read_photo
from vae_core.imaging.render import render_strip
from vae_core.memory import keep_freed_memory
from vae_core.morph import Manner, morph

MODEL = ROOT / "models" / "classic.safetensors"
PARTS = {"classic": 11, "flagship": 17}
"""Models, and how many frames, of which the share without the photos is timed."""

SIDE = 1000
"""Pixels: a photo of one megapixel."""

CALLS = 20


def run(options: argparse.Namespace) -> str:
    if not MODEL.exists():
        return f"`{MODEL.relative_to(ROOT)}` is missing: `make train` makes it."
    contenders = [
        Contender("decode both JPEGs in full with Pillow", f"{__name__}:decoding", (), 1),
        Contender("morph, the photo's middle taken for the face", f"{__name__}:plain", (), 1),
        Contender("morph, landmarks given", f"{__name__}:placed", (), 1),
    ]
    if (MODEL.parent / FINDER).exists():
        contenders.append(Contender("morph, both faces looked for", f"{__name__}:found", (), 1))
    for name, steps in PARTS.items():
        if MODEL.with_stem(name).exists():
            what = f"{name}: encode, decode and render alone, {steps} frames"
            part = f"{__name__}:models_part"
            contenders += [
                Contender(what, part, (name, steps, 0.0), 1),
                Contender(f"{what}, detail carried over", part, (name, steps, 1.0), 1),
            ]
    contenders.append(contender(threads=1))
    *times, peak = interleave(contenders, options.rounds, CALLS)
    sizes = " and ".join(f"{len(photo) // 1000} kB" for photo in photos())
    head = [
        f"two {SIDE} x {SIDE} JPEGs of {sizes}, 11 frames",
        "ms",
        "times the decoding (bar: 1.5)",
    ]
    rows = [[t.name, t, t.over(times[0])] for t in times]
    rows += [
        [f"{name}: its products alone, at the rate of a {peak.name}", limit, ""]
        for name, steps in PARTS.items()
        if (limit := limit_of(name, steps, peak))
    ]
    return table(head, rows)


def limit_of(name: str, steps: int, peak: Times) -> str:
    """Return how long a model's products last at the machine's best, ms; "" without the model."""
    path = MODEL.with_stem(name)
    return at_peak(morph_operations(load_checkpoint(path), steps), peak) if path.exists() else ""


def photos() -> tuple[bytes, bytes]:
    return draw_jpeg(SIDE, SIDE, 1), draw_jpeg(SIDE, SIDE, 2)


def decoding() -> Callable[[], object]:
    both = photos()
    return lambda: [Image.open(io.BytesIO(photo)).load() for photo in both]


def plain() -> Callable[[], object]:
    return morphing(None)


def placed() -> Callable[[], object]:
    return morphing(landmarks(SIDE, SIDE))


def morphing(marks: Landmarks | None) -> Callable[[], bytes]:
    """Return the way from two files to a PNG strip, without the finder."""
    keep_freed_memory()
    whole = Morpher.from_folder(MODEL.parent, MODEL.stem, PhotoLimits())
    morpher = replace(whole, finder=None)
    friend, dog = photos()
    ends = Portrait(friend, "person", marks), Portrait(dog, "dog", marks)
    return lambda: render_strip(morpher.morph(*ends)[0].frames)


def found() -> Callable[[], bytes]:
    """Return the same with the finder at work on both photos, which hold no face that it knows."""
    keep_freed_memory()
    morpher = Morpher.from_folder(MODEL.parent, MODEL.stem, PhotoLimits())
    friend, dog = photos()
    ends = Portrait(friend, "person", strict=False), Portrait(dog, "dog", strict=False)
    return lambda: render_strip(morpher.morph(*ends)[0].frames)


def models_part(name: str, steps: int, detail: float) -> Callable[[], bytes]:
    """Return what is left of a request when both faces are read and aligned."""
    keep_freed_memory()
    checkpoint = load_checkpoint(MODEL.with_stem(name))
    marks = landmarks(SIDE, SIDE)
    read = [read_photo(data) for data in photos()]
    friend = align_photo(checkpoint, read[0], marks, "person")
    dog = align_photo(checkpoint, read[1], marks, "dog")
    manner = Manner(steps, detail=detail)

    def request() -> bytes:
        start, end = encode_aligned(checkpoint, friend, dog)
        return render_strip(morph(checkpoint, start, end, manner).frames)

    return request

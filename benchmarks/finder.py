"""The finder on photos it was not trained on, beside what a user would pick instead."""

import argparse
import importlib
import json
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageEnhance

from benchmarks.labels import by_eye, labels_table
from benchmarks.report import ROOT, table
from vae_core.finder.evaluation import (
    SHARES,
    TURNS,
    Annotated,
    annotated,
    box_of,
    invented,
    on_canvas,
    recall,
    views,
)
from vae_core.finder.faces import overlap
from vae_core.finder.find import Finder
from vae_core.imaging.photo import Photo, read_photo
from vae_core.memory import keep_freed_memory
from vae_core.types import Array

MODEL = ROOT / "models" / "finder.safetensors"
GROUPS = ROOT / "benchmarks" / "groups.json"
"""Test pictures of a kind, named by hand: which dogs are black, who wears glasses."""


def run(options: argparse.Namespace) -> str:
    if not (options.photos / "scenes.csv").exists():
        return f"{options.photos} holds no scenes.csv; `--photos` names the folder that does."
    keep_freed_memory()
    finder = Finder.from_file(MODEL)
    scenes = list(annotated(options.photos, "scenes.csv", "test"))
    more = list(annotated(options.photos, "scenes.csv", "validation"))
    people = [s for s in scenes if s.species == "person"]
    dogs = [s for s in scenes if s.species == "dog" and s.points is not None]
    heads = list(cut_out_heads(finder, options.photos))
    kinds = {"people": people, "dogs, roughly frontal": dogs, "dogs' heads, cut out": heads}
    tables = filter(
        None,
        [
            main_table(finder, scenes, people, dogs, more),
            labels_table(finder, people),
            size_and_turn_table(finder, kinds),
            group_table(finder, options.photos, people + dogs),
            rivals_table(finder, people, [s for s in scenes if s.species == "none"]),
            others_table(finder, options.others),
            cost_table(finder, options.rounds),
        ],
    )
    return "\n\n".join(tables)


def cut_out_heads(finder: Finder, photos: Path) -> Iterator[Annotated]:
    """Yield the dogs of the test split that have no photo around them: many more than have one."""
    for head in annotated(photos, "landmarks.csv", "test"):
        if head.species == "dog":
            yield replace(head, box=box_of(head, finder.boxes))


def main_table(
    finder: Finder,
    scenes: list[Annotated],
    people: list[Annotated],
    dogs: list[Annotated],
    more: list[Annotated],
) -> str:
    """Return the figures that have a bar. more: scenes that chose the threshold and no more."""
    frontal_more = [s for s in more if s.species == "dog" and s.points is not None]
    more_dogs, seen_otherwise = (
        recall(finder, frontal_more),
        recall(finder, chain.from_iterable(map(views, frontal_more))),
    )
    more_nothing = invented(finder, [s for s in more if s.species == "none"])
    marked = list(by_eye(people))
    precise = recall(finder, marked)
    everyone, frontal = recall(finder, people), recall(finder, dogs)
    all_dogs = recall(finder, [s for s in scenes if s.species == "dog"])
    nothing = invented(finder, [s for s in scenes if s.species == "none"])
    rows = [
        ["people found", everyone["pictures"], percent(everyone["found"]), "98 %"],
        ["dogs found, roughly frontal", frontal["pictures"], percent(frontal["found"]), "93 %"],
        ["the same, validation split", more_dogs["pictures"], percent(more_dogs["found"]), ""],
        [
            "the same, each turned four ways, its face in five sizes",
            seen_otherwise["pictures"],
            percent(seen_otherwise["found"]),
            "",
        ],
        ["all dogs found, turned away too", all_dogs["pictures"], percent(all_dogs["found"]), ""],
        ["landmark error, people", everyone["pictures"], f"{everyone['error']:.3f}", "0.05"],
        ["the same from marks by eye", len(marked), f"{precise['error']:.3f}", "0.05"],
        ["landmark error, dogs", frontal["pictures"], f"{frontal['error']:.3f}", "0.08"],
        ["faces invented", nothing["pictures"], percent(nothing["share"]), "under 2 %"],
        [
            "the same, validation split",
            more_nothing["pictures"],
            percent(more_nothing["share"]),
            "",
        ],
    ]
    return table(["scenes, test split", "pictures", "result", "bar"], rows)


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def size_and_turn_table(finder: Finder, kinds: dict[str, list[Annotated]]) -> str:
    changes: list[tuple[str, float, float]] = [
        *((f"face {100 * share:.0f} % of the short side", share, 0.0) for share in SHARES),
        *((f"turned by {turn} degrees", 0.4, float(turn)) for turn in (0, *TURNS)),
    ]
    rows: list[list[Any]] = [["pictures", *map(len, kinds.values())]]
    for name, share, turn in changes:
        results = [recall(finder, s, partial(changed, share, turn)) for s in kinds.values()]
        rows.append([name, *(percent(result["found"]) for result in results)])
    return table(["found, photo put on a canvas", *kinds], rows)


def changed(share: float, turn: float, scene: Annotated) -> Annotated:
    return on_canvas(scene, share, turn)


def others_table(finder: Finder, folder: Path | None) -> str:
    """Count the pictures of a folder in which a face is named; "" without a folder."""
    if folder is None:
        return ""
    paths = sorted(folder.iterdir())
    found = [(path.name, finder.find(read_photo(path.read_bytes()))) for path in paths]
    named = [f"{name} ({faces[0].species}, {faces[0].score:.2f})" for name, faces in found if faces]
    row = [len(paths), len(named), ", ".join(named)]
    return table(["pictures that no finder was trained on", "a face named", "where"], [row])


def relit(change: Callable[[Image.Image], Image.Image], scene: Annotated) -> Annotated:
    photo = Photo(change(scene.photo.image), scene.photo.width, scene.photo.height)
    return replace(scene, photo=photo)


def backlit(image: Image.Image) -> Image.Image:
    """Darken the middle and brighten what is around it, as a window behind a head does."""
    x = np.asarray(image, np.float32) / 255
    h, w = x.shape[:2]
    y0, x0 = np.mgrid[-1 : 1 : complex(0, h), -1 : 1 : complex(0, w)]
    gain = 0.3 + 1.2 * np.clip(np.hypot(x0, y0), 0, 1) ** 2
    return Image.fromarray((np.clip(x * gain[..., None], 0, 1) * 255).astype(np.uint8))


LIGHTS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "greyscale": lambda image: image.convert("L").convert("RGB"),
    "dark": lambda image: ImageEnhance.Brightness(image).enhance(0.3),
    "backlit": backlit,
}


def group_table(finder: Finder, photos: Path, scenes: list[Annotated]) -> str:
    rows = []
    for name, change in LIGHTS.items():
        result = recall(finder, scenes, partial(relit, change))
        rows.append([name, result["pictures"], percent(result["found"])])
    for name, members in named_groups(photos).items():
        result = recall(finder, members)
        rows.append([name, result["pictures"], percent(result["found"])])
    return table(["group", "pictures", "found"], rows)


def named_groups(photos: Path) -> dict[str, list[Annotated]]:
    """Read the pictures of groups.json; a name may stand in either table of the data."""
    known = {
        scene.file: scene
        for name in ("landmarks.csv", "scenes.csv")
        for scene in annotated(photos, name, "test")
    }
    groups = json.loads(GROUPS.read_text())
    return {name: [known[file] for file in files] for name, files in groups.items()}


def rivals_table(finder: Finder, people: list[Annotated], empty: list[Annotated]) -> str:
    """Compare on people: what is installed of dlib's and OpenCV's detectors."""
    rows = [["this finder", *ours(finder, people, empty)]]
    rows += [[name, *theirs(detect, people, empty)] for name, detect in rivals()]
    return table(["detector", "people found", "invented", "ms a photo"], rows)


def ours(finder: Finder, people: list[Annotated], empty: list[Annotated]) -> list[str]:
    start = time.perf_counter()
    result = recall(finder, people)
    each = 1000 * (time.perf_counter() - start) / len(people)
    return [percent(result["found"]), percent(invented(finder, empty)["share"]), f"{each:.0f}"]


Detector = Callable[[Array], Sequence[Sequence[float]]]
"""(H, W, 3) uint8 -> boxes as x0, y0, x1, y1."""


def rivals() -> Iterator[tuple[str, Detector]]:
    """Yield the detectors that are installed."""
    try:
        dlib: Any = importlib.import_module("dlib")
    except ImportError:
        pass
    else:
        detector = dlib.get_frontal_face_detector()
        yield (
            f"dlib {dlib.__version__}, frontal HOG, upsampled once",
            lambda x: [(r.left(), r.top(), r.right(), r.bottom()) for r in detector(x, 1)],
        )
    try:
        cv2: Any = importlib.import_module("cv2")
        cascade = cv2.CascadeClassifier(
            cv2.data.haarcascades + "haarcascade_frontalface_default.xml"
        )
    except (ImportError, AttributeError):
        return
    yield (
        f"OpenCV {cv2.__version__}, Haar cascade",
        lambda x: [
            (a, b, a + w, b + h)
            for a, b, w, h in cascade.detectMultiScale(cv2.cvtColor(x, cv2.COLOR_RGB2GRAY), 1.1, 5)
        ],
    )


def theirs(detect: Detector, people: list[Annotated], empty: list[Annotated]) -> list[str]:
    """Return the same measures for a detector that gives boxes only.

    Its boxes frame eyes to chin or more, so an overlap of 0.35 counts for it, not ours of 0.5.
    """
    start = time.perf_counter()
    found = [detect(np.asarray(s.photo.image)) for s in people]
    each = 1000 * (time.perf_counter() - start) / len(people)
    hits = [hit(s, boxes) for s, boxes in zip(people, found, strict=True)]
    wrong = [len(detect(np.asarray(s.photo.image))) > 0 for s in empty]
    return [percent(statistics.mean(hits)), percent(statistics.mean(wrong)), f"{each:.0f}"]


def hit(scene: Annotated, boxes: Sequence[Sequence[float]]) -> bool:
    assert scene.box is not None
    if not len(boxes):
        return False
    return bool((overlap(scene.box, np.array(boxes, float)) > 0.35).any())


def cost_table(finder: Finder, rounds: int) -> str:
    """Time one decoded 12-megapixel photo on one core, and weigh the file."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (30, 40, 3), np.uint8)
    photo = Photo(Image.fromarray(coarse).resize((4000, 3000)), 4000, 3000)
    finder.find(photo)
    times = []
    for _ in range(max(5, rounds)):
        start = time.perf_counter()
        finder.find(photo)
        times.append(1000 * (time.perf_counter() - start))
    rows = [
        ["12-megapixel photo, decoded, ms", f"{statistics.median(times):.0f}", "under 80"],
        ["network file, MB", f"{MODEL.stat().st_size / 1e6:.2f}", "under 3"],
    ]
    return table(["cost", "result", "bar"], rows)

"""Fetch pictures without people and dogs, for `compose --others`: `python animals.py WHICH DIR`.

WHICH is `animals`, such as are no dogs; `things`, those and whatever else there is; or `unseen`,
which no finder has been trained on, for `python -m benchmarks finder --others DIR`: animals on
farms, food, tools, monuments.

From packages of Debian, whose docs name the terms of each picture: tuxpaint-stamps-default
(cut-outs), gcompris-qt-data (photos), and for things openclipart-png (drawings), mate-backgrounds,
lomiri-wallpapers-16.04, lomiri-wallpapers-20.04 and plasma-workspace-wallpapers (photos). Needs
`apt-get` and `dpkg-deb`.
"""

import io
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

Image.MAX_IMAGE_PIXELS = None  # some drawings are refused by their size below, not by Pillow

PACKAGES = "tuxpaint-stamps-default", "gcompris-qt-data"
MORE_PACKAGES = (
    "openclipart-png",
    "mate-backgrounds",
    "lomiri-wallpapers-16.04",
    "lomiri-wallpapers-20.04",
    "plasma-workspace-wallpapers",
)

NOT_THESE = {"cartoon", "dogs"}
"""Folders of stamps that are left out."""

COLLECTIONS = "erase", "explore_world_animals"
"""Qt resource files of GCompris whose pictures show animals."""

UNSEEN = "categorization", "clickgame", "explore_farm_animals", "explore_monuments"
"""Those that are kept for measuring. Two of their pictures do show faces: a dog's, and statues'."""

WEBP = re.compile(rb"RIFF(....)WEBP", re.DOTALL)
"""How a picture in them begins, with the number of bytes that follow the first eight."""

STAMPS = "plants", "food", "household", "town", "vehicles", "clothes", "naturalforces"
"""Folders of stamps that show things."""

DRAWINGS = (
    *(f"animals/{kind}" for kind in ("bugs", "birds", "fish", "dinosaurs", "amphibian")),
    "plants",
    "food",
)
"""Folders of drawings that show neither people nor dogs."""

LARGEST_DRAWING = 4_000_000
"""Pixels; some have a hundred million."""

WALLPAPERS = "backgrounds", "wallpapers"
"""Folders of photos."""

WITH_SOMEBODY = "friends", "Wine", "screenshot", "Elephants_"
"""Words in the names of wallpapers that are left out."""

CUTS, SIDE = 8, 320
"""Square pieces of a wallpaper, and pixels along a side of them."""


def unpacked(folder: Path, packages: Iterable[str]) -> Path:
    """Download packages, unpack them in the folder, and return where their shared files are."""
    subprocess.run(["apt-get", "download", *packages], cwd=folder, check=True)
    for package in folder.glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", package, folder], check=True)
    return folder / "usr/share"


def stamps(shared: Path) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of every animal that is cut out."""
    root = shared / "tuxpaint/stamps/animals"
    for path in root.rglob("*.png"):
        if not NOT_THESE.intersection(path.parts):
            yield "-".join(path.relative_to(root).parts), path.read_bytes()


def photos(shared: Path, collections: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Yield a name and the bytes of every photo."""
    for name in collections:
        data = (shared / f"gcompris-qt/rcc/{name}.rcc").read_bytes()
        for k, found in enumerate(WEBP.finditer(data)):
            size = 8 + int.from_bytes(found[1], "little")
            yield f"{name}-{k}.webp", data[found.start() : found.start() + size]


def things(shared: Path) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of cut-outs and drawings of things, and of insects."""
    root = shared / "tuxpaint/stamps"
    for folder in (*STAMPS, "animals/insects"):
        for path in (root / folder).rglob("*.png"):
            if folder.startswith("animals") or "cartoon" not in path.parts:
                yield "stamp-" + "-".join(path.relative_to(root).parts), path.read_bytes()
    root = shared / "openclipart/png"
    for folder in DRAWINGS:
        for path in (root / folder).rglob("*.png"):
            with Image.open(path) as image:
                usable = image.width * image.height <= LARGEST_DRAWING and min(image.size) >= 24
            if usable:
                yield "clip-" + "-".join(path.relative_to(root).parts), path.read_bytes()


def wallpapers(shared: Path) -> Iterator[tuple[str, bytes]]:
    """Yield pieces of photos of landscapes, plants and insects, each photo in its largest size."""
    largest: dict[str, Path] = {}
    folders = (shared / name for name in WALLPAPERS)
    found = [path for folder in folders for path in folder.rglob("*.jp*g")]
    for path in sorted(found, key=lambda path: path.stat().st_size):
        if not any(word in path.name for word in WITH_SOMEBODY):
            largest[path.parts[-4] if path.parent.name == "images" else path.stem] = path
    rng = np.random.default_rng(5)
    for name, path in sorted(largest.items()):
        image = Image.open(path).convert("RGB")
        for k in range(CUTS):
            part = 1.0 if k == 0 else float(np.exp(rng.uniform(np.log(0.12), np.log(0.8))))
            side = int(min(image.size) * part)
            x, y = (int(rng.integers(0, size - side + 1)) for size in image.size)
            piece = image.crop((x, y, x + side, y + side))
            piece.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
            file = io.BytesIO()
            piece.save(file, "PNG")
            yield f"photo-{name}-{k}.png", file.getvalue()


def main(which: str, out: Path) -> None:
    """Write pictures to a folder, and say how many there are."""
    with TemporaryDirectory() as folder:
        more = MORE_PACKAGES if which == "things" else ()
        shared = unpacked(Path(folder), [*PACKAGES, *more])
        out.mkdir(parents=True, exist_ok=True)
        chosen = dict(photos(shared, UNSEEN if which == "unseen" else COLLECTIONS))
        if which != "unseen":
            chosen |= dict(stamps(shared))
        if which == "things":
            chosen |= dict([*things(shared), *wallpapers(shared)])
        for name, content in chosen.items():
            (out / name).write_bytes(content)
    print(f"{out}: {len(chosen)} pictures")


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("animals", "things", "unseen"):
        sys.exit(__doc__)
    main(sys.argv[1], Path(sys.argv[2]))

"""Fetch pictures of animals that are no dogs, for `compose --others`: `python animals.py DIR`.

`python animals.py DIR unseen` fetches those that no finder has been trained on, for
`python -m benchmarks finder --others DIR`: animals on farms, food, tools, monuments.

From two packages of Debian: tuxpaint-stamps-default (cut-outs) and gcompris-qt-data (photos); their
docs name the terms of each picture. Needs `apt-get` and `dpkg-deb`.
"""

import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

PACKAGES = "tuxpaint-stamps-default", "gcompris-qt-data"
NOT_THESE = {"cartoon", "dogs"}
"""Folders of stamps that are left out."""

COLLECTIONS = "erase", "explore_world_animals"
"""Qt resource files of GCompris whose pictures show animals."""

UNSEEN = "categorization", "clickgame", "explore_farm_animals", "explore_monuments"
"""Those that are kept for measuring. Two of their pictures do show faces: a dog's, and statues'."""

WEBP = re.compile(rb"RIFF(....)WEBP", re.DOTALL)
"""How a picture in them begins, with the number of bytes that follow the first eight."""


def unpacked(folder: Path) -> Path:
    """Download the packages, unpack them in the folder, and return where their shared files are."""
    subprocess.run(["apt-get", "download", *PACKAGES], cwd=folder, check=True)
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


def main(out: Path, unseen: bool) -> None:
    """Write those to train on or the unseen ones to a folder, and say how many there are."""
    with TemporaryDirectory() as folder:
        shared = unpacked(Path(folder))
        out.mkdir(parents=True, exist_ok=True)
        cut_out = [] if unseen else stamps(shared)
        animals = dict([*cut_out, *photos(shared, UNSEEN if unseen else COLLECTIONS)])
        for name, content in animals.items():
            (out / name).write_bytes(content)
    print(f"{out}: {len(animals)} pictures")


if __name__ == "__main__":
    folder, *which = sys.argv[1:]
    if which not in ([], ["unseen"]):
        sys.exit(__doc__)
    main(Path(folder), unseen=bool(which))

"""Fetch what earlier finders took for faces, for `compose --others`: `python others.py DIR`.

`others.csv` names pictures in packages of Debian 12, whose copyright files tell the terms of each,
and the part that was taken for a face, in lengths of the picture's longer side; all of it was
looked at, and shows no face. Pictures without a part go to DIR/whole. Some 220 packages, of which
no more than these pictures is kept: 6 GB, a quarter of an hour. Needs `apt-get` and `dpkg-deb`.
"""

import csv
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory

from animals import unpacked
from PIL import Image

SIDE = 288
"""Pixels along the longer side of what is kept."""


def main(out: Path) -> None:
    """Write the pictures, and say how many there are and which packages could not be had."""
    wanted: dict[str, list[dict[str, str]]] = defaultdict(list)
    with Path(__file__).with_name("others.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            wanted[row["package"]].append(row)
    (out / "whole").mkdir(parents=True, exist_ok=True)
    missing = [package for package, rows in wanted.items() if not fetch(package, rows, out)]
    count = sum(path.is_file() for path in out.rglob("others-*"))
    print(f"{out}: {count} pictures; packages not to be had: {', '.join(missing) or 'none'}.")


def fetch(package: str, rows: list[dict[str, str]], out: Path) -> bool:
    """Write a package's pictures; return whether it could be downloaded."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        try:
            unpacked(folder, [package])
        except subprocess.CalledProcessError:
            return False
        for number, row in enumerate(rows):
            picture = read(folder / row["file"])
            if row["left"]:
                side = max(picture.size)
                edges = (round(float(row[k]) * side) for k in ("left", "top", "right", "bottom"))
                picture = picture.crop(tuple(edges))
            picture.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
            picture.save((out if row["left"] else out / "whole") / f"others-{package}-{number}.png")
    return True


def read(path: Path) -> Image.Image:
    """Read a picture; grey where it is transparent."""
    with Image.open(path) as image:
        whole = image.convert("RGBA")
    canvas = Image.new("RGB", whole.size, (128, 128, 128))
    canvas.paste(whole, (0, 0), whole)
    return canvas


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))

"""``python -m benchmarks [NAME ...]``: measure, print the tables, and keep them in the docs."""

import argparse
import sys
from importlib import import_module
from pathlib import Path

from benchmarks.report import ROOT, machine, section, write_section

NAMES = (
    "training_step",
    "flagship_step",
    "gpu_step",
    "morph",
    "onnx_decode",
    "safety",
    "cold_start",
    "load",
    "growth",
    "processes",
    "capacity",
    "studio",
    "models",
    "faces",
    "finder",
    "lighting",
)
"""Modules of this package: ``run`` takes the options and returns Markdown."""

PERFORMANCE, SCALING = ROOT / "docs" / "performance.md", ROOT / "docs" / "scaling.md"
PAGES = {"processes": SCALING, "capacity": SCALING}
"""Where a table is kept that is not on the performance page."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"{', '.join(NAMES)}; all of them if left out"
    )
    parser.add_argument("--rounds", type=int, default=15, help="turns of each contender")
    parser.add_argument("--data", type=Path, default=ROOT / "prepared", help="prepared pictures")
    parser.add_argument(
        "--photos", type=Path, default=ROOT.parent / "shared" / "data", help="scenes.csv's folder"
    )
    parser.add_argument("--others", type=Path, help="pictures that `finder` counts faces in")
    parser.add_argument(
        "--seeds", type=int, default=0, help="`models` trains the digits' models so many times"
    )
    parser.add_argument("--seconds", type=float, default=60.0, help="`load` lasts")
    parser.add_argument("--out", type=Path, help="where tables are kept, instead of docs/")
    options = parser.parse_args()
    if unknown := set(options.names) - set(NAMES):
        parser.error(f"no benchmark is called {min(unknown)}; there are {', '.join(NAMES)}")
    given = [argument for argument in sys.argv[1:] if argument not in NAMES]
    for name in options.names or NAMES:
        before = machine()
        body = import_module(f"benchmarks.{name}").run(options)
        text = section(" ".join(["python -m benchmarks", name, *given]), before, body)
        print(f"## {name}\n\n{text}\n", flush=True)
        write_section(options.out or PAGES.get(name, PERFORMANCE), name, text)
    return 0


if __name__ == "__main__":
    sys.exit(main())

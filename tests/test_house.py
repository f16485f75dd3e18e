"""The rules of the house that no linter knows."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted(
    path
    for room in ("vae_core", "app", "tests", "benchmarks")
    for path in ROOT.glob(f"{room}/**/*.py")
)
SHIPPED = [path for path in MODULES if path.relative_to(ROOT).parts[0] in ("vae_core", "app")]
NAMELESS = {"utils", "util", "common", "helpers", "helper", "base", "manager", "misc"}
LONGEST = 300


def relative(path):
    return str(path.relative_to(ROOT))


def test_there_are_modules_to_look_at():
    assert len(SHIPPED) > 30


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_a_module_is_named_by_what_it_implements(path):
    assert not NAMELESS & {path.stem, *path.relative_to(ROOT).parts[:-1]}


@pytest.mark.parametrize("path", SHIPPED, ids=relative)
def test_a_module_that_grows_becomes_a_folder(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST

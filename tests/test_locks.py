"""Every package that is installed is pinned, with a hash of what it is."""

import re

import pytest

from app.settings import ROOT

LOCKS = sorted(ROOT.glob("requirements*.lock"))


def packages(lock):
    """Name, version and the lines that follow, of each package."""
    return re.findall(r"^([\w.-]+)==([^ ]+) .*\n((?:    .*\n)*)", lock.read_text(), re.MULTILINE)


def test_there_are_locks():
    assert len(LOCKS) == 3


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_package_has_a_version_and_hashes(lock):
    lines = [x for x in lock.read_text().splitlines() if x and x[0] not in " #"]
    found = packages(lock)
    assert len(found) == len(lines) > 20
    assert all("--hash=sha256:" in rest for _, _, rest in found)


def test_the_locks_agree():
    """A package may have several versions in a lock, for several versions of Python."""
    versions = {}
    for lock in LOCKS:
        of_lock = {}
        for name, version, _ in packages(lock):
            of_lock.setdefault(name, set()).add(version)
        for name, found in of_lock.items():
            assert versions.setdefault(name, found) == found, f"{name} in {lock.name}"

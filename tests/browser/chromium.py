"""The browser that drives the page: found, and started alike for tests, benchmarks and pictures."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

BROWSERS = ("chromium-headless-shell", "chromium", "google-chrome")
MISSING = "No browser to drive the page: apt-get install -y chromium-headless-shell"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find_browser() -> str | None:
    """Return the path of a Chromium, or None where there is none."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


@contextmanager
def chromium(more: Sequence[str] = ()) -> Iterator[Browser]:
    """Start a Chromium, with ``more`` flags; RuntimeError if there is none."""
    found = find_browser()
    if found is None:
        raise RuntimeError(MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=[*FLAGS, *more])
        yield browser
        browser.close()

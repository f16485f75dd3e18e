"""How long a visitor waits: from photos to the first frame, and while dragging the slider."""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page

from benchmarks.cold_start import free_port, wait_for
from benchmarks.measure import rounded, spread
from benchmarks.photos import decoded_jpeg
from benchmarks.report import ROOT, table
from tests.browser.chromium import chromium

SIZES = {"1 MP": (1000, 1000, 0.8), "12 MP": (4000, 3000, 1.5)}
"""Width, height, and the seconds in which a morph of two should be there."""

FRAME = 16.7
"""Milliseconds that a frame lasts at 60 a second."""

WAIT = """async () => {
  const ready = () => document.querySelector("#status").textContent === "The morph is ready.";
  const files = new DataTransfer();
  for (const file of document.querySelector("#photos").files) files.items.add(file);
  const begun = performance.now();
  const drop = { dataTransfer: files, bubbles: true, cancelable: true };
  document.body.dispatchEvent(new DragEvent("drop", drop));
  await new Promise((done, fail) => {
    const look = () => (ready() ? done() : setTimeout(look, 1));
    setTimeout(() => fail(new Error(document.querySelector("#morph").innerText)), 30000);
    look();
  });
  const faces = document.querySelectorAll(".card.found:not(.guessed)").length;
  if (faces !== 2) throw new Error(`${faces} faces were found`);
  const slider = document.querySelector(".frame");
  slider.value = 5;
  slider.dispatchEvent(new Event("input"));
  await new Promise(requestAnimationFrame);
  return performance.now() - begun;
}"""
"""Drops both photos at once, and returns when the slider has drawn a frame of their morph."""

DRAG = """async () => {
  const slider = document.querySelector(".frame");
  const raf = window.requestAnimationFrame;
  let spent = 0;
  const timed = (work) => (...args) => {
    const begun = performance.now();
    work(...args);
    spent += performance.now() - begun;
  };
  window.requestAnimationFrame = (work) => raf(timed(work));
  const frames = [];
  for (let i = 0; i < 120; i++) {
    await new Promise((done) => raf(done));
    frames.push(spent);
    spent = 0;
    slider.value = Math.round(5 + 5 * Math.sin(i / 7));
    timed(() => slider.dispatchEvent(new Event("input")))();
  }
  window.requestAnimationFrame = raf;
  return frames.slice(1);
}"""
"""Moves the slider in each of 120 frames; returns the milliseconds of scripting in each."""


def run(options: argparse.Namespace) -> str:
    rows: list[tuple[object, ...]] = []
    with tempfile.TemporaryDirectory() as folder, served() as address, chromium() as browser:
        for name, (width, height, bar) in SIZES.items():
            photos = []
            for which in ("friend", "dog"):
                photos.append(Path(folder, f"{which}-{width}.jpg"))
                photos[-1].write_bytes(decoded_jpeg(width, height, which))
            turns = [visit(browser, address, photos) for _ in range(options.rounds)]
            sizes = " and ".join(f"{path.stat().st_size / 1e6:.1f} MB" for path in photos)
            what = f"two JPEGs of {name} ({sizes}) dropped, to the first frame by the slider, s"
            rows.append((what, spread([t.seconds for t in turns]), f"under {bar}"))
        frames = sorted(ms for t in turns for ms in t.frames)
        half, worst = statistics.median(frames), frames[-1]
        dragged = f"{rounded(half)} (worst of {len(frames)} frames: {rounded(worst)})"
        rows.append(("scripting in a frame while dragging, ms", dragged, f"under {FRAME}"))
        requests = max(t.requests for t in turns)
        rows.append(("requests while dragging", requests, "0"))
    return table([f"{options.rounds} visits: median (smallest to largest)", "", "bar"], rows)


class Visit:
    """What a visit came to."""

    def __init__(self, seconds: float, frames: list[float], requests: int) -> None:
        self.seconds, self.frames, self.requests = seconds, frames, requests


def visit(browser: Browser, address: str, photos: list[Path]) -> Visit:
    """Give both photos, wait, and drag."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(address, wait_until="networkidle")
    hold(page, photos)
    seconds = page.evaluate(WAIT) / 1000
    page.wait_for_timeout(300)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    frames = page.evaluate(DRAG)
    context.close()
    return Visit(seconds, frames, len(asked))


def hold(page: Page, photos: list[Path]) -> None:
    """Bring the files into the browser, where the page knows nothing of them yet."""
    page.evaluate(
        """() => document.body.append(
          Object.assign(document.createElement("input"),
            { type: "file", id: "photos", multiple: true, hidden: true }))"""
    )
    page.set_input_files("#photos", photos)


@contextmanager
def served() -> Iterator[str]:
    """Run ``python -m app`` with the shipped models; yield its address."""
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "app"],
        cwd=ROOT,
        env=os.environ | {"PORT": str(port)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(server, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()

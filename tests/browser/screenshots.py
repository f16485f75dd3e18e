"""``python -m tests.browser.screenshots [FOLDER]``: the page with a morph on it, as people see it.

Both faces are drawn by the model: they are nobody's. Pictures go to docs/screens unless a folder is
named.
"""

import io
import sys
import tempfile
from itertools import product
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect

from app.settings import ROOT
from benchmarks.photos import decoded_jpeg
from tests.browser.chromium import chromium
from tests.browser.conftest import serve

WIDTHS = {390: 844, 1440: 900}
SCHEMES = ("light", "dark")
LARGEST = 150_000
OTHERS = ("explore", "digits", "how", "docs")


def main() -> int:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "screens"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temp:
        photos = [Path(temp, f"{which}.jpg") for which in ("friend", "dog")]
        for path in photos:
            path.write_bytes(decoded_jpeg(900, 1100, path.stem, busy=False))
        with serve("app", ROOT / "models", Path(temp), "") as address, chromium() as browser:
            for (width, height), scheme in product(WIDTHS.items(), SCHEMES):
                page = browser.new_page(
                    viewport={"width": width, "height": height},
                    color_scheme=scheme,
                    reduced_motion="reduce",
                )
                show_morph(page, address, photos)
                keep(page, folder / f"morph-{width}-{scheme}.webp")
                for name in OTHERS if len(sys.argv) > 1 else ():
                    page.goto(f"{address}/{name}", wait_until="networkidle")
                    keep(page, folder / f"{name}-{width}-{scheme}.webp")
                page.close()
    return 0


def show_morph(page: Page, address: str, photos: list[Path]) -> None:
    """Give both photos, and go to a frame in the middle."""
    page.goto(address)
    for path in photos:
        page.set_input_files(f"#{path.stem}", path)
    expect(page.locator("#status")).to_have_text("The morph is ready.")
    slider = page.get_by_role("slider", name="From friend to dog")
    for _ in range(7):
        slider.press("ArrowRight")
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    page.wait_for_timeout(500)


def keep(page: Page, path: Path) -> None:
    """Save the whole page, as small as it must be."""
    page.screenshot(path=path.with_suffix(".png"), full_page=True)
    picture = Image.open(io.BytesIO(path.with_suffix(".png").read_bytes())).convert("RGB")
    path.with_suffix(".png").unlink()
    for quality in (85, 70, 50, 30):
        picture.save(path, "WEBP", quality=quality, method=6)
        if path.stat().st_size < LARGEST:
            break
    print(f"{path.name}: {picture.width} x {picture.height}, {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    sys.exit(main())

"""The planes of the released digit models, and the page that tells how it all works."""

import pytest
from playwright.sync_api import expect

from app.settings import ROOT
from tests.browser.conftest import Visit, serve
from tests.browser.test_access import violations
from tests.browser.test_page import PIXELS

SIZES = ("responseBodySize", "responseHeadersSize")


@pytest.fixture(scope="module")
def real_server(uploads_folder):
    """The address of a server over the released models."""
    with serve("app", ROOT / "models", uploads_folder, "classic") as address:
        yield address


@pytest.fixture
def real_visit(browser, real_server):
    visitor = Visit(browser, real_server, reduced_motion="reduce")
    yield visitor
    visitor.check()
    visitor.context.close()


@pytest.fixture
def plane(real_visit):
    page = real_visit.page
    page.goto(f"{real_visit.address}/digits")
    plane = page.locator(".plane[data-model=mnist]")
    expect(plane).to_have_attribute("data-line", "11")
    return plane


def test_what_is_under_the_pointer_is_decoded(real_visit, plane):
    here, field = plane.locator(".here"), plane.locator(".field canvas")
    box = field.bounding_box()
    seen = set()
    for x, y in ((0.1, 0.15), (0.8, 0.7), (0.55, 0.2)):
        field.hover(position={"x": box["width"] * x, "y": box["height"] * y})
        left, right, bottom, top = -9.715, 14.937, -15.948, 8.938
        at = left + x * (right - left), top + y * (bottom - top)
        real_visit.page.wait_for_function(
            """([x, y]) => {
              const shown = document.querySelector("[data-model=mnist]").dataset.shown ?? "";
              const [a, b] = shown.split(",").map(Number);
              return Math.abs(a - x) < 0.2 && Math.abs(b - y) < 0.2;
            }""",
            arg=at,
        )
        seen.add(here.evaluate(PIXELS))
    assert len(seen) == 3


def test_a_line_is_drawn_by_hand_and_by_keys(real_visit, plane):
    page, strip = real_visit.page, plane.locator(".line-strip")
    strips = [strip.evaluate(PIXELS)]
    field = plane.locator(".field canvas")
    field.scroll_into_view_if_needed()
    box = field.bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 20, box["y"] + 100, steps=5)
    page.mouse.up()
    page.wait_for_function(CHANGED, arg=strips[-1])
    strips.append(strip.evaluate(PIXELS))
    field.press("Enter")
    for _ in range(12):
        field.press("ArrowDown")
    field.press("Enter")
    page.wait_for_function(CHANGED, arg=strips[-1])


CHANGED = (
    "before => document.querySelector('[data-model=mnist] .line-strip').toDataURL() !== before"
)


def test_dots_give_way_to_digits(plane):
    field = plane.locator(".field canvas")
    dots = field.evaluate(PIXELS)
    plane.get_by_role("button", name="Show the digits").click()
    assert field.evaluate(PIXELS) != dots


@pytest.mark.parametrize("path", ["/digits", "/how"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_wrong_here(real_visit, path, scheme):
    page = real_visit.page
    page.emulate_media(color_scheme=scheme)
    page.goto(real_visit.address + path)
    if path == "/digits":
        expect(page.locator("[data-line='11']")).to_have_count(2)
    assert violations(page) == []


@pytest.mark.parametrize("path", ["/", "/digits", "/how", "/explore"])
def test_every_page_fits_the_smallest_screen(real_visit, path):
    page = real_visit.page
    page.set_viewport_size({"width": 360, "height": 700})
    page.goto(real_visit.address + path)
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_the_first_view_is_light(real_visit):
    """Under 150 kB as it travels, without the picture, and none of it from anywhere else."""
    page = real_visit.page
    answers = []
    page.on("requestfinished", lambda request: answers.append(request))
    page.goto(real_visit.address, wait_until="networkidle")
    sizes = {r.url: sum(r.sizes()[k] for k in SIZES) for r in answers}
    assert len(sizes) > 15
    assert any(url.endswith("/example.webp") for url in sizes)
    assert sum(size for url, size in sizes.items() if "example" not in url) < 150_000


def test_what_was_seen_once_is_not_asked_for_again(real_visit):
    """On a busy machine a browser may not have put everything by at the second visit."""
    page, asked = real_visit.page, []
    page.goto(real_visit.address, wait_until="networkidle")
    assert min(page.evaluate(ASSETS).values()) > 0
    for _ in range(3):
        page.goto(f"{real_visit.address}/how")
        page.goto(real_visit.address, wait_until="networkidle")
        asked.append(set(page.evaluate(ASSETS).values()))
    assert {0} in asked


ASSETS = """() => {
  const bytes = {};
  for (const { name, transferSize } of performance.getEntriesByType("resource")) {
    if (name.includes("/static/")) bytes[name] = Math.max(bytes[name] ?? 0, transferSize);
  }
  return bytes;
}"""
"""What came over the network for every asset; two workers share a script."""

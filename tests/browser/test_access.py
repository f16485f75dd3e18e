"""Every page can be used by everybody: axe-core finds nothing, in either colour scheme."""

from importlib.resources import files

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_page import choose, morph

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
PAGES = ["/", "/explore", "/docs", "/lost"]


def violations(page: Page) -> list[str]:
    """What axe-core objects to, with the elements that it objects to."""
    page.evaluate(AXE)  # from outside: the page's own policy forbids scripts of others
    found = page.evaluate("axe.run()")["violations"]
    return [f"{v['id']}: {node['html'][:120]}" for v in found for node in v["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_wrong(visit, path, scheme):
    page = visit.page
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.goto(visit.address + path)
    for more in page.locator("summary").all():
        more.click()
    assert violations(page) == []
    visit.complaints.clear()  # of a page that is not there


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_wrong_with_a_morph(finding_visit, scheme):
    page = finding_visit.page
    page.emulate_media(color_scheme=scheme)
    page.goto(finding_visit.address)
    page.get_by_text("More", exact=True).click()
    page.get_by_label("Imagined by").select_option("colour")
    choose(page)
    morph(page)
    expect(page.locator(".likeness")).to_have_count(2)
    page.get_by_role("button", name="Compare").click()
    assert violations(page) == []


def test_axe_sees_what_is_wrong(visit):
    page = visit.page
    page.goto(visit.address)
    page.evaluate("document.querySelector('.play').removeAttribute('aria-label')")
    assert any("button-name" in found for found in violations(page))

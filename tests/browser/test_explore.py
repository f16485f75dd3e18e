"""Wandering through latent space: every slider is decoded before it is touched."""

import pytest
from playwright.sync_api import expect

from tests.app.pictures import photo
from tests.browser.test_page import PIXELS, choose, morph

FACE = {"name": "f.jpg", "mimeType": "image/jpeg", "buffer": photo()}


@pytest.fixture
def explorer(visit):
    page = visit.page
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"{visit.address}/explore")
    decoded(page, 1)
    return page


def decoded(page, times):
    expect(page.locator("#explorer")).to_have_attribute("data-ready", str(times))


def test_a_slider_shows_where_it_leads_and_asks_only_when_let_go(visit, explorer):
    assert explorer.locator(".way").count() == 6  # towards dogs, and five latents
    face = explorer.locator("#face")
    ends = explorer.locator(".way").nth(1).locator("canvas")
    assert ends.first.evaluate(PIXELS) != ends.last.evaluate(PIXELS)
    before, pictures = len(visit.requests), {face.evaluate(PIXELS)}
    box = explorer.locator(".way input").nth(1).bounding_box()
    middle = box["y"] + box["height"] / 2
    explorer.mouse.move(box["x"] + box["width"] / 2, middle)
    explorer.mouse.down()
    for share in (0.6, 0.8, 0.95):
        explorer.mouse.move(box["x"] + box["width"] * share, middle, steps=4)
        pictures.add(face.evaluate(PIXELS))
    assert len(pictures) == 4
    assert visit.requests[before:] == []
    explorer.mouse.up()
    decoded(explorer, 2)
    asked = [url for url in visit.requests[before:] if url.startswith("http")]
    assert asked == [f"{visit.address}/api/v1/decode"]


def test_the_way_back_leads_home(explorer):
    face = explorer.locator("#face")
    home = face.evaluate(PIXELS)
    explorer.locator(".way input").first.press("ArrowRight")
    decoded(explorer, 2)
    assert face.evaluate(PIXELS) != home
    explorer.get_by_role("button", name="Back to where").click()
    decoded(explorer, 3)
    assert face.evaluate(PIXELS) == home


def test_others_are_drawn_and_a_photo_can_be_set_out_from(explorer):
    face = explorer.locator("#face")
    seen = {face.evaluate(PIXELS)}
    for times, name in enumerate(("Another person", "Another dog", "Anything at all"), 2):
        explorer.get_by_role("button", name=name).click()
        decoded(explorer, times)
        seen.add(face.evaluate(PIXELS))
    explorer.set_input_files("[type=file]", FACE)
    decoded(explorer, 5)
    expect(explorer.get_by_role("heading", name="Your friend")).to_be_visible()
    assert len(seen | {face.evaluate(PIXELS)}) == 5


def test_a_photo_that_is_none_is_refused_in_words(visit, explorer):
    explorer.set_input_files("[type=file]", FACE | {"buffer": b"Dear Sir or Madam, hello."})
    expect(explorer.locator(".said")).to_contain_text("not a picture")
    visit.complaints.clear()


def test_a_stroll_goes_on_until_it_is_stopped(explorer):
    face = explorer.locator("#face")
    before = face.evaluate(PIXELS)
    stroll = explorer.get_by_role("button", name="Stroll")
    stroll.click()
    explorer.wait_for_function(
        "before => document.querySelector('#face').toDataURL() !== before", arg=before
    )
    stroll.click()
    expect(explorer.get_by_role("heading", name="Somewhere between them")).to_be_visible()
    expect(stroll).to_have_attribute("aria-pressed", "false")


def test_a_morph_leads_to_the_sliders_of_its_friend(visit):
    page = visit.page
    page.goto(visit.address)
    page.get_by_text("More", exact=True).click()
    page.get_by_label("Imagined by").select_option("colour")
    choose(page)
    morph(page)
    page.get_by_role("link", name="Explore this face").click()
    expect(page.get_by_role("heading", name="Your friend")).to_be_visible()
    decoded(page, 1)

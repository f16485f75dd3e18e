"""The journey of a visitor, in a real browser."""

import re
import time

import pytest
from playwright.sync_api import Page, Route, expect

from tests.app.pictures import dog_photo, photo

FRIEND = {"name": "friend.jpg", "mimeType": "image/jpeg", "buffer": photo()}
DOG = {"name": "dog.jpg", "mimeType": "image/jpeg", "buffer": dog_photo()}
LETTER = {"name": "letter.jpg", "mimeType": "image/jpeg", "buffer": b"Dear Sir or Madam, hello."}

PIXELS = "canvas => canvas.toDataURL()"


def choose(page: Page, friend=FRIEND, dog=DOG) -> None:
    page.set_input_files("#friend", friend)
    page.set_input_files("#dog", dog)


def morph(page: Page) -> None:
    page.get_by_role("button", name="Morph", exact=True).click()


def rest(page: Page) -> None:
    """Wait until the picture has come to the frame that the slider is at."""
    page.wait_for_timeout(300)


def test_two_photos_become_a_morph_that_the_slider_scrubs(visit):
    page = visit.page
    page.emulate_media(reduced_motion="reduce")
    page.goto(visit.address)
    choose(page)
    expect(page.locator(".preview")).to_have_count(2)
    expect(page.locator(".preview").first).to_be_visible()
    morph(page)
    expect(page.get_by_role("heading", name="From friend to dog")).to_be_focused()
    expect(page.locator("#status")).to_have_text("The morph is ready.")
    expect(page.locator(".likeness")).to_have_count(2)
    strip = page.locator(".strip")
    assert strip.evaluate("s => [s.naturalWidth, s.naturalHeight]") == [11 * 256, 256]

    before = len(visit.requests)
    slider, canvas = page.locator(".frame"), page.locator(".stage canvas")
    frames = [canvas.evaluate(PIXELS)]
    for _ in range(10):
        slider.press("ArrowRight")
        frames.append(canvas.evaluate(PIXELS))
    expect(canvas).to_have_attribute("aria-label", "Frame 11 of 11")
    assert len(set(frames)) == 11

    box = slider.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] - 12, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, middle, steps=5)
    expect(canvas).to_have_attribute("aria-label", "Frame 6 of 11")
    assert canvas.evaluate(PIXELS) == frames[5]
    page.mouse.move(box["x"], middle, steps=5)
    page.mouse.up()
    assert canvas.evaluate(PIXELS) == frames[0]
    assert visit.requests[before:] == []


def test_a_new_morph_plays_once_and_rests_at_the_dog(visit):
    page = visit.page
    page.goto(visit.address)
    choose(page)
    morph(page)
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    expect(page.locator(".stage canvas")).to_have_attribute("aria-label", "Frame 11 of 11")


def test_taking_the_slider_stops_what_plays(visit):
    page = visit.page
    page.goto(visit.address)
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.locator(".frame").press("Home")
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    expect(page.locator(".stage canvas")).to_have_attribute("aria-label", "Frame 1 of 11")


def test_the_example_can_be_scrubbed_before_any_photo_is_given(visit):
    page = visit.page
    page.goto(visit.address)
    canvas = page.locator(".stage canvas")
    expect(canvas).to_have_attribute("aria-label", "Frame 6 of 11")
    middle = canvas.evaluate(PIXELS)
    page.locator(".frame").press("End")
    expect(canvas).to_have_attribute("aria-label", "Frame 11 of 11")
    rest(page)
    assert canvas.evaluate(PIXELS) != middle


def test_a_click_on_the_strip_shows_that_frame(visit):
    page = visit.page
    page.goto(visit.address)
    strip = page.locator(".strip")
    box = strip.bounding_box()
    strip.click(position={"x": box["width"] * 2.5 / 11, "y": box["height"] / 2})
    expect(page.locator(".stage canvas")).to_have_attribute("aria-label", "Frame 3 of 11")


def test_a_refusal_stands_beside_its_photo_and_the_next_try_works(visit):
    page = visit.page
    page.goto(visit.address)
    choose(page, dog=LETTER)
    expect(page.locator("#dog-error")).to_contain_text("text, not a picture")
    morph(page)
    expect(page.locator("#dog-error")).to_contain_text("The dog's photo")
    expect(page.locator("#friend-error")).to_be_empty()
    expect(page.locator("#dog")).to_be_focused()
    page.set_input_files("#dog", DOG)
    expect(page.locator("#dog-error")).to_be_empty()
    morph(page)
    expect(page.locator(".likeness")).to_have_count(2)
    assert all("415" in refused for refused in visit.complaints)
    visit.complaints.clear()  # the browser's own notes of the refused requests


def test_a_missing_photo_is_asked_for_before_anything_is_sent(visit):
    page = visit.page
    page.goto(visit.address)
    page.set_input_files("#friend", FRIEND)
    expect(page.locator(".pin").first).to_be_visible()
    before = len(visit.requests)
    morph(page)
    expect(page.locator("#dog")).to_be_focused()
    assert [url for url in visit.requests[before:] if url.startswith("http")] == []


def test_photos_are_taken_from_the_clipboard(visit):
    page = visit.page
    page.goto(visit.address)
    for _ in range(2):
        page.evaluate(
            """bytes => {
              const clipboardData = new DataTransfer();
              const file = new File([new Uint8Array(bytes)], "pasted.jpg", {type: "image/jpeg"});
              clipboardData.items.add(file);
              dispatchEvent(new ClipboardEvent("paste", {clipboardData}));
            }""",
            list(photo()),
        )
    expect(page.locator(".card.shown")).to_have_count(2)


def test_every_download_is_the_file_that_it_says(visit):
    page = visit.page
    page.goto(visit.address)
    choose(page)
    morph(page)
    starts = {
        "Strip": b"\x89PNG",
        "GIF": b"GIF8",
        "WebP": b"RIFF",
        "Frames": b"PK",
        "This frame": b"\x89PNG",
    }
    for name in starts:
        with page.expect_download() as download:
            page.get_by_role("button", name=name, exact=True).click()
        name_of_file = r"(friend-to-dog|frame-\d+)\.(png|gif|webp|zip)"
        assert re.fullmatch(name_of_file, download.value.suggested_filename)
        assert download.value.path().read_bytes().startswith(starts[name])


def test_without_javascript_the_form_does_it_all(visit_without_script):
    page = visit_without_script.page
    page.goto(visit_without_script.address)
    choose(page)
    morph(page)
    expect(page.get_by_role("heading", name="From friend to dog")).to_be_visible()
    expect(page.locator(".strip")).to_have_js_property("naturalWidth", 11 * 256)
    expect(page.locator(".stage img")).to_be_visible()
    expect(page.locator(".frame")).to_be_hidden()


def test_without_javascript_a_refusal_is_read_beside_its_photo(visit_without_script):
    page = visit_without_script.page
    page.goto(visit_without_script.address)
    choose(page, friend=LETTER)
    morph(page)
    expect(page.locator("#friend-error")).to_contain_text("text, not a picture")
    visit_without_script.complaints.clear()


@pytest.mark.parametrize("width", [360, 390, 768, 1440])
def test_the_page_fits_every_screen(visit, width):
    page = visit.page
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(visit.address)
    choose(page)
    morph(page)
    expect(page.locator(".likeness")).to_have_count(2)
    expect(page.locator(".stage canvas")).to_be_in_viewport(ratio=0.95)
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_the_documentation_leads_to_every_operation_and_needs_no_script(visit_without_script):
    page = visit_without_script.page
    page.goto(f"{visit_without_script.address}/docs")
    page.get_by_role("navigation", name="Operations").get_by_role("link", name="samples").click()
    expect(page.get_by_role("heading", name="/api/v1/samples")).to_be_in_viewport()


def test_nothing_that_was_sent_is_left_behind(visit, uploads_folder):
    large = {
        "name": "large.png",
        "mimeType": "image/png",
        "buffer": photo("PNG") + bytes(3_000_000),
    }
    page = visit.page
    page.goto(visit.address)
    choose(page, friend=large)
    morph(page)
    expect(page.locator(".likeness")).to_have_count(2)
    assert list(uploads_folder.iterdir()) == []


def test_without_javascript_the_options_are_asked_for_and_kept(visit_without_script):
    page = visit_without_script.page
    page.goto(visit_without_script.address)
    page.get_by_text("More", exact=True).click()
    page.locator("[name=steps]").select_option("25")
    page.locator("[name=model]").select_option("colour")
    page.locator("[name=size]").select_option("")
    choose(page)
    morph(page)
    expect(page.locator(".strip")).to_have_js_property("naturalWidth", 25 * 16)
    assert page.locator("[name=steps]").input_value() == "25"
    page.get_by_role("link", name="Link", exact=True).click()
    expect(page.get_by_role("heading", name="Someone made this for you")).to_be_visible()
    expect(page.locator(".stage img")).to_be_visible()


def test_a_server_without_a_free_place_is_asked_again_when_it_says(visit):
    page, refused = visit.page, []

    def full_once(route):
        if refused:
            return route.continue_()
        refused.append(route.request.url)
        return route.fulfill(status=429, headers={"Retry-After": "1"}, json={})

    page.goto(visit.address)
    choose(page)
    expect(page.locator(".card.found")).to_have_count(2)
    page.route("**/?files=later*", full_once)
    morph(page)
    expect(page.locator(".likeness")).to_have_count(2)
    assert len(refused) == 1
    visit.complaints.clear()  # the browser's own note of the refusal


def test_a_server_that_is_gone_for_a_while_costs_nothing_but_the_while(visit):
    page = visit.page
    page.goto(visit.address)
    choose(page)
    expect(page.locator(".card.found")).to_have_count(2)
    page.route("**/?files=later*", lambda route: route.abort("connectionrefused"))
    morph(page)
    expect(page.locator("#form-error")).to_contain_text("could not be reached")
    page.unroute("**/?files=later*")
    morph(page)
    expect(page.locator(".likeness")).to_have_count(2)
    expect(page.locator("#form-error")).to_be_empty()
    visit.complaints.clear()  # the browser's own notes of the failed requests


def test_dragging_takes_less_than_a_frame_of_scripting(visit):
    page = visit.page
    page.goto(visit.address)
    expect(page.locator(".stage canvas")).to_be_visible()
    taken = page.evaluate(
        """() => {
          const slider = document.querySelector(".frame"), taken = [];
          for (let i = 0; i < 100; i++) {
            slider.value = i % 11;
            const begun = performance.now();
            slider.dispatchEvent(new Event("input"));
            taken.push(performance.now() - begun);
          }
          return taken.sort((a, b) => a - b)[90];
        }"""
    )
    assert taken < 16.7  # milliseconds, nine times in ten


def answer_late(route: Route) -> None:
    """Pass an answer on when its stages have had the time to be told."""
    answer = route.fetch()
    time.sleep(1)
    route.fulfill(response=answer)


def test_the_stages_are_shown_as_the_server_goes_through_them(visit):
    page = visit.page
    page.add_init_script(
        """addEventListener("DOMContentLoaded", () => {
          window.stages = [];
          const status = document.querySelector("#status");
          new MutationObserver(() => stages.push(status.textContent)).observe(
            status, { childList: true });
        });"""
    )
    page.goto(visit.address)
    choose(page)
    page.locator("details.more summary").click()
    page.locator("[name=steps]").select_option("64")
    order = ["Reading a photo…", "Encoding both faces…", "Drawing the faces"]
    page.route("**/*files=later*", answer_late)
    morph(page)
    expect(page.locator("#status")).to_have_text("The morph is ready.")
    stages = page.evaluate("stages")
    places = [next((i for i, s in enumerate(stages) if s.startswith(o)), -1) for o in order]
    assert -1 not in places
    assert places == sorted(places)

"""What the page asks about besides two photos, and what can be done with the frames."""

import itertools

import pytest
from playwright.sync_api import Page, expect

from tests.app.pictures import photo
from tests.browser.test_page import DOG, PIXELS, choose, morph, rest

FACE = photo()

SENT = """
window.sent = [];
const send = window.fetch;
window.fetch = (url, options = {}) => {
  if (options.body instanceof FormData) {
    const text = ([name, value]) => [name, value instanceof File ? value.name : value];
    sent.push(Object.fromEntries([...options.body].map(text)));
  }
  return send(url, options);
};
"""


def open_page(visit, model: str = "faces") -> Page:
    """The page with another model, whose dogs are known if it is the colour one."""
    page = visit.page
    page.emulate_media(reduced_motion="reduce")
    page.add_init_script(SENT)
    page.goto(visit.address)
    page.get_by_text("More", exact=True).click()
    page.get_by_label("Imagined by").select_option(model)
    return page


def ready(page: Page) -> dict:
    """Wait for the morph; what was sent for it."""
    expect(page.locator("#status")).to_have_text("The morph is ready.")
    expect(page.locator("#morph")).not_to_have_attribute("aria-busy", "true")
    return page.evaluate("sent.at(-1)")


def strip_size(page: Page) -> list[int]:
    strip = page.locator(".strip")
    return strip.evaluate("async s => (await s.decode(), [s.naturalWidth, s.naturalHeight])")


def test_what_is_chosen_under_more_is_what_is_made(visit):
    page = open_page(visit)
    page.locator("[name=steps]").select_option("25")
    page.locator("[name=walk]").select_option("even")
    page.get_by_label("Start and stop").select_option("smooth")
    page.get_by_label("Size").select_option("256")
    page.get_by_label("Detail of your photos").fill("0.5")
    choose(page)
    morph(page)
    sent = ready(page)
    assert [sent[name] for name in ("walk", "easing", "detail")] == ["even", "smooth", "0.5"]
    assert strip_size(page) == [25 * 256, 256]


def test_another_choice_is_made_at_once_from_the_same_photos(visit):
    page = open_page(visit)
    choose(page)
    morph(page)
    ready(page)
    page.get_by_label("whole photo").check()
    expect(page.locator(".strip")).not_to_have_js_property("naturalWidth", 11 * 256)
    assert ready(page)["whole_photo"] == "true"
    width, height = strip_size(page)
    assert width / 11 == pytest.approx(height)
    assert height > 256


def test_how_it_plays_is_not_asked_of_the_server(visit):
    page = open_page(visit)
    before = len(visit.requests)
    page.get_by_label("Direction").select_option("false")
    page.get_by_label("Speed").select_option("24")
    page.get_by_role("slider", name="From friend to dog").press("Home")
    seen = page.evaluate(
        """async () => {
          const slider = document.querySelector(".frame"), seen = [];
          document.querySelector(".play").click();
          const end = performance.now() + 1500;
          while (performance.now() < end) {
            if (seen.at(-1) !== slider.valueAsNumber) seen.push(slider.valueAsNumber);
            await new Promise(requestAnimationFrame);
          }
          return seen;
        }"""
    )
    turns = [(a, b) for a, b in itertools.pairwise(seen) if b < a]
    assert len(turns) >= 2
    assert all(a > 6 and b < 4 for a, b in turns)  # from the end to the beginning, never back
    assert visit.requests[before:] == []


def test_the_keys_scrub_and_play_wherever_the_result_is_read(visit):
    page = open_page(visit)
    choose(page)
    morph(page)
    ready(page)
    canvas = page.locator(".stage canvas")
    for key, frame in (("End", 11), ("ArrowLeft", 10), ("Home", 1), ("ArrowRight", 2)):
        page.keyboard.press(key)
        expect(canvas).to_have_attribute("aria-label", f"Frame {frame} of 11")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Play")).to_be_visible()


def test_two_frames_are_compared_across_a_seam(visit):
    page = open_page(visit)
    slider = page.get_by_role("slider", name="From friend to dog")
    canvas = page.locator(".stage canvas")
    slider.press("Home")
    first = canvas.evaluate(PIXELS)
    slider.press("End")
    last = canvas.evaluate(PIXELS)
    slider.press("Home")
    page.get_by_role("button", name="Compare").click()
    expect(page.locator(".compared")).to_have_text("Frame 1 on the left, frame 11 on the right")
    seam = page.get_by_role("slider", name="Where the two frames meet")
    column = """(canvas, [url, x]) => new Promise(done => {
      const image = new Image();
      image.onload = () => {
        const at = Math.round(x * canvas.width);
        const read = picture => {
          const {width, height} = canvas;
          const copy = Object.assign(document.createElement("canvas"), {width, height});
          const context = copy.getContext("2d", {willReadFrequently: true});
          context.drawImage(picture, 0, 0);
          return context.getImageData(at, 0, 1, height).data;
        };
        const [a, b] = [canvas, image].map(read);
        done(a.every((v, i) => v === b[i]));
      };
      image.src = url;
    })"""
    seam.fill("50")
    assert canvas.evaluate(column, [first, 0.25])
    assert canvas.evaluate(column, [last, 0.75])
    assert not canvas.evaluate(column, [first, 0.75])
    box = canvas.bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.9, box["y"] + box["height"] / 2)
    assert canvas.evaluate(column, [first, 0.75])
    page.get_by_role("button", name="Compare").click()
    rest(page)
    assert canvas.evaluate(PIXELS) == last


def test_swapped_photos_are_morphed_the_other_way(visit):
    page = open_page(visit)
    choose(page)
    morph(page)
    assert ready(page)["friend"] == "friend.jpg"
    page.get_by_role("button", name="Swap").click()
    page.wait_for_function("sent.at(-1).friend === 'dog.jpg' && sent.at(-1).steps")
    sent = ready(page)
    assert (sent["friend"], sent["dog"]) == ("dog.jpg", "friend.jpg")


def test_without_a_photo_of_a_dog_the_friend_becomes_one(visit):
    page = open_page(visit, "colour")
    page.set_input_files("#friend", {"name": "f.jpg", "mimeType": "image/jpeg", "buffer": FACE})
    page.get_by_label("How much of a dog").fill("1.5")
    morph(page)
    sent = ready(page)
    assert (sent["dog_name"], sent["seed"], sent["strength"]) == ("", "", "1.5")
    expect(page.locator(".likeness")).to_have_count(1)
    page.get_by_role("button", name="Another dog").click()
    page.wait_for_function("sent.at(-1).seed > 0")
    first = ready(page)["seed"]
    page.get_by_role("button", name="Another dog").click()
    page.wait_for_function("seed => sent.at(-1).seed !== seed", arg=first)
    ready(page)


def test_a_dog_of_ours_takes_the_place_of_a_photo_and_a_photo_its(visit):
    page = open_page(visit, "colour")
    own = page.get_by_role("radio", name="The friend as one")
    expect(own).to_be_checked()
    choose(page)
    expect(own).not_to_be_checked()
    named = page.locator(".dog[data-named]").first
    picture = named.locator("img")
    picture.scroll_into_view_if_needed()
    expect(picture).to_have_js_property("naturalWidth", 16)
    named.click()
    expect(page.locator(".card.shown")).to_have_count(1)
    morph(page)
    sent = ready(page)
    assert (sent["dog_name"], sent["dog"]) == (named.inner_text().strip(), "")
    page.set_input_files("#dog", DOG)
    expect(page.locator(".card.shown")).to_have_count(2)
    expect(page.locator(".dog input:checked")).to_have_count(0)


def test_a_model_that_knows_no_dogs_offers_none(visit):
    page = open_page(visit, "colour")
    expect(page.locator(".dogs")).to_be_visible()
    page.get_by_label("Imagined by").select_option("faces")
    expect(page.locator(".dogs")).to_be_hidden()
    expect(page.locator("#dog")).to_have_js_property("required", True)

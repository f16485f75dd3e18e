"""A morph is taken along, sent, and comes back."""

import base64
import re

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.test_page import PIXELS, choose, morph

WATCH = """async ([data, frames]) => {
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  const video = document.createElement("video");
  video.muted = true;
  video.src = URL.createObjectURL(new Blob([bytes], { type: "video/webm" }));
  const small = (source) => {
    const canvas = new OffscreenCanvas(16, 16);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(source, 0, 0, 16, 16);
    return context.getImageData(0, 0, 16, 16).data;
  };
  const known = [];
  for (const url of frames) {
    const picture = new Image();
    picture.src = url;
    await picture.decode();
    known.push(small(picture));
  }
  const nearest = () => {
    const seen = small(video);
    const apart = known.map((other) => other.reduce((sum, v, i) => sum + (v - seen[i]) ** 2, 0));
    return apart.indexOf(Math.min(...apart));
  };
  const shown = [];
  video.requestVideoFrameCallback(function note(now, { mediaTime }) {
    shown.push([nearest(), mediaTime]);
    video.requestVideoFrameCallback(note);
  });
  video.playbackRate = 0.5;
  await video.play();
  await new Promise((done) => video.addEventListener("ended", done));
  return shown;
}"""
"""Plays a video slowly; returns which of the pictures each of its frames is most like, and when."""


def make(visit):
    page = visit.page
    page.emulate_media(reduced_motion="reduce")
    page.goto(visit.address)
    choose(page)
    morph(page)
    expect(page.locator(".likeness")).to_have_count(2)
    expect(page.locator(".stage canvas")).to_be_visible()
    return page


def test_a_link_opened_by_someone_else_shows_the_morph(visit, browser, server):
    page = make(visit)
    link = page.get_by_role("link", name="Link", exact=True).get_attribute("href")
    other = Visit(browser, server, reduced_motion="reduce")
    other.page.goto(f"{server}{link}")
    expect(other.page.get_by_role("heading", name="Someone made this for you")).to_be_visible()
    slider = other.page.get_by_role("slider", name="From friend to dog")
    canvas = other.page.locator(".stage canvas")
    frames = set()
    slider.press("Home")
    for _ in range(11):
        frames.add(canvas.evaluate(PIXELS))
        slider.press("ArrowRight")
    assert len(frames) == 11
    other.check()
    other.context.close()


def test_a_saved_strip_dropped_on_the_page_is_the_morph_again(visit):
    page = make(visit)
    link = page.get_by_role("link", name="Link", exact=True).get_attribute("href")
    with page.expect_download() as download:
        page.get_by_role("button", name="Strip").click()
    data = download.value.path().read_bytes()
    page.goto(visit.address)
    page.set_input_files(
        "#friend", {"name": "friend-to-dog.png", "mimeType": "image/png", "buffer": data}
    )
    page.wait_for_url(re.compile("/shared"))
    assert page.url == visit.address + link


def test_a_morph_survives_a_reload_and_the_way_back(visit):
    page = make(visit)
    page.reload()
    expect(page.get_by_role("heading", name="From friend to dog")).to_be_visible()
    expect(page.locator(".stage canvas")).to_have_attribute("aria-label", "Frame 1 of 11")
    page.goto(f"{visit.address}/docs")
    page.go_back()
    expect(page.get_by_role("heading", name="From friend to dog")).to_be_visible()


def test_the_frame_and_the_link_go_to_the_clipboard(visit):
    visit.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = make(visit)
    page.get_by_role("button", name="Copy the link").click()
    expect(page.locator(".said")).to_have_text("The link is on the clipboard.")
    link = page.get_by_role("link", name="Link", exact=True).get_attribute("href")
    assert page.evaluate("navigator.clipboard.readText()") == visit.address + link
    page.get_by_role("button", name="Copy this frame").click()
    expect(page.locator(".said")).to_have_text("The frame is on the clipboard.")
    kinds = page.evaluate("navigator.clipboard.read().then(items => items[0].types)")
    assert "image/png" in kinds


def test_a_video_plays_one_turn_of_the_loop_in_order_and_in_time(visit, browser):
    page = make(visit)
    slider, canvas = page.get_by_role("slider", name="From friend to dog"), ".stage canvas"
    slider.press("Home")
    frames = []
    for _ in range(11):
        frames.append(page.locator(canvas).evaluate("canvas => canvas.toDataURL()"))
        slider.press("ArrowRight")
    page.locator("details.more summary").click()
    page.locator("[name=fps]").select_option("12")
    with page.expect_download() as download:
        page.get_by_role("button", name="Video").click()
    data = base64.b64encode(download.value.path().read_bytes()).decode()
    elsewhere = browser.new_page()  # our own page plays no videos
    shown = elsewhere.evaluate(WATCH, [data, frames])
    elsewhere.close()
    following = [*(which for which, _ in shown[1:]), None]
    # A picture that came late was looked at when the next one was there.
    shown = [each for each, then in zip(shown, following, strict=True) if each[0] != then]
    order = [*range(11), *range(9, 0, -1)]
    remaining = iter(enumerate(order))
    seen = [next(k for k, frame in remaining if frame == which) for which, _ in shown]
    assert len(seen) >= len(order) / 2  # a busy machine skips some as it plays
    late = [at - k / 12 for k, (_, at) in zip(seen, shown, strict=True)]
    assert max(late) - min(late) < 0.4


def test_a_download_that_the_server_refuses_says_why(visit):
    page = make(visit)
    page.route("**/api/v1/morph", lambda route: route.abort())
    page.get_by_role("button", name="GIF").click()
    expect(page.locator(".said")).to_have_text("The server could not be reached.")
    visit.complaints.clear()  # the browser's own note of it


def test_a_system_that_shares_is_handed_the_link(visit):
    page = visit.page
    page.add_init_script("navigator.share = async data => { window.shared = data; };")
    make(visit)
    page.get_by_role("button", name="Share…").click()
    page.wait_for_function("() => window.shared")
    assert "/shared?friend=" in page.evaluate("shared.url")

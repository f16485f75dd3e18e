"""Journeys in which the world is not as it should be, or a device is needed."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.app.pictures import draw_face
from tests.browser.chromium import chromium
from tests.browser.conftest import Visit, free_port, serve
from tests.browser.finding import DOG, ONE, file_of
from tests.browser.test_faces import card
from tests.browser.test_page import PIXELS, choose, morph

SLOW = {"offline": False, "latency": 300, "downloadThroughput": 50_000, "uploadThroughput": 30_000}
"""Milliseconds and bytes a second: a phone at the edge of the network."""


@pytest.fixture
def film(tmp_path):
    """A film of a face, as a camera of this browser."""
    y, u, v = draw_face(*ONE).convert("YCbCr").split()
    half = [plane.resize((ONE[0] // 2, ONE[1] // 2)) for plane in (u, v)]
    frame = b"FRAME\n" + b"".join(plane.tobytes() for plane in (y, *half))
    path = tmp_path / "face.y4m"
    head = f"YUV4MPEG2 W{ONE[0]} H{ONE[1]} F10:1 Ip A1:1 C420jpeg\n"
    path.write_bytes(head.encode() + 10 * frame)
    return path


def take_a_photo(address, film):
    """In a browser with a camera of its own: what was taken, (H, W), and whether it is off then."""
    flags = [
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    ]
    with chromium(flags) as browser:
        visitor = Visit(browser, address, reduced_motion="reduce", permissions=["camera"])
        page = visitor.page
        page.goto(address)
        card(page).get_by_role("button", name="Use the camera").click()
        page.wait_for_function("() => document.querySelector('video').videoWidth > 0")
        page.wait_for_timeout(300)
        page.get_by_role("button", name="Take it").click()
        expect(page.locator(".card.found:not(.guessed)")).to_have_count(1)
        off = page.evaluate("document.querySelector('video').srcObject") is None
        kind = page.evaluate("document.querySelector('#friend').files[0].type")
        shown = card(page).locator(".preview").evaluate(PIXELS)
        page.set_input_files("#dog", file_of(DOG))
        expect(page.locator("#status")).to_have_text("The morph is ready.")
        visitor.check()
    data = base64.b64decode(shown.split(",")[1])
    return np.asarray(Image.open(io.BytesIO(data)).convert("L"), float), kind, off


# Playwright allows one running instance in a thread; pytest's browser is another.
def in_a_thread(work, *args):
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(work, *args).result()


def test_a_photo_is_taken_with_the_camera_and_morphed(finding_server, film):
    picture, kind, off = in_a_thread(take_a_photo, finding_server, film)
    assert kind == "image/jpeg"
    assert off
    h, w = picture.shape
    eyes = picture[int(0.36 * h) : int(0.42 * h), int(0.3 * w) : int(0.4 * w)].mean()
    mouth = picture[int(0.68 * h) : int(0.73 * h), int(0.42 * w) : int(0.58 * w)].mean()
    assert eyes < 80 < 180 < mouth


def test_a_restart_of_the_server_in_the_middle_costs_nothing_but_another_try(
    browser, models, tmp_path
):
    port = free_port()
    with serve("app", models, tmp_path, port=port) as address:
        visitor = Visit(browser, address, reduced_motion="reduce")
        page = visitor.page
        page.goto(address)
        choose(page)
        expect(page.locator(".card.found")).to_have_count(2)
    morph(page)
    expect(page.locator("#form-error")).to_contain_text("Your photos are still here")
    with serve("app", models, tmp_path, port=port):
        morph(page)
        expect(page.locator("#status")).to_have_text("The morph is ready.")
        expect(page.locator("#form-error")).to_be_empty()
        expect(page.locator(".likeness")).to_have_count(2)
        link = page.get_by_role("link", name="Link", exact=True).get_attribute("href")
    with serve("app", models, tmp_path, port=port):  # nothing of it was kept by the server
        page.goto(address + link)
        expect(page.get_by_role("heading", name="Someone made this for you")).to_be_visible()
    visitor.context.close()


def test_a_slow_network_costs_patience_only(visit):
    page = visit.page
    page.emulate_media(reduced_motion="reduce")
    network = visit.context.new_cdp_session(page)
    network.send("Network.enable")
    network.send("Network.emulateNetworkConditions", SLOW)
    page.goto(visit.address, wait_until="commit")
    expect(page.get_by_role("heading", name="Turn your friend into a dog")).to_be_visible()
    expect(page.locator(".stage canvas")).to_be_visible()
    choose(page)
    expect(page.locator(".preview").first).to_be_visible()  # long before it has been sent
    morph(page)
    expect(page.locator("#status")).to_have_text(re.compile("…$"))
    expect(page.locator("#status")).to_have_text("The morph is ready.")
    slider = page.get_by_role("slider", name="From friend to dog")
    before = len(visit.requests)
    slider.press("End")
    expect(page.locator(".stage canvas")).to_have_attribute("aria-label", "Frame 11 of 11")
    assert visit.requests[before:] == []

"""What is on the page, from a terminal and from Python: the examples do as they are shown."""

import shutil
import subprocess
import sys

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.app.pictures import dog_photo, photo
from tests.browser.test_page import choose


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "friend.jpg").write_bytes(photo())
    (tmp_path / "dog.jpg").write_bytes(dog_photo())
    return tmp_path


@pytest.fixture
def page(visit):
    page = visit.page
    page.goto(visit.address)
    page.get_by_text("More", exact=True).click()
    page.get_by_text("Use it from code").click()
    return page


def size_in(folder):
    with Image.open(folder / "morph.png") as picture:
        return picture.size


def code(page, language):
    return page.locator(f"pre[data-code={language}]").inner_text()


@pytest.mark.skipif(not shutil.which("curl"), reason="there is no curl")
def test_the_command_makes_what_is_on_the_page(page, folder):
    choose(page)
    page.locator("[name=steps]").select_option("25")
    page.locator("[name=size]").select_option("")
    page.locator("[name=model]").select_option("colour")
    command = code(page, "curl")
    subprocess.run(["sh", "-c", command], cwd=folder, check=True, capture_output=True, timeout=60)
    assert size_in(folder) == (25 * 16, 16)


def test_the_program_makes_what_is_on_the_page(page, folder):
    pytest.importorskip("requests")
    choose(page)
    program = [sys.executable, "-c", code(page, "python")]
    subprocess.run(program, cwd=folder, check=True, timeout=60)
    assert size_in(folder) == (11 * 256, 256)


@pytest.mark.skipif(not shutil.which("node"), reason="there is no Node")
def test_the_script_makes_what_is_on_the_page(page, folder):
    choose(page)
    (folder / "morph.mjs").write_text(code(page, "javascript"))
    subprocess.run(["node", "morph.mjs"], cwd=folder, check=True, timeout=60)
    assert size_in(folder) == (11 * 256, 256)


def test_the_code_follows_the_form(page):
    assert "dog=@dog.jpg" in code(page, "curl")
    page.locator("[name=model]").select_option("colour")
    expect(page.locator("pre[data-code=curl]")).not_to_contain_text("dog=@dog.jpg")
    page.locator(".dog[data-named]").first.click()
    assert "dog_name=" in code(page, "curl")
    page.get_by_label("whole photo").check()
    for language in ("curl", "python", "javascript"):
        assert "whole_photo" in code(page, language)

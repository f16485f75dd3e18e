"""The real server in a process of its own, and a real browser in front of it."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.app import tiny
from tests.browser.chromium import MISSING, chromium, find_browser

PATIENCE = 20_000  # milliseconds: the tests may share their machine

expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def uploads_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The server's folder for temporary files, which must stay empty."""
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.save_models(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="session")
def server(models: Path, uploads_folder: Path) -> Iterator[str]:
    """The address of ``python -m app`` over small models, without a finder."""
    with serve("app", models, uploads_folder) as address:
        yield address


@pytest.fixture(scope="session")
def finding_server(models: Path, uploads_folder: Path) -> Iterator[str]:
    """The same with a finder that knows the photos of ``tests.browser.finding``."""
    with serve("tests.browser.finding", models, uploads_folder) as address:
        yield address


@contextmanager
def serve(
    module: str, models: Path, uploads: Path, model: str = "faces", port: int = 0
) -> Iterator[str]:
    port = port or free_port()
    address = f"http://127.0.0.1:{port}"
    environ = os.environ | {
        "MODELS": str(models),
        "MODEL": model,
        "PORT": str(port),
        "TMPDIR": str(uploads),
    }
    with subprocess.Popen([sys.executable, "-m", module], env=environ) as process:
        wait_for(f"{address}/healthz")
        yield address
        process.terminate()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def wait_for(url: str, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            urllib.request.urlopen(url, timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if find_browser() is None:
        pytest.fail(MISSING)
    with chromium() as browser:
        yield browser


class Visit:
    """One visitor's page, and everything that went on behind it."""

    def __init__(self, browser: Browser, address: str, **options: object) -> None:
        self.address = address
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.context = browser.new_context(**options)
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def check(self) -> None:
        """Nothing was asked of another host, and nothing was complained of."""
        ours = (f"{self.address}/", "data:", "blob:")
        assert [url for url in self.requests if not url.startswith(ours)] == []
        assert self.complaints == []


@pytest.fixture
def visit(browser: Browser, server: str) -> Iterator[Visit]:
    visitor = Visit(browser, server)
    yield visitor
    visitor.check()
    visitor.context.close()


@pytest.fixture
def finding_visit(browser: Browser, finding_server: str) -> Iterator[Visit]:
    visitor = Visit(browser, finding_server, reduced_motion="reduce")
    yield visitor
    visitor.check()
    visitor.context.close()


@pytest.fixture
def phone_visit(browser: Browser, finding_server: str) -> Iterator[Visit]:
    visitor = Visit(
        browser,
        finding_server,
        viewport={"width": 390, "height": 844},
        has_touch=True,
        is_mobile=True,
        reduced_motion="reduce",
    )
    yield visitor
    visitor.check()
    visitor.context.close()


@pytest.fixture
def visit_without_script(browser: Browser, server: str) -> Iterator[Visit]:
    visitor = Visit(browser, server, java_script_enabled=False)
    yield visitor
    visitor.check()
    visitor.context.close()

"""README.md and docs/api.md are true: their examples run, their paths and numbers are right."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from PIL import Image

from app.errors import HTTP_KINDS, INTERNAL, KINDS
from app.main import create_app
from app.schemas import Problem
from app.settings import ROOT, Settings
from tests.app.pictures import as_bytes, draw_face
from tests.app.tiny import save_models
from vae_core.__main__ import main

README = (ROOT / "README.md").read_text(encoding="utf-8")
API = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
PAGES = [Path("README.md"), *(p.relative_to(ROOT) for p in sorted(ROOT.glob("docs/**/*.md")))]
ADDRESS = "http://127.0.0.1:8000"


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def commands(text: str, program: str) -> list[str]:
    """Every command of the shell blocks that calls a program, continued lines joined."""
    joined = "".join(blocks(text, "sh")).replace("\\\n", " ")
    return [line for line in joined.splitlines() if line.startswith(program + " ")]


def section(heading: str) -> str:
    """The text of docs/api.md below a heading, up to the next."""
    return API.split(f"\n## {heading}\n")[1].split("\n## ")[0]


def table(text: str) -> list[list[str]]:
    """The cells of a Markdown table's rows, without its head."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]*)`", cell)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two photos, and links to what the examples name."""
    folder = tmp_path_factory.mktemp("readme")
    (folder / "friend.jpg").write_bytes(as_bytes(draw_face(400, 400)))
    (folder / "dog.jpg").write_bytes(as_bytes(draw_face(400, 400, fur="#2d2420")))
    (folder / "README.md").symlink_to(ROOT / "README.md")
    (folder / "models").mkdir()
    for name in ("flagship", "classic", "mnist", "mnist-ramp"):
        file = f"{name}.safetensors"
        (folder / "models" / file).symlink_to(ROOT / "models" / file)
    return folder


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[str]:
    """The address of ``python -m app``.

    It serves the shipped models without the finder, which sees no face in what the tests draw.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environ = os.environ | {"PORT": str(port), "MODELS": str(folder / "models")}
    command = [sys.executable, "-m", "app"]
    with subprocess.Popen(command, cwd=ROOT, env=environ, stderr=subprocess.DEVNULL) as process:
        try:
            wait_for(f"http://127.0.0.1:{port}/healthz", process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urlopen(address).close()
        except URLError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("python -m app did not answer")


def test_the_python_example_runs(folder):
    (example,) = blocks(README, "python")
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", example], cwd=folder, env=environ, check=True)
    with Image.open(folder / "morph.gif") as morph:
        assert morph.n_frames == 2 * 25 - 2


@pytest.mark.parametrize("command", sorted({*commands(README, "curl"), *commands(API, "curl")}))
def test_a_curl_example_is_answered(command, server, folder):
    if not shutil.which("curl"):
        pytest.skip("curl is not installed; on Debian: apt-get install curl")
    assert ADDRESS in command
    command = command.replace(ADDRESS, server)
    command = command.replace("curl ", "curl --silent --show-error --dump-header headers ", 1)
    run = subprocess.run(command, shell=True, cwd=folder, capture_output=True, check=True)
    head = (folder / "headers").read_bytes()
    refused = "dog=@README.md" in command
    assert (b" 415 " if refused else b" 200 ") in head.split(b"\r\n")[0], run.stdout
    if output := re.search(r"-o (\S+)", command):
        check_file(folder / output[1])
    else:
        assert run.stdout.startswith(b"# HELP" if "metrics" in command else b"{")


def check_file(path: Path) -> None:
    """A picture is what its ending says."""
    if path.suffix != ".json":
        with Image.open(path) as picture:
            assert picture.format == path.suffix[1:].upper()


@pytest.mark.parametrize("command", commands(README, "python"))
def test_a_command_of_the_readme_is_understood(command, folder, monkeypatch, capsys):
    """Those that want pictures of the reader's own are refused for that reason and no other."""
    monkeypatch.chdir(folder)
    python, option, module, *arguments = re.sub('"[^"]*"', "words", command).split()
    assert (python, option, module) == ("python", "-m", "vae_core")
    status = main(arguments)
    said = capsys.readouterr().err
    assert status == 0 or re.search("photos|prepared|mine|people", said), said


def test_every_path_of_the_map_is_there():
    (plan,) = blocks(README, "text")
    paths = [line.split()[0] for line in plan.splitlines()]
    assert [path for path in paths if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_link_leads_somewhere(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)]+)\)", text):
        path, _, anchor = target.partition("#")
        linked = (ROOT / page).parent / path if path else ROOT / page
        assert linked.exists(), target
        assert not anchor or anchor in headings(linked.read_text(encoding="utf-8")), target


def headings(text: str) -> set[str]:
    """The anchors of a page's headings."""
    return {re.sub(r"\W+", "-", h.lower()) for h in re.findall(r"^##? (.*)$", text, re.M)}


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> dict:
    """What the application says of itself."""
    models = save_models(tmp_path_factory.mktemp("models"))
    return create_app(Settings(models=models)).openapi()


def test_every_route_is_documented(described):
    routes = [f"{m.upper()} {p}" for p, methods in described["paths"].items() for m in methods]
    documented = re.findall(r"^## ((?:GET|POST) .*)$", API, re.MULTILINE)
    assert sorted(documented) == sorted(routes)


def test_every_field_is_documented_with_its_values_and_its_default(described):
    for heading, body in bodies(described):
        rows = {quoted(name)[0]: rest for name, *rest in table(section(heading))}
        assert set(rows) == set(body["properties"]), heading
        for name, field in body["properties"].items():
            _, values, default = rows[name]
            assert values_match(field, values), f"{heading}: {name}"
            expected = "required" if name in body["required"] else default_text(field, default)
            assert default == expected, f"{heading}: {name}"


def bodies(described: dict) -> Iterator[tuple[str, dict]]:
    """Every route with what it takes."""
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            if "requestBody" in operation:
                (content,) = operation["requestBody"]["content"].values()
                name = content["schema"]["$ref"].split("/")[-1]
                yield f"{method.upper()} {path}", described["components"]["schemas"][name]


def values_match(field: dict, documented: str) -> bool:
    """Choices are listed, and a range is given as "low to high" or "low or more"."""
    if "enum" in field:
        return quoted(documented) == field["enum"]
    if field.get("type") == "boolean":
        return quoted(documented) == ["true", "false"]
    number = field.get("anyOf", [field])[0]
    low = number.get("minimum", number.get("minItems"))
    high = number.get("maximum", number.get("maxItems"))
    if low is None:
        return True
    return documented.startswith(f"{low:g} to {high:g}" if high is not None else f"{low:g} or more")


def default_text(field: dict, documented: str) -> str:
    """A default that stands for itself is quoted; an empty one is put into words."""
    default = field.get("default")
    if default in ("", None):
        return "" if quoted(documented) else documented
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def test_every_field_of_an_answer_is_documented(described):
    schemas = described["components"]["schemas"]
    answers = {
        "POST /api/v1/morph": ["MorphAnswer"],
        "POST /api/v1/faces": ["FacesAnswer", "FoundFace"],
        "POST /api/v1/align": ["AlignAnswer"],
        "POST /api/v1/encode": ["EncodeAnswer"],
        "POST /api/v1/decode": ["DecodeAnswer"],
        "GET /api/v1/models": ["ModelsAnswer", "Model"],
    }
    told = {heading: set(quoted(section(heading))) for heading in [*answers, "Errors"]}
    for heading, names in answers.items():
        assert {p for name in names for p in schemas[name]["properties"]} <= told[heading], heading
    assert set(Problem.model_fields) <= told["Errors"]


def test_every_error_is_documented_with_its_status():
    kinds = [(f"urn:dogpeople:{kind.name}", kind.status) for kind in KINDS.values()]
    kinds += [("about:blank", status) for status in HTTP_KINDS]
    kinds.append((INTERNAL.type, INTERNAL.status))
    documented = [(quoted(name)[0], int(status)) for name, status, _ in table(section("Errors"))]
    assert sorted(documented) == sorted(kinds)


def test_every_setting_is_documented_with_its_number():
    documented = table(section("Settings and limits"))
    rows = {quoted(name)[0]: quoted(default) for name, default, _ in documented}
    defaults = {field.name.upper(): getattr(Settings(), field.name) for field in fields(Settings)}
    assert set(rows) == set(defaults)
    defaults["MODELS"] = defaults["MODELS"].relative_to(ROOT)
    told = {name: [str(value)] for name, value in defaults.items() if rows[name]}
    assert {name: cells for name, cells in rows.items() if cells} == told
    assert set(defaults) - set(told) == {"MODEL", "ALLOWED_HOSTS", "TRUSTED_PROXIES"}


def test_the_performance_page_has_a_place_for_every_table():
    text = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
    begun = re.findall(r"<!-- (\w+) -->", text)
    assert begun == re.findall(r"<!-- end of (\w+) -->", text)

"""Requests that a hostile client sends whole: what they carry, and how they may be answered."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.app.pictures import dog_photo, photo
from tests.hostile.files import BOMBS, ODD, POLYGLOTS, noise, spoilt

REFUSED = frozenset({400, 404, 405, 408, 413, 415, 421, 422, 429})
EITHER = REFUSED | {200}

BOUNDARY = "----dog"
FORM = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
JSON = {"Content-Type": "application/json"}

FRIEND, DOG = photo(), dog_photo()

NAMES = [
    "../../../../etc/passwd",
    "..\\..\\windows\\system32",
    "/dev/stdin",
    "file:///etc/shadow",
    "http://169.254.169.254/latest/meta-data",
    "con.jpg",
    "a" * 4000 + ".jpg",
    "\u202egpj.exe",
    "\N{DOG FACE}" * 50,
    "'; DROP TABLE dogs; --",
    "{{7*7}}",
    "${jndi:ldap://127.0.0.1/a}",
    "%00.jpg",
    "\x01\x02.jpg",
    "<script>alert(1)</script>.jpg",
]
TEXTS = [
    "[" * 2000,
    "{}",
    "null",
    "1e999",
    '{"left_eye": [1e308, 1e308], "right_eye": [-1e308, 0], "mouth": [0, 0]}',
    '{"left_eye": ["a", "b"], "right_eye": [1, 2], "mouth": [3, 4]}',
    '{"left_eye": [NaN, 1], "right_eye": [1, 2], "mouth": [3, 4]}',
    '{"left_eye": [60, 60], "right_eye": [60.0001, 60], "mouth": [60, 60.0001]}',
    '{"left_eye": [1, 1], "right_eye": [119, 1], "mouth": [60, 119]}',
    '{"left_eye": [true, false], "right_eye": {}, "mouth": []}',
    "9" * 4000,
    "\0",
    "\ud7ff",
]
NUMBERS = ["-1", "0", "1", "65", "1e3", "9" * 400, "NaN", "²", "0x10", " 7 ", "11;ls"]
BODIES = [
    b"",
    b"{",
    b"null",
    b"[]",
    b"[" * 100_000,
    b'{"latents":' + b"[" * 50_000,
    b'{"latents": [[1e400]]}',
    b'{"latents": [[NaN]]}',
    b'{"latents": [[' + b"0," * 400_000 + b"0]]}",
    b'{"latents": ' + json.dumps([[0.0] * 5] * 3000).encode() + b"}",
    b'{"latents": [[0,0,0,0,0]], "model": "../../etc/passwd"}',
    b'{"latents": [[0,0,0,0,0]], "model": {"$ne": 1}}',
    b'{"latents": [[0,0,0,0,0]], "format": "exe"}',
    b'{"latents": [[' + b"9" * 5000 + b"]]}",
    b"\xff\xfe\x00",
    b'"' + b"a" * 1_900_000 + b'"',
]
PATHS = [
    "/static/../../etc/passwd",
    "/static/%2e%2e/%2e%2e/pyproject.toml",
    "/static//etc/passwd",
    "/api/v1/morph/",
    "/api/v1/%00",
    "/" + "a" * 8000,
    "/?next=http://127.0.0.1/",
    "//127.0.0.1/",
    "/%ff%fe",
    "/docs/../openapi.json",
    "/shared?friend=%2e%2e&dog=%00",
    "/shared?friend=AAA&dog=AAAAAAAAAAAAAA&steps=64",
    "/shared.png?friend=AHwAfAB8AHwAfA&dog=AH4AfgB-AH4Afg",
    "/shared?friend=" + "A" * 8000 + "&dog=" + "A" * 8000,
    "/explore?model=faces&face=%ff%fe",
    "/explore?model=../../etc/passwd",
    "/digits/..%2f..%2fpyproject.png",
    "/dogs/../../x.png",
    "/dogs/colour/%2e%2e%2fx.png",
    "/api/v1/samples?count=1000000&seed=-1",
    "/api/v1/samples?seed=" + "9" * 400,
    "/api/v1/directions?model=%00",
]


@dataclass(frozen=True)
class Case:
    """One request: its kind, what it is, and which answers are right."""

    kind: str
    method: str
    path: str
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    allowed: frozenset[int] = REFUSED


def form(*parts: tuple[str, str | None, bytes]) -> bytes:
    """A multipart body of (name, file name or None, content)."""
    pieces = []
    for name, file, content in parts:
        said = f'form-data; name="{name}"' + (f'; filename="{file}"' if file is not None else "")
        head = f"--{BOUNDARY}\r\nContent-Disposition: {said}\r\n\r\n"
        pieces.append(head.encode("utf-8", "surrogatepass") + content + b"\r\n")
    return b"".join(pieces) + f"--{BOUNDARY}--\r\n".encode()


def morph(friend: bytes, name: str = "a.jpg", **fields: str) -> bytes:
    """The body of a morph from any file to a good dog."""
    texts = [(key, None, value.encode("utf-8", "surrogatepass")) for key, value in fields.items()]
    return form(("friend", name, friend), ("dog", "b.jpg", DOG), *texts)


def upload(kind: str, data: bytes, allowed: frozenset[int] = EITHER) -> Case:
    """A file sent as a friend."""
    return Case(kind, "POST", "/api/v1/morph", morph(data), FORM, allowed)


GOOD = upload("good", FRIEND, frozenset({200}))


def bombs() -> Iterator[Case]:
    for name, make in BOMBS.items():
        data = make()
        yield upload(f"bomb: {name}", data)
        body = form(("photo", "a.jpg", data), ("preview", None, b"true"))
        yield Case(f"bomb: {name}", "POST", "/api/v1/faces", body, FORM, EITHER)


def oddities() -> Iterator[Case]:
    for name, make in ODD.items():
        yield upload(f"odd: {name}", make(), frozenset({200}))


def forms() -> Iterator[Case]:
    """Polyglots, names, texts, numbers, and forms with too much of something."""
    for name, data in POLYGLOTS.items():
        good = name in ("jpeg and html", "png and zip")
        yield upload("polyglot", data, frozenset({200}) if good else REFUSED)
    for name in NAMES:
        body = morph(FRIEND, name)
        yield Case("file name", "POST", "/api/v1/morph", body, FORM, EITHER)
    for text in TEXTS:
        for key in ("friend_landmarks", "model", "walk", "dog_face"):
            body = morph(FRIEND, **{key: text})
            allowed = EITHER if key in ("friend_landmarks", "dog_face") else REFUSED
            yield Case("text", "POST", "/api/v1/morph", body, FORM, allowed)
    for number in NUMBERS:
        body = morph(FRIEND, steps=number)
        yield Case("number", "POST", "/api/v1/morph", body, FORM, EITHER)
    many = form(*[(f"f{i}", None, b"x") for i in range(10_000)])
    files = form(*[("friend", "a.jpg", FRIEND) for _ in range(200)])
    long_header = f"--{BOUNDARY}\r\n{'X: ' + 'a' * 100_000}\r\n\r\n".encode()
    headers = f"--{BOUNDARY}\r\n".encode() + b"A: b\r\n" * 50_000
    for body in (many, files, long_header, headers, b"", b"\r\n" * 500_000, b"-" * 500_000):
        yield Case("form", "POST", "/api/v1/morph", body, FORM)
    near = (b"\r\n--" + BOUNDARY[:-1].encode()) * 100_000
    yield Case("form", "POST", "/api/v1/morph", morph(near), FORM)
    urlencoded = {"Content-Type": "application/x-www-form-urlencoded"}
    yield Case("form", "POST", "/api/v1/morph", b"a=b&" * 400_000, urlencoded)
    yield Case("form", "POST", "/", b"%" * 1_000_000, urlencoded)


def bodies() -> Iterator[Case]:
    for body in BODIES:
        yield Case("json", "POST", "/api/v1/decode", body, JSON)
    for path in PATHS:
        yield Case("path", "GET", path, allowed=EITHER)
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"):
        yield Case("method", method, "/api/v1/morph")
    yield Case("method", "HEAD", "/", allowed=EITHER)


def heavy() -> Iterator[Case]:
    """Morphs as large as they may be, between photos in which no two pixels are the same."""
    for kind in ("json", "strip", "webp", "gif"):
        for steps, size in (("25", "512"), ("64", "320")):
            body = largest(kind, steps, size)
            yield Case("heavy", "POST", "/api/v1/morph", body, FORM, frozenset({200, 404, 429}))


def largest(kind: str = "json", steps: str = "25", size: str = "512") -> bytes:
    """The body of a morph as large as it may be."""
    data = noise(640)
    marks = '{"left_eye": [220, 260], "right_eye": [420, 260], "mouth": [320, 440]}'
    dog = marks.replace("mouth", "nose")
    texts = {"friend_landmarks": marks, "dog_landmarks": dog, "model": "colour"}
    texts |= {"format": kind, "steps": steps, "size": size}
    fields = [(name, None, text.encode()) for name, text in texts.items()]
    return form(("friend", "a.jpg", data), ("dog", "b.jpg", data), *fields)


def everything(seed: int = 1, spoilt_files: int = 800) -> list[Case]:
    """All cases, kinds kept together."""
    random_ = random.Random(seed)
    files = spoilt(random_)
    cases = [*bombs(), *oddities(), *forms(), *bodies(), *heavy()]
    return cases + [upload("spoilt", next(files)) for _ in range(spoilt_files)]

"""Our own styles, scripts and drawings, at addresses that change when any of them does.

A page names them as ``/static/HASH/style.css``, where the hash is that of all files together. So a
browser keeps what it has for a year and asks after nothing, scripts import each other by plain
relative names, and there is no build.
"""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from app.headers import IMMUTABLE, REVALIDATE
from app.settings import ROOT

DIGITS = 12
"""Of the hash in an address."""

IMPORT = re.compile(r'^import .* from "\./([\w.-]+)";', re.MULTILINE)
"""How one script names another."""


class Assets(StaticFiles):
    """The files of a folder, under their plain names and under a hash's."""

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder)
        self.folder = folder
        self.digest = digest_of(folder)

    def url(self, name: str) -> str:
        """Return the address of a file."""
        return f"/static/{self.digest}/{name}"

    def modules(self, name: str) -> list[str]:
        """Return the addresses of a script and of all that it imports, itself first."""
        return [self.url(module) for module in dict.fromkeys(self.imported(name))]

    def imported(self, name: str) -> Iterator[str]:
        """Yield a script, then what it imports, and what that does."""
        yield name
        for other in IMPORT.findall((self.folder / name).read_text("utf-8")):
            yield from self.imported(other)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer with a file; what an older page asks for by an old hash is the file as it is."""
        head, *rest = PurePosixPath(path).parts or ("",)
        hashed = bool(rest) and re.fullmatch(rf"[0-9a-f]{{{DIGITS}}}", head)
        response = await super().get_response("/".join(rest) if hashed else path, scope)
        response.headers["Cache-Control"] = IMMUTABLE if head == self.digest else REVALIDATE
        return response


def digest_of(folder: Path) -> str:
    """Hash the names and contents of all files of a folder."""
    hashed = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        data = path.read_bytes()
        hashed.update(f"{path.relative_to(folder)} {len(data)}\n".encode() + data)
    return hashed.hexdigest()[:DIGITS]


ASSETS = Assets(ROOT / "static")

"""``python -m tests.browser.finding``: the application with a finder that knows these photos."""

import uvicorn

from app.main import create_app
from app.morphing import Morpher
from app.settings import Settings
from tests.app.faces import FakeFinder, face_at
from tests.app.pictures import as_bytes, draw_face

ONE, GROUP, DOG, NOBODY, LARGE = (300, 300), (400, 300), (320, 320), (310, 310), (2400, 2000)
SENT = (1600, 1334)
"""What the page makes of the large photo before it sends it to be looked at."""

DISTANT, SENT_DISTANT = (3200, 2000), (1600, 1000)
"""The same of a photo in which the face is small."""

PERSON = face_at(140, 130, 70)
BESIDE = face_at(300, 140, 50, score=0.8)
A_DOG = face_at(160, 140, 90, "dog")
SENT_FACE = face_at(800, 600, 300)
SMALL_FACE = face_at(800, 600, 60)
FINDER = FakeFinder(
    {
        ONE: [PERSON],
        GROUP: [face_at(100, 130, 60), BESIDE],
        DOG: [A_DOG],
        SENT: [SENT_FACE],
        SENT_DISTANT: [SMALL_FACE],
        (120, 120): [face_at(58, 56, 34)],
    }
)


def file_of(size, kind="PNG"):
    """A photo as the browser is given it."""
    data = as_bytes(draw_face(*size), kind)
    return {"name": f"me.{kind.lower()}", "mimeType": f"image/{kind.lower()}", "buffer": data}


if __name__ == "__main__":
    settings = Settings.from_env()
    uvicorn.run(
        create_app(settings, Morpher.from_settings(settings, FINDER)),
        host=settings.host,
        port=settings.port,
    )

"""Photos that the tests draw themselves, as files of every kind that people send."""

import base64
import io
from pathlib import Path

from PIL import Image, ImageDraw

HEIC = Path(__file__).with_name("face.heic")
"""``draw_face()`` as HEIC, which Pillow reads with pi-heif but cannot write."""


def draw_face(width: int = 120, height: int = 120, fur: str = "#c98d5a") -> Image.Image:
    """A face without symmetry, so that a turned or mirrored one is noticed."""
    image = Image.new("RGB", (width, height), "#4a6f8f")
    draw = ImageDraw.Draw(image)
    x, y = width / 12, height / 12
    draw.ellipse((2 * x, y, 10 * x, 11 * y), fill=fur)
    draw.polygon([(2 * x, y), (5 * x, 2 * y), (2 * x, 6 * y)], fill="#3b2a1c")
    draw.ellipse((3.5 * x, 4 * y, 5 * x, 5.5 * y), fill="#101010")
    draw.ellipse((7 * x, 4 * y, 8.5 * x, 5.5 * y), fill="#101010")
    draw.rectangle((4.5 * x, 8 * y, 7.5 * x, 9 * y), fill="#f4e9e0")
    return image


def as_bytes(image: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def photo(kind: str = "JPEG", **options: object) -> bytes:
    return as_bytes(draw_face(), kind, **options)


def dog_photo() -> bytes:
    return as_bytes(draw_face(160, 120, fur="#2d2420"))


def as_phones_send(orientation: int) -> bytes:
    """The face as a sensor saw it, with EXIF that says how to turn it back upright."""
    back = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90}[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    return as_bytes(draw_face().transpose(back), quality=95, exif=exif)


def grey_16_bit() -> bytes:
    """Brighter than 255 nearly everywhere: clipped to 8 bit it would be a white square."""
    grey = draw_face().convert("L")
    return as_bytes(grey.convert("I").point(lambda v: v * 257).convert("I;16"), "PNG")


def with_alpha() -> bytes:
    image = draw_face().convert("RGBA")
    image.putalpha(Image.new("L", image.size, 255))
    return as_bytes(image, "PNG")


def picture_of(url: str) -> Image.Image:
    """Undo a data URL."""
    head, data = url.split(",")
    assert head == "data:image/png;base64"
    return Image.open(io.BytesIO(base64.b64decode(data)))

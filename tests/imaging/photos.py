"""Photos that the tests make up: four corners of different colours, in any format."""

import base64
import io
import struct
import zlib
from typing import Any

import numpy as np
from PIL import Image

RED, GREEN, BLUE, WHITE = (200, 40, 40), (40, 200, 40), (40, 40, 200), (220, 220, 220)

HEIC = base64.b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAX1tZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAA"
    "AAAAAAAAACJpbG9jAAAAAERAAAEAAQAAAAABoQABAAAAAAAAAMYAAAAjaWluZgAAAAAAAQAAABVpbmZlAgAAAAABAABo"
    "dmMxAAAAAA5waXRtAAAAAAABAAAA/WlwcnAAAADdaXBjbwAAAHZodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEA"
    "GEABDAH//wNwAAADAJAAAAMAAAMAHroCQGEAAQAqQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbq5Ka5uAhoMCAAAAMDIAAA"
    "AwAhYgABAAZEAcFzwIkAAAATY29scm5jbHgAAQANAAaAAAAAFGlzcGUAAAAAAAAAQAAAAEAAAAAoY2xhcAAAAEAAAAAB"
    "AAAAMAAAAAEAAAAAAAAAAv////AAAAACAAAAEHBpeGkAAAAAAwgICAAAABhpcG1hAAAAAAAAAAEAAQWBAgMFhAAAAM5t"
    "ZGF0AAAAwigBrwngIzUt/+tf//jc8h41mR07u/Uo/719u8i2/95dtffo703/xCjvzrm/3cWaqBJTdf/wcsumkFHgQAzo"
    "uuu9AnskMiaihQYGpbrfV4WkCCx0hY+paR3hTZAxPNFGnoqZJxitkDAtibOU2V6R3wGYolgmKgHtgQ4Z/3B1oN38j8pC"
    "qwTJiVgbHN+L+692nfNKNRnz+TfBLL1KOt1VOemp3Tq/m1h+dTKetXrI6eKwewuXPrXxF+39n0+HDh/6OAIC"
)
"""``corners()`` as an iPhone would write it; pi_heif reads this format and cannot write it."""


def corners(width: int = 64, height: int = 48) -> Image.Image:
    """Red and green above, blue and white below."""
    pixels = np.zeros((height, width, 3), np.uint8)
    for rows, left, right in (
        (slice(height // 2), RED, GREEN),
        (slice(height // 2, None), BLUE, WHITE),
    ):
        pixels[rows, : width // 2], pixels[rows, width // 2 :] = left, right
    return Image.fromarray(pixels)


def corner_colours(image: Image.Image) -> list[tuple[int, ...]]:
    """The colours in the middle of the four quarters, to the nearest of those of ``corners``."""
    x, y = image.width // 4, image.height // 4
    places = [(x, y), (3 * x, y), (x, 3 * y), (3 * x, 3 * y)]
    known = np.array([RED, GREEN, BLUE, WHITE])
    found = [np.abs(known - image.getpixel(place)).sum(axis=1) for place in places]
    assert all(distances.min() < 40 for distances in found)
    return [tuple(int(v) for v in known[distances.argmin()]) for distances in found]


def encode(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def turned_by_exif(image: Image.Image, orientation: int, kind: str) -> bytes:
    """A file that shows ``image`` once its orientation is honoured."""
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = image.transpose(undo[orientation]) if orientation in undo else image
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = orientation, "camera"
    return encode(stored, kind, exif=exif)


def png_chunk(kind: bytes, data: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + checksum


def png_header(width: int, height: int) -> bytes:
    """A PNG that promises pixels and holds none."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", b"")


def jpeg_with_segment(marker: int, data: bytes) -> bytes:
    """A JPEG of ``corners`` with one more segment right after its start."""
    segment = struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data
    jpeg = encode(corners(), "JPEG")
    return jpeg[:2] + segment + jpeg[2:]

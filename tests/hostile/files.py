"""Files that nobody sends who wants a morph: bombs, polyglots, and good ones that were spoilt."""

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image

from tests.app.pictures import HEIC, as_bytes, as_phones_send, draw_face, grey_16_bit, photo
from tests.imaging.photos import png_chunk, png_header, turned_by_exif


def jpeg_of_size(width: int, height: int, **options: object) -> bytes:
    """A JPEG of a few hundred bytes whose header promises so many pixels."""
    data = bytearray(as_bytes(Image.new("RGB", (16, 16), "#777"), "JPEG", **options))
    frame = next(i for i in range(len(data)) if data[i] == 0xFF and data[i + 1] in (0xC0, 0xC2))
    data[frame + 5 : frame + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def jpeg_of_many_scans(side: int = 2000, scans: int = 6000) -> bytes:
    """A progressive JPEG whose last scan, of 14 bytes, is there thousands of times."""
    data = as_bytes(Image.new("L", (side, side), 90), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:-2] + data[last:-2] * scans + data[-2:]


def webp_of_size(width: int, height: int) -> bytes:
    """A lossless WebP of 34 bytes, all of one colour."""
    bits = struct.pack("<BI", 0x2F, (height - 1) << 14 | (width - 1))
    chunk = b"VP8L" + struct.pack("<I", 14) + bits + b"\x07\x10\x11\x11\x88\x88\xfe\x07\x00"
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk


def png_of_zeros(width: int, height: int) -> bytes:
    """A black PNG, which deflates to a thousandth of its pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    deflate = zlib.compressobj(1)
    rows = [deflate.compress(bytes(1 + 4 * width)) for _ in range(height)]
    pixels = png_chunk(b"IDAT", b"".join(rows) + deflate.flush())
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + pixels + png_chunk(b"IEND", b"")


def png_with_text_bomb() -> bytes:
    """A good PNG with a comment and a profile of 50 MB each, deflated."""
    bomb = zlib.compress(bytes(50_000_000), 9)
    whole = photo("PNG")
    texts = png_chunk(b"zTXt", b"c\0\0" + bomb) + png_chunk(b"iCCP", b"p\0\0" + bomb)
    return whole[:33] + texts + whole[33:]


def gif_of_size(width: int, height: int) -> bytes:
    """A GIF of one pixel on a canvas of many."""
    data = bytearray(as_bytes(Image.new("P", (1, 1)), "GIF"))
    data[6:10] = struct.pack("<HH", min(width, 65535), min(height, 65535))
    return bytes(data)


def film(kind: str, frames: int) -> bytes:
    """An animation of many frames, of which the first is a face."""
    others = [Image.new("RGB", (120, 120), (i % 256, 0, 0)) for i in range(frames)]
    return as_bytes(draw_face(), kind, save_all=True, append_images=others)


def iso_of_size(data: bytes, width: int, height: int) -> bytes:
    """An AVIF or HEIC whose picture is said to be of another size."""
    place = data.index(b"ispe") + 8
    return data[:place] + struct.pack(">II", width, height) + data[place + 8 :]


def noise(side: int) -> bytes:
    """A JPEG of which every pixel differs, and so takes many bytes wherever it goes."""
    pixels = np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8)
    return as_bytes(Image.fromarray(pixels), "JPEG", quality=90)


def zip_of_zeros() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("photo.jpg", bytes(30_000_000))
    return buffer.getvalue()


BOMBS: dict[str, Callable[[], bytes]] = {
    "webp of 34 bytes": lambda: webp_of_size(9400, 9400),
    "webp just within the limit": lambda: webp_of_size(7071, 7071),
    "jpeg of 88 megapixels": lambda: jpeg_of_size(9400, 9400),
    "jpeg just within the limit": lambda: jpeg_of_size(7071, 7071),
    "progressive jpeg just within": lambda: jpeg_of_size(7071, 7071, progressive=True),
    "cmyk-sized jpeg": lambda: jpeg_of_size(65_500, 65_500),
    "jpeg of many scans": jpeg_of_many_scans,
    "png of one column": lambda: png_header(1, 30_000_000),
    "png of zeros within": lambda: png_of_zeros(7000, 7000),
    "png of zeros beyond": lambda: png_of_zeros(12_000, 6000),
    "png with text bombs": png_with_text_bomb,
    "gif canvas beyond": lambda: gif_of_size(65_535, 65_535),
    "gif canvas within": lambda: gif_of_size(7000, 7000),
    "gif film": lambda: film("GIF", 400),
    "webp film": lambda: film("WEBP", 100),
    "avif of another size": lambda: iso_of_size(photo("AVIF"), 7000, 7000),
    "avif beyond": lambda: iso_of_size(photo("AVIF"), 60_000, 60_000),
    "heic of another size": lambda: iso_of_size(HEIC.read_bytes(), 7000, 7000),
    "heic beyond": lambda: iso_of_size(HEIC.read_bytes(), 60_000, 60_000),
    "zip of zeros": zip_of_zeros,
}

POLYGLOTS: dict[str, bytes] = {
    "html": b"<html><script>alert(1)</script></html>",
    "svg with an address": b'<svg xmlns="http://www.w3.org/2000/svg"><image href="http://127.0.0.1/'
    b'x"/></svg>',
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n(%pipe%id) (w) file\n",
    "pdf": b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>",
    "python": b"import os; os.system('id')\n",
    "elf": b"\x7fELF\x02\x01\x01" + bytes(100),
    "pickle": b"\x80\x04\x8c\x02os\x8c\x06system\x93.",
    "jpeg and html": photo() + b"<script>alert(1)</script>",
    "gif and script": b"GIF89a=1;alert(1)//" + bytes(200),
    "png and zip": photo("PNG") + b"PK\x03\x04" + bytes(100),
    "bmp": as_bytes(draw_face(), "BMP"),
    "tiff": as_bytes(draw_face(), "TIFF"),
    "jpeg 2000": as_bytes(draw_face(), "JPEG2000"),
    "one pixel": as_bytes(Image.new("RGB", (1, 1)), "PNG"),
    "three by one": as_bytes(Image.new("RGB", (3, 1)), "PNG"),
    "nothing": b"",
    "zeros": bytes(100_000),
}

ODD: dict[str, Callable[[], bytes]] = {
    "cmyk": lambda: as_bytes(draw_face().convert("CMYK")),
    "16 bit": grey_16_bit,
    "palette": lambda: as_bytes(draw_face().quantize(16), "PNG"),
    "black and white": lambda: as_bytes(draw_face().convert("1"), "PNG"),
    "grey with alpha": lambda: as_bytes(draw_face().convert("LA"), "PNG"),
    "progressive": lambda: photo(progressive=True),
    "broken exif": lambda: photo(exif=b"Exif\0\0II*\0\xff\xff\xff\xff"),
    "exif of garbage": lambda: photo(exif=b"Exif\0\0garbage"),
    "gif": lambda: photo("GIF"),
    "webp": lambda: photo("WEBP"),
    "avif": lambda: photo("AVIF"),
    "heic": HEIC.read_bytes,
    "upside down": lambda: as_phones_send(3),
    "panorama": lambda: as_bytes(draw_face(3000, 100)),
    **{f"orientation {n}": lambda n=n: turned_by_exif(draw_face(), n, "JPEG") for n in range(1, 9)},
}
"""Good photos of unusual kinds: each must be read."""

WHOLE = [photo(), photo("PNG"), photo("WEBP"), photo("AVIF"), photo("GIF"), HEIC.read_bytes()]


def spoilt(random_: random.Random) -> Iterator[bytes]:
    """Good photos that were cut, or had bytes changed, doubled or left out; without end."""
    while True:
        data = bytearray(random_.choice(WHOLE))
        for _ in range(random_.choice([1, 1, 2, 5, 50])):
            place = random_.randrange(max(1, len(data)))
            change = random_.randrange(5)
            if change == 0:
                data[place : place + 1] = bytes([random_.randrange(256)])
            elif change == 1:
                data[place : place + 4] = random_.choice(
                    [b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff"]
                )
            elif change == 2:
                del data[place : place + random_.randrange(1, 40)]
            elif change == 3:
                data[place:place] = data[place : place + random_.randrange(1, 200)]
            else:
                del data[max(place, 40) :]
        yield bytes(data)

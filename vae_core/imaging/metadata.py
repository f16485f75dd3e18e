"""Take off a file whatever its pixels do not need.

What a camera or an editor wrote beside a picture is nobody's business, and when it is damaged
Pillow may refuse the whole file: so it is gone before Pillow looks. Only EXIF is handed on apart,
for the orientation in it.
"""

import re
import struct
from collections.abc import Iterator

PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8"

PNG_PIXELS = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
"""The chunks that make the pixels (PNG 3rd edition, ch. 11); an animation's frames are not among
them."""

WEBP = re.compile(rb"RIFF....WEBPVP8([ LX])", re.DOTALL)

JPEG_SCAN = 0xDA
JPEG_END = 0xD9
JFIF, EXIF, ADOBE, COMMENT = 0xE0, 0xE1, 0xEE, 0xFE
JPEG_COLOURS = {JFIF: (b"JFIF\0", 14), ADOBE: (b"Adobe", 12)}
"""The two application segments that tell colours apart: how they begin, their shortest length."""

ISO_EXIF_ITEM = re.compile(rb"(infe[\x02\x03].{7,9})Exif", re.DOTALL)
"""The entry of an EXIF item in AVIF and HEIC (ISO/IEC 14496-12, 8.11.6)."""


def split_exif(data: bytes) -> tuple[bytes, bytes]:
    """Return the file without metadata, and its EXIF; files of other kinds as they are.

    AVIF and HEIC turn their pictures by properties of their own, which decoders follow; their
    EXIF is made to look like an item that nobody knows.
    """
    if data.startswith(PNG):
        return split_png(data)
    if data.startswith(JPEG):
        return split_jpeg(data)
    if data[4:8] == b"ftyp":
        return ISO_EXIF_ITEM.sub(rb"\1none", data), b""
    return data, b""


def split_png(data: bytes) -> tuple[bytes, bytes]:
    """Keep the chunks that make pixels; a damaged order or length is for the decoder to judge."""
    kept, exif = [PNG], b""
    for kind, chunk in png_chunks(data):
        if kind in PNG_PIXELS:
            kept.append(chunk)
        elif kind == b"eXIf":
            exif = chunk[8:-4]
    return b"".join(kept), exif


def png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield every chunk's kind and all of its bytes; the last may be cut short."""
    start = len(PNG)
    while start + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, start)
        end = start + length + 12
        yield kind, data[start:end]
        start = end


def split_jpeg(data: bytes) -> tuple[bytes, bytes]:
    """Drop application segments and comments, except those that tell the colours."""
    kept, exif = [JPEG], b""
    for marker, segment in jpeg_segments(data):
        payload = segment[4:]
        if marker == EXIF and payload.startswith(b"Exif\0\0"):
            exif = exif or payload
        if tells_pixels(marker, payload):
            kept.append(segment)
    return b"".join(kept), exif


def tells_pixels(marker: int, payload: bytes) -> bool:
    """Tell whether a decoder needs a segment of a JPEG."""
    if marker in JPEG_COLOURS:
        start, shortest = JPEG_COLOURS[marker]
        return payload.startswith(start) and len(payload) >= shortest
    return not (JFIF <= marker <= 0xEF or marker == COMMENT)


def jpeg_segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield marker and bytes of the segments before the first scan, then all the rest as one."""
    start = len(JPEG)
    while start + 4 <= len(data) and data[start] == 0xFF:
        marker = data[start + 1]
        if marker in (JPEG_SCAN, JPEG_END):
            break
        if marker == 0xFF:  # a byte of padding
            start += 1
            continue
        end = start + 2 + struct.unpack_from(">H", data, start + 2)[0]
        yield marker, data[start:end]
        start = end
    yield JPEG_SCAN, data[start:]


def webp_size(data: bytes) -> tuple[int, int] | None:
    """Return width and height of a WebP in pixels (RFC 9649), None of other files.

    Pillow sets memory aside before it tells the size.
    """
    found = WEBP.match(data)
    if not found or len(data) < 30:
        return None
    if found[1] == b"X":
        width, height = (int.from_bytes(data[place : place + 3], "little") for place in (24, 27))
        return width + 1, height + 1
    if found[1] == b"L":
        bits = int.from_bytes(data[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack_from("<HH", data, 26)
    return width & 0x3FFF, height & 0x3FFF

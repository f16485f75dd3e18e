"""PNG files, quicker than Pillow writes them.

Pillow tries five filters on every row, which takes as long as the packing. The one that subtracts
the row above packs faces nearly as well, and NumPy applies it to all rows at once.
"""

import struct
import zlib
from collections.abc import Mapping

import numpy as np
from PIL.PngImagePlugin import PngInfo

from vae_core.threads import in_threads, threads_for
from vae_core.types import Array

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOUR = {1: 0, 3: 2}
"""PNG's colour types, by channels: grey and RGB."""

HEAD = b"\x78\x01"
"""How a zlib stream begins that is packed quickly."""

WORTHWHILE = 200_000
"""Bytes from which on a second thread pays."""

UP = 2
"""The filter that subtracts the row above; all numbers are as in ISO/IEC 15948."""


def write_png(picture: Array, texts: Mapping[str, str]) -> bytes:
    """Picture (H, W, 1 | 3) uint8 -> PNG bytes; texts: what the file says besides, by keyword."""
    height, width, channels = picture.shape
    info = PngInfo()
    for keyword, text in texts.items():
        info.add_itxt(keyword, text)
    head = struct.pack(">2I5B", width, height, 8, COLOUR[channels], 0, 0, 0)
    said = (chunk(kind, data) for kind, data, *_ in info.chunks)
    pixels = chunk(b"IDAT", packed(filtered(picture.reshape(height, -1))))
    return b"".join([SIGNATURE, chunk(b"IHDR", head), *said, pixels, chunk(b"IEND", b"")])


def filtered(rows: Array) -> Array:
    """(H, W*C) -> (H, 1 + W*C): every row less the one above, behind the filter's number."""
    differences = np.empty((len(rows), 1 + rows.shape[1]), np.uint8)
    differences[:, 0] = UP
    differences[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=differences[1:, 1:])
    return differences


def packed(rows: Array) -> bytes:
    """Compress to one zlib stream (RFC 1950); of many rows, each thread packs some."""
    numbers = rows.size if rows.size >= WORTHWHILE else 0
    parts = np.array_split(rows, threads_for(numbers))
    pieces = in_threads(numbers, deflated, parts, [part is parts[-1] for part in parts])
    return b"".join([HEAD, *pieces, struct.pack(">I", zlib.adler32(rows.tobytes()))])


def deflated(rows: Array, last: bool) -> bytes:
    """Compress at zlib's quickest, looking for runs only: a face repeats nothing else.

    What is not the last of a stream ends with a byte, so that more can follow (RFC 1951).
    """
    packer = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS, strategy=zlib.Z_RLE)
    return packer.compress(rows.tobytes()) + packer.flush(
        zlib.Z_FINISH if last else zlib.Z_FULL_FLUSH
    )


def chunk(kind: bytes, data: bytes) -> bytes:
    """Return data with its length, kind and checksum."""
    check = zlib.crc32(data, zlib.crc32(kind))
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

"""Bytes that anyone may send -> an upright RGB photo, or a refusal written for the sender."""

import functools
import io
import re
import threading
import warnings
from dataclasses import dataclass

import numpy as np
from PIL import (
    AvifImagePlugin,
    ExifTags,
    GifImagePlugin,
    Image,
    JpegImagePlugin,
    PngImagePlugin,
    WebPImagePlugin,
)

from vae_core.errors import (
    PhotoError,
    PhotoTooLargeError,
    PhotoTooSmallError,
    UnreadablePhotoError,
)
from vae_core.imaging.metadata import split_exif

FORMATS = tuple(
    plugin.format
    for plugin in (
        JpegImagePlugin.JpegImageFile,
        PngImagePlugin.PngImageFile,
        WebPImagePlugin.WebPImageFile,
        AvifImagePlugin.AvifImageFile,
        GifImagePlugin.GifImageFile,
    )
)
"""The only decoders that untrusted bytes reach, HEIC's apart. Importing them here by name keeps
Pillow from importing all the forty that it has."""

SIGNATURE = re.compile(
    rb"\xff\xd8|\x89PNG|GIF8|RIFF....WEBP|....ftyp(avi[fs]|he[iv][cmsx]|mif1|msf1|miaf)", re.DOTALL
)
"""How files of these formats begin."""

WANTED = "Send a JPEG, PNG, WebP, AVIF, GIF or HEIC photo."
DAMAGED = "The photo is damaged or cut short; save or download it again and send that copy."

TRANSPOSE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What brings a picture upright, for each value of EXIF's orientation (TIFF 6.0, p. 36)."""

SIDEWAYS = (5, 6, 7, 8)

BACKGROUND = "white"
"""What shows through transparent pixels."""

OPENING = threading.Lock()
"""Muting warnings changes the whole process, so one thread at a time does it."""


@dataclass(frozen=True)
class PhotoLimits:
    """Sizes that are read: ``pixels`` in all, ``longest`` and ``shortest`` side in pixels."""

    pixels: int = 50_000_000
    longest: int = 12_000
    shortest: int = 32


@dataclass(frozen=True)
class Photo:
    """An upright photo of mode RGB, 8 bit.

    ``width`` and ``height`` are those of the full-size upright photo, the pixels that landmarks
    are given in. ``image`` may hold fewer: :func:`read_photo` reduces a JPEG when that is enough.
    """

    image: Image.Image
    width: int
    height: int


def read_photo(
    data: bytes, enough: int | None = None, limits: PhotoLimits = PhotoLimits()
) -> Photo:
    """Read the first frame of a JPEG, PNG, WebP, AVIF, GIF or HEIC file.

    Sizes are checked on the header, before any pixel is decoded. With ``enough``, a JPEG may be
    decoded at 1/2, 1/4 or 1/8 as long as its shorter side keeps that many pixels. Orientation is
    honoured; nothing else that the file says about the photo is kept.

    Raises UnreadablePhotoError, PhotoTooLargeError or PhotoTooSmallError.
    """
    if not data:
        raise UnreadablePhotoError(f"The file is empty. {WANTED}")
    try:
        return decode(data, enough, limits)
    except PhotoError:
        raise
    except (MemoryError, Image.DecompressionBombError):
        raise too_large(limits) from None
    except Exception as error:  # broken bytes raise whatever they like in Pillow
        raise UnreadablePhotoError(complaint(data)) from error


def decode(data: bytes, enough: int | None, limits: PhotoLimits) -> Photo:
    """Do what :func:`read_photo` promises, raising whatever Pillow raises."""
    pixels, exif = split_exif(data)
    image = open_image(pixels)
    check_size(image.size, limits)
    if exif:
        image.info["exif"] = exif
    orientation = read_orientation(image)
    width, height = image.size
    if enough is not None and image.format == "JPEG":
        image.draft(image.mode, (enough, enough))
    image.load()
    upright = turn(to_rgb(image), orientation)
    upright.info.clear()
    return Photo(upright, *((height, width) if orientation in SIDEWAYS else (width, height)))


def open_image(data: bytes) -> Image.Image:
    """Read the header. Pillow's warning of a large picture is muted: our limits are narrower."""
    formats = FORMATS
    if data[4:8] == b"ftyp":
        formats += (register_heif(),)
    with OPENING, warnings.catch_warnings(action="ignore"):
        return Image.open(io.BytesIO(data), formats=formats)


@functools.cache
def register_heif() -> str:
    """Teach Pillow to read HEIC, and return its name for it; imported for the first that comes."""
    import pi_heif

    pi_heif.register_heif_opener()
    return "HEIF"


def check_size(size: tuple[int, int], limits: PhotoLimits) -> None:
    """Raise PhotoTooLargeError or PhotoTooSmallError."""
    width, height = size
    if width * height > limits.pixels or max(size) > limits.longest:
        raise too_large(limits)
    if min(size) < limits.shortest:
        raise PhotoTooSmallError(
            f"The photo is only {width} x {height} pixels; "
            f"send one with at least {limits.shortest} pixels a side."
        )


def too_large(limits: PhotoLimits) -> PhotoTooLargeError:
    """Return the refusal of a photo beyond the limits."""
    return PhotoTooLargeError(
        f"The photo has too many pixels; send one of at most {limits.pixels / 1e6:g} megapixels "
        f"and {limits.longest:,} pixels a side."
    )


def read_orientation(image: Image.Image) -> int:
    """Return EXIF's orientation, 1 to 8; damaged metadata never costs the photo: it counts as 1."""
    try:
        with OPENING, warnings.catch_warnings(action="ignore"):
            value = image.getexif().get(ExifTags.Base.Orientation)
    except Exception:  # EXIF is as hostile as the picture
        return 1
    return value if isinstance(value, int) and value in TRANSPOSE else 1


def turn(image: Image.Image, orientation: int) -> Image.Image:
    """Bring a picture upright."""
    return image.transpose(TRANSPOSE[orientation]) if orientation in TRANSPOSE else image


def to_rgb(image: Image.Image) -> Image.Image:
    """Bring any mode to RGB: 16-bit grey is scaled, transparency laid over the background."""
    if image.mode.startswith("I"):
        return from_16_bit(image)
    if image.has_transparency_data:
        return flatten(image.convert("RGBA"))
    return image.convert("RGB")


def from_16_bit(image: Image.Image) -> Image.Image:
    """Scale 0..65535 to 0..255, where Pillow's own conversion would clip."""
    values = np.asarray(image)
    return Image.fromarray((values >> 8).astype(np.uint8)).convert("RGB")


def flatten(image: Image.Image) -> Image.Image:
    """Lay RGBA over the background."""
    background = Image.new("RGB", image.size, BACKGROUND)
    background.paste(image, mask=image)
    return background


def complaint(data: bytes) -> str:
    """Say what is wrong with bytes that could not be read."""
    if SIGNATURE.match(data):
        return DAMAGED
    if b"\0" not in data[:1024] and is_text(data[:1024]):
        return f"The file holds text, not a picture. {WANTED}"
    return f"The file is not a picture in a format that is read here. {WANTED}"


def is_text(data: bytes) -> bool:
    """Tell whether the beginning of a file is UTF-8."""
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return error.start > len(data) - 4  # cut in the middle of a character
    return True

"""Bytes that anyone may send -> an upright RGB photo, or a refusal written for the sender."""

import functools
import io
import math
import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

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
from vae_core.imaging.metadata import split_exif, webp_size

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

BYTES_A_PIXEL = {"JPEG": 14, "PNG": 13, "WEBP": 17, "AVIF": 13, "GIF": 14, "HEIF": 14}
"""Memory that reading takes at most, from the header to an upright RGB photo."""

OPENING = threading.Lock()
"""Muting warnings changes the whole process, so one thread at a time does it."""


@dataclass(frozen=True)
class PhotoLimits:
    """Sizes that are read: ``pixels`` in all, ``longest`` and ``shortest`` side in pixels.

    draft: how many pixels a photo keeps at most that is asked for with ``enough``.
    """

    pixels: int = 50_000_000
    longest: int = 12_000
    shortest: int = 32
    draft: int = 12_500_000


@dataclass(frozen=True)
class Photo:
    """An upright photo of mode RGB, 8 bit.

    ``width`` and ``height`` are those of the full-size upright photo, the pixels that landmarks
    are given in. ``image`` may hold fewer: :func:`read_photo` reduces it when that is enough.
    """

    image: Image.Image
    width: int
    height: int

    @classmethod
    def from_pixels(
        cls, pixels: memoryview, size: tuple[int, int], width: int, height: int
    ) -> "Photo":
        """Make one of the bytes of an RGB image of that size: its ``tobytes()``."""
        return cls(Image.frombytes("RGB", (size[0], size[1]), pixels), width, height)


class PhotoReader(Protocol):
    """What reads photos as :func:`read_photo` does, here or in another process."""

    def __call__(self, data: bytes, enough: float | None, limits: PhotoLimits) -> Photo:
        """Return the upright photo; PhotoError."""
        ...


@dataclass(frozen=True)
class OpenedPhoto:
    """A photo whose header was read, and none of its pixels."""

    data: bytes
    image: Image.Image
    orientation: int
    limits: PhotoLimits

    @property
    def cost(self) -> int:
        """Bytes of memory that :meth:`read` takes at most."""
        width, height = self.image.size
        return width * height * BYTES_A_PIXEL[self.image.format or ""]

    def read(self, enough: float | None = None) -> Photo:
        """Decode the pixels, as :func:`read_photo` says."""
        with refusals(self.data, self.limits):
            image, (width, height) = self.image, self.image.size
            if enough is not None and image.format == "JPEG":
                side = math.ceil(enough * (1 if enough > 1 else min(width, height)))
                image.draft(image.mode, (max(1, side),) * 2)
            image.load()
            rgb = to_rgb(image)
            if enough is not None and rgb.width * rgb.height > self.limits.draft:
                rgb = rgb.reduce(2)
            upright = turn(rgb, self.orientation)
            upright.info.clear()
            sideways = self.orientation in SIDEWAYS
            return Photo(upright, *((height, width) if sideways else (width, height)))


def read_photo(
    data: bytes, enough: float | None = None, limits: PhotoLimits = PhotoLimits()
) -> Photo:
    """Read the first frame of a JPEG, PNG, WebP, AVIF, GIF or HEIC file.

    Sizes are checked on the header, before any pixel is decoded. With ``enough``, a JPEG may be
    decoded at 1/2, 1/4 or 1/8 as long as its shorter side keeps that many pixels, or up to 1 that
    share of its pixels, and every photo of more than ``limits.draft`` pixels is halved.
    Orientation is honoured; nothing else that the file says about the photo is kept.

    Raises UnreadablePhotoError, PhotoTooLargeError or PhotoTooSmallError.
    """
    return open_photo(data, limits).read(enough)


def open_photo(data: bytes, limits: PhotoLimits = PhotoLimits()) -> OpenedPhoto:
    """Read a photo's header and check its size. Errors as of :func:`read_photo`."""
    if not data:
        raise UnreadablePhotoError(f"The file is empty. {WANTED}")
    with refusals(data, limits):
        if size := webp_size(data):
            check_size(size, limits)
        pixels, exif = split_exif(data)
        image = open_image(pixels)
        check_size(image.size, limits)
        if exif:
            image.info["exif"] = exif
        return OpenedPhoto(data, image, read_orientation(image), limits)


def opening_cost(data: bytes, limits: PhotoLimits) -> int:
    """Bytes of memory that :func:`open_photo` takes at most: copies of the file, mainly.

    For a WebP, libwebp sets two canvases aside at once, and leaves them untouched.
    """
    return 5 * len(data) + (8 * limits.pixels if webp_size(data) else 0)


@contextmanager
def refusals(data: bytes, limits: PhotoLimits) -> Iterator[None]:
    """Turn whatever Pillow raises over ``data`` into a sentence for the sender."""
    try:
        yield
    except PhotoError:
        raise
    except (MemoryError, Image.DecompressionBombError):
        raise too_large(limits) from None
    except Exception as error:  # broken bytes raise whatever they like in Pillow
        raise UnreadablePhotoError(complaint(data)) from error


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
        return flatten(image if image.mode == "RGBA" else image.convert("RGBA"))
    return image.convert("RGB")


def from_16_bit(image: Image.Image) -> Image.Image:
    """Scale 0..65535 to 0..255, where Pillow's own conversion would clip."""
    return image.point(lambda value: value * (1 / 256)).convert("L").convert("RGB")


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

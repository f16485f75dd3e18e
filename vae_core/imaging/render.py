"""Frames to bytes: one PNG, a strip, an animated GIF or WebP, a ZIP of PNGs.

A frame is (H, W, C) float in [0, 1], grey (C = 1) or RGB (C = 3); frames are (N, H, W, C).
"""

import io
import math
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image

from vae_core.imaging.photo import Photo
from vae_core.imaging.png import write_png
from vae_core.timing import playing_order
from vae_core.types import Array

JPEG_QUALITY = 95

WEBP_QUALITY = 90

SAMPLE = 256
"""Pixels of the longer side in which a larger picture's 256 colours are looked for: looking for
them among all its pixels takes seconds, in which nothing else is done."""

MADE = "Made by a model: dogpeople, a variational autoencoder."
"""What a file that is taken along says of itself."""

XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/\
compositeWithTrainedAlgorithmicMedia"/>
</rdf:RDF></x:xmpmeta>"""
"""The same for programs, in the words of the IPTC (Photo Metadata Standard 2023.2)."""

MARK = {"Description": MADE, "XML:com.adobe.xmp": XMP}

PROJECT = "dogpeople"
"""The keyword of the text from which a saved strip is opened again."""


def round_to_bytes(frames: Array) -> Array:
    """Round floats in [0, 1], any shape, to the nearest of 0..255, uint8; cut off the rest."""
    levels = np.clip(frames, 0.0, 1.0)
    levels *= 255.0
    return interleaved(np.rint(levels, out=levels).astype(np.uint8))


def interleaved(pixels: Array) -> Array:
    """Return (..., C) with a pixel's colours side by side in memory, as files want them.

    ``ascontiguousarray`` takes four times as long for what comes in planes.
    """
    if pixels.flags.c_contiguous:
        return pixels
    together = np.empty(pixels.shape, pixels.dtype)
    for channel in range(pixels.shape[-1]):
        together[..., channel] = pixels[..., channel]
    return together


def side_by_side(frames: Array) -> Array:
    """Lay frames in a row: (N, H, W, C) -> (H, N*W, C)."""
    n, height, width, channels = frames.shape
    return frames.transpose(1, 0, 2, 3).reshape(height, n * width, channels)


def in_rows(frames: Array, columns: int) -> Array:
    """Lay frames in rows of so many: (N, H, W, C) -> (N / columns * H, columns * W, C)."""
    rows = frames.reshape(-1, columns, *frames.shape[1:])
    return np.concatenate([side_by_side(row) for row in rows])


def render_png(picture: Array, texts: Mapping[str, str] | None = None) -> bytes:
    """One picture (H, W, C) in [0, 1] -> PNG bytes, grey or RGB as C is 1 or 3.

    texts: what the file says besides, by keyword.
    """
    return write_png(round_to_bytes(picture), texts or {})


def render_strip(frames: Array, project: str = "") -> bytes:
    """Frames (N, H, W, C) in [0, 1] -> one PNG, H pixels high and N*W wide.

    project: a text in the file from which its morph can be made again.
    """
    texts = MARK | ({PROJECT: project} if project else {})
    return write_png(side_by_side(round_to_bytes(frames)), texts)


def render_jpeg(frames: Array) -> bytes:
    """Frames (N, H, W, C) in [0, 1] -> the same strip as a JPEG, for the eye the same."""
    image = to_image(side_by_side(round_to_bytes(frames)))
    return save(image, "JPEG", quality=JPEG_QUALITY, subsampling=0)


def render_gif(frames: Array, fps: float = 12.0, order: Array | None = None) -> bytes:
    """Frames (N, H, W, C) in [0, 1] -> a GIF that loops for ever.

    order: (n,) the numbers of the frames as they are shown; there and back when left out. Grey is
    exact; colour is 256 colours a frame.
    A GIF counts time in hundredths of a second, and browsers slow down anything under two of them.
    """
    hundredths = max(2, round(100 / fps))
    images = [palette_image(frame) for frame in round_to_bytes(frames)]
    return save_animation(
        images,
        order,
        "GIF",
        duration=10 * hundredths,
        disposal=1,
        optimize=False,
        comment=MADE.encode(),
    )


def render_webp(frames: Array, fps: float = 12.0, order: Array | None = None) -> bytes:
    """Return the same as an animated WebP, slightly lossy."""
    images = [to_image(frame).convert("RGB") for frame in round_to_bytes(frames)]
    duration = max(1, round(1000 / fps))
    return save_animation(
        images, order, "WEBP", duration=duration, quality=WEBP_QUALITY, method=2, xmp=XMP.encode()
    )


def render_zip(frames: Array) -> bytes:
    """Frames (N, H, W, C) in [0, 1] -> a ZIP of PNGs, numbered from 1 in their order."""
    buffer = io.BytesIO()
    digits = len(str(len(frames)))
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as folder:  # a PNG is packed already
        for number, frame in enumerate(frames, 1):
            folder.writestr(f"{number:0{digits}}.png", render_png(frame, MARK))
    return buffer.getvalue()


def render_preview(photo: Photo, longest: int) -> bytes:
    """Photo -> a WebP whose longer side has at most so many pixels; slightly lossy."""
    shrink = max(1.0, photo.width / longest, photo.height / longest)
    size = (max(1, round(photo.width / shrink)), max(1, round(photo.height / shrink)))
    small = photo.image.resize(size, reducing_gap=2.0) if size != photo.image.size else photo.image
    return save(small, "WEBP", quality=WEBP_QUALITY, method=2)


def to_image(picture: Array) -> Image.Image:
    """Wrap uint8 (H, W, 1 | 3) as a Pillow image of mode L or RGB."""
    return Image.fromarray(picture[:, :, 0] if picture.shape[2] == 1 else picture)


def palette_image(picture: Array) -> Image.Image:
    """Reduce RGB to its own 256 colours without dither, which would crawl; grey stays as it is."""
    image = to_image(picture)
    if image.mode == "L":
        return image
    step = math.ceil(max(image.size) / SAMPLE)
    sample = to_image(np.ascontiguousarray(picture[::step, ::step]))
    few = sample.quantize(256, dither=Image.Dither.NONE)
    return few if step == 1 else image.quantize(palette=few, dither=Image.Dither.NONE)


def save_animation(
    images: list[Image.Image], order: Array | None, kind: str, **options: Any
) -> bytes:
    """Encode images, in an order, as one file that loops for ever."""
    shown = playing_order(len(images)) if order is None else order
    first, *others = (images[k] for k in shown)
    return save(first, kind, save_all=True, append_images=others, loop=0, **options)


def save(image: Image.Image, kind: str, **options: Any) -> bytes:
    """Encode an image in one of Pillow's formats."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()

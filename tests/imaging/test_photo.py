import contextlib
import os
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.imaging.photos import (
    BLUE,
    GREEN,
    HEIC,
    RED,
    WHITE,
    corner_colours,
    corners,
    encode,
    jpeg_with_segment,
    png_chunk,
    png_header,
    turned_by_exif,
)
from vae_core.errors import (
    PhotoError,
    PhotoTooLargeError,
    PhotoTooSmallError,
    UnreadablePhotoError,
)
from vae_core.imaging.photo import Photo, PhotoLimits, read_photo

FORMATS = ["JPEG", "PNG", "WEBP", "AVIF", "GIF"]
FILES = {kind: encode(corners(), kind) for kind in FORMATS} | {"HEIC": HEIC}
UPRIGHT = [RED, GREEN, BLUE, WHITE]


def grey_of(photo: Photo) -> list[int]:
    return np.asarray(photo.image)[0, :, 0].tolist()


@pytest.mark.parametrize("kind", FILES)
def test_every_promised_format_is_read(kind):
    photo = read_photo(FILES[kind])
    assert (photo.width, photo.height, photo.image.size) == (64, 48, (64, 48))
    assert photo.image.mode == "RGB"
    assert corner_colours(photo.image) == UPRIGHT


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_photos_come_upright_from_every_orientation(kind, orientation):
    photo = read_photo(turned_by_exif(corners(), orientation, kind))
    assert (photo.width, photo.height) == photo.image.size == (64, 48)
    assert corner_colours(photo.image) == UPRIGHT


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_reduced_photo_is_upright_and_keeps_its_full_size_in_mind(orientation):
    data = turned_by_exif(corners(1000, 600), orientation, "JPEG")
    photo = read_photo(data, enough=100)
    assert (photo.width, photo.height) == (1000, 600)
    assert photo.image.size == (250, 150)
    assert corner_colours(photo.image) == UPRIGHT


@given(st.integers(32, 300), st.integers(32, 300), st.integers(1, 400))
def test_a_reduced_photo_keeps_enough_pixels(width, height, enough):
    data = encode(Image.new("RGB", (width, height)), "JPEG")
    photo = read_photo(data, enough)
    assert min(photo.image.size) >= min(enough, width, height)
    assert (photo.width, photo.height) == (width, height)


@pytest.mark.parametrize(
    ("share", "size"), [(1.0, 800), (0.51, 800), (0.5, 400), (0.2, 200), (0.0, 100)]
)
def test_a_share_of_a_photos_pixels_can_be_asked_for(share, size):
    photo = read_photo(encode(Image.new("RGB", (1200, 800)), "JPEG"), share)
    assert min(photo.image.size) == size


def test_a_photo_is_not_reduced_unasked():
    assert read_photo(encode(corners(1000, 600), "JPEG")).image.size == (1000, 600)


def test_16_bit_grey_is_scaled_and_not_clipped():
    ramp = np.tile(np.linspace(0, 65535, 256).astype(np.uint16), (32, 1))
    assert grey_of(read_photo(encode(Image.fromarray(ramp), "PNG"))) == list(range(256))


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "YCbCr"])
def test_every_colour_mode_becomes_rgb(mode):
    kind = "JPEG" if mode in ("CMYK", "YCbCr") else "PNG"
    photo = read_photo(encode(Image.new("RGB", (40, 40), "white").convert(mode), kind))
    assert photo.image.mode == "RGB"
    assert min(photo.image.getpixel((20, 20))) >= 250


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "AVIF", "GIF"])
def test_what_is_transparent_becomes_white(kind):
    image = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    assert min(read_photo(encode(image, kind)).image.getpixel((20, 20))) >= 250


@pytest.mark.parametrize("mode", ["LA", "P"])
def test_transparency_of_grey_and_palettes_is_seen(mode):
    image = Image.new("RGBA", (40, 40), (90, 90, 90, 255))
    image.paste((0, 0, 0, 0), (0, 0, 20, 40))
    photo = read_photo(encode(image.convert(mode), "PNG"))
    assert photo.image.getpixel((5, 5)) == (255, 255, 255)
    assert photo.image.getpixel((35, 5)) == (90, 90, 90)


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "AVIF"])
def test_only_the_first_frame_is_seen(kind):
    black = Image.new("RGB", (64, 48))
    data = encode(corners(), kind, save_all=True, append_images=[black, black])
    assert corner_colours(read_photo(data).image) == UPRIGHT


def test_an_empty_file_is_refused_politely():
    with pytest.raises(UnreadablePhotoError, match="empty"):
        read_photo(b"")


@pytest.mark.parametrize("text", ["Dear friend,\n" * 99, "ein Hündchen " * 99, "{}"])
def test_a_text_file_is_refused_politely(text):
    with pytest.raises(UnreadablePhotoError, match="text, not a picture"):
        read_photo(text.encode())


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("part", [0.3, 0.6, 0.95])
def test_a_truncated_photo_is_refused_politely(kind, part):
    noise = Image.effect_noise((64, 48), 60)
    data = HEIC if kind == "HEIC" else encode(noise, kind)
    with pytest.raises(UnreadablePhotoError, match="damaged or cut short"):
        read_photo(data[: int(part * len(data))])


@pytest.mark.parametrize("kind", ["TIFF", "BMP", "PPM", "ICO", "PDF", "TGA", "JPEG2000"])
def test_formats_that_are_not_promised_never_reach_a_decoder(kind):
    with pytest.raises(UnreadablePhotoError, match="not a picture"):
        read_photo(encode(corners(), kind))


def test_a_film_is_refused_politely():
    with pytest.raises(UnreadablePhotoError, match="format that is read"):
        read_photo(b"\0\0\0\x18ftypisom" + bytes(100))


@pytest.mark.parametrize(
    "size",
    [
        (1, 30_000_000),
        (12_001, 100),
        (100, 12_001),
        (8_000, 8_000),
        (9_600, 9_600),
        (60_000, 60_000),
    ],
)
def test_too_many_pixels_are_refused_on_the_header(size):
    with pytest.raises(PhotoTooLargeError, match="50 megapixels and 12,000 pixels"):
        read_photo(png_header(*size))


def test_a_tiny_webp_of_many_pixels_is_refused_on_the_header():
    bits = struct.pack("<BI", 0x2F, (9_399 << 14) | 9_399)
    chunk = b"VP8L" + struct.pack("<I", 14) + bits + b"\x07\x10\x11\x11\x88\x88\xfe\x07\x00"
    with pytest.raises(PhotoError):
        read_photo(b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk)


@pytest.mark.parametrize("size", [(31, 100), (100, 31), (1, 1)])
def test_too_few_pixels_are_refused_with_the_least_that_is_read(size):
    with pytest.raises(PhotoTooSmallError, match="at least 32 pixels a side"):
        read_photo(encode(Image.new("RGB", size), "PNG"))


def test_limits_can_be_set():
    limits = PhotoLimits(pixels=4000, longest=63, shortest=8)
    assert read_photo(encode(corners(60, 8), "PNG"), limits=limits).height == 8
    for size in ((64, 48), (63, 64), (64, 8)):
        with pytest.raises(PhotoTooLargeError):
            read_photo(encode(corners(*size), "PNG"), limits=limits)


def test_a_photo_at_the_limits_is_read():
    assert read_photo(encode(Image.new("L", (12_000, 32)), "PNG")).width == 12_000


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "PNG"])
@pytest.mark.parametrize(
    "exif",
    [
        b"Exif\0\0garbage",
        b"Exif\0\0II*\0\x08\0\0\0\xff\xff",
        b"Exif\0\0II*\0\xff\xff\xff\xff",
        b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x09\0\0\0\0\0\0",
    ],
)
def test_damaged_exif_never_costs_the_photo(kind, exif):
    photo = read_photo(encode(corners(), kind, exif=exif))
    assert corner_colours(photo.image) == UPRIGHT


@given(st.sampled_from(["JPEG", "WEBP", "PNG", "AVIF"]), st.data())
def test_no_change_inside_exif_costs_the_photo(kind, data):
    whole = turned_by_exif(corners(48, 48), 6, kind)
    start = max(whole.find(b"MM\0*"), whole.find(b"II*\0"))
    assert start > 0
    spoilt = bytearray(whole)
    for place in data.draw(st.lists(st.integers(0, 25), min_size=1, max_size=4)):
        spoilt[start + place] = data.draw(st.integers(0, 255))
    assert read_photo(bytes(spoilt)).image.size == (48, 48)


@given(
    st.sampled_from([0xE0, 0xE1, 0xE2, 0xED, 0xEE, 0xFE]),
    st.sampled_from(
        [b"", b"JFIF\0", b"Exif\0\0", b"MPF\0II*\0", b"Photoshop 3.0\x008BIM", b"Adobe"]
    ),
    st.binary(max_size=40),
)
def test_no_odd_segment_costs_a_jpeg(marker, start, rest):
    assert read_photo(jpeg_with_segment(marker, start + rest)).image.size == (64, 48)


@pytest.mark.parametrize("kind", [b"tEXt", b"zTXt", b"iCCP", b"pHYs", b"gAMA", b"acTL", b"eXIf"])
def test_no_odd_chunk_costs_a_png(kind):
    png = FILES["PNG"]
    photo = read_photo(png[:33] + png_chunk(kind, b"x") + png[33:])
    assert corner_colours(photo.image) == UPRIGHT


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_nothing_that_the_file_says_about_the_photo_is_kept(kind):
    exif = Image.Exif()
    exif[0x010F] = "SECRET camera"
    exif.get_ifd(0x8825)[29] = "SECRET place"
    options = {"exif": exif, "xmp": b"<x>SECRET</x>", "icc_profile": b"SECRET", "comment": "SECRET"}
    if kind == "AVIF":
        del options["icc_profile"]
    data = encode(corners(), kind, **options)
    assert b"SECRET" in data
    image = read_photo(data).image
    assert image.info == {}
    assert dict(image.getexif()) == {}
    assert b"SECRET" not in repr(vars(image)).encode()


def test_refusals_do_not_quote_the_file_or_the_program():
    for data in (b"", b"x", os.urandom(100), FILES["PNG"][:100], png_header(1, 10**8)):
        with pytest.raises(PhotoError) as caught:
            read_photo(data)
        sentence = str(caught.value)
        assert sentence.endswith(".")
        assert not any(word in sentence for word in ("Error", "PIL", "0x", "BytesIO", "/", "Trace"))


@given(
    st.sampled_from(
        [b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF\0\0\0\0WEBPVP8 "]
    )
    | st.sampled_from([b"\0\0\0\x20ftypavif", b"\0\0\0\x20ftypheic", b"BM", b"II*\0"]),
    st.binary(max_size=300),
)
def test_any_bytes_give_a_photo_or_a_refusal(start, rest):
    with contextlib.suppress(PhotoError):
        assert read_photo(start + rest).image.mode == "RGB"


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(sorted(FILES)), st.data())
def test_any_change_of_a_file_gives_a_photo_or_a_refusal(kind, data):
    spoilt = bytearray(FILES[kind])
    for _ in range(data.draw(st.integers(1, 5))):
        place = data.draw(st.integers(0, len(spoilt) - 1))
        spoilt[place] = data.draw(st.integers(0, 255))
    limits = PhotoLimits(pixels=1_000_000)
    with contextlib.suppress(PhotoError):
        assert read_photo(bytes(spoilt), enough=40, limits=limits).image.mode == "RGB"

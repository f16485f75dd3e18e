import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from vae_core.imaging.render import (
    render_gif,
    render_png,
    render_strip,
    render_webp,
    render_zip,
)


@pytest.fixture(params=[1, 3], ids=["grey", "rgb"])
def frames(request, rng):
    return rng.random((5, 12, 10, request.param), np.float32)


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def pixels_of(data: bytes) -> np.ndarray:
    return np.asarray(opened(data))


def rounded(frames: np.ndarray) -> np.ndarray:
    return np.floor(frames * 255 + 0.5).astype(np.uint8)


def test_a_png_holds_every_pixel_rounded_to_the_nearest_level(frames):
    expected = rounded(frames[0])
    np.testing.assert_array_equal(pixels_of(render_png(frames[0])), expected.squeeze())


def test_every_level_survives():
    levels = np.arange(256, dtype=np.float32).reshape(1, 256, 1) / 255
    assert pixels_of(render_png(levels)).ravel().tolist() == list(range(256))


def test_values_outside_are_cut_off():
    picture = np.array([[[-0.5], [1.5]]], np.float32)
    assert pixels_of(render_png(picture)).ravel().tolist() == [0, 255]


def test_a_strip_has_its_frames_side_by_side(frames):
    strip = pixels_of(render_strip(frames))
    assert strip.shape[:2] == (12, 50)
    for i, frame in enumerate(rounded(frames)):
        np.testing.assert_array_equal(strip[:, 10 * i : 10 * (i + 1)], frame.squeeze())


def test_a_grey_strip_is_a_grey_png(frames):
    assert opened(render_strip(frames)).mode == ("L" if frames.shape[3] == 1 else "RGB")


@pytest.mark.parametrize("render", [render_gif, render_webp])
@pytest.mark.parametrize(("order", "count"), [(None, 8), ([0, 1, 2, 3, 4], 5), ([3, 0, 3, 1], 4)])
def test_an_animation_loops_there_and_back_or_as_it_is_told(render, order, count, frames):
    image = opened(render(frames, fps=20, order=order))
    assert (image.size, image.n_frames, image.info["loop"]) == ((10, 12), count, 0)
    image.load()
    assert image.info["duration"] == 50


@pytest.mark.parametrize("render", [render_gif, render_webp])
def test_one_frame_is_animation_enough(render, frames):
    assert opened(render(frames[:1])).size == (10, 12)


def test_a_grey_gif_is_exact(frames):
    grey = frames[:, :, :, :1]
    image = opened(render_gif(grey, order=np.arange(5)))
    for i, frame in enumerate(rounded(grey)):
        image.seek(i)
        np.testing.assert_array_equal(np.asarray(image.convert("L")), frame[:, :, 0])


@pytest.mark.parametrize("render", [render_gif, render_webp])
def test_an_animation_resembles_its_frames(render):
    shades = np.linspace(0.1, 0.9, 4, dtype=np.float32).reshape(4, 1, 1, 1)
    frames = shades * np.array([1.0, 0.5, 0.2], np.float32) * np.ones((4, 32, 32, 3), np.float32)
    image = opened(render(frames, order=np.arange(4)))
    for i, frame in enumerate(frames):
        image.seek(i)
        np.testing.assert_allclose(np.asarray(image.convert("RGB")) / 255, frame, atol=0.03)


@pytest.mark.parametrize("side", [200, 256, 257, 600])
def test_a_colour_gif_is_close_to_its_frames_however_large_they_are(side):
    x, y = np.meshgrid(*2 * [np.linspace(0, 1, side, dtype=np.float32)])
    frame = np.stack([x, y, (x + y) / 2], axis=2)
    gif = Image.open(io.BytesIO(render_gif(frame[None])))
    seen = np.asarray(gif.convert("RGB"), np.float32) / 255
    assert len(np.unique(seen.reshape(-1, 3), axis=0)) <= 256
    assert np.abs(seen - frame).mean() < 0.02


def test_browsers_do_not_slow_down_a_quick_gif(frames):
    image = opened(render_gif(frames, fps=1000))
    assert image.info["duration"] == 20


def test_a_zip_has_every_frame_in_order(frames):
    many = np.concatenate([frames, frames])
    with zipfile.ZipFile(io.BytesIO(render_zip(many))) as folder:
        assert folder.namelist() == [f"{n:02}.png" for n in range(1, 11)]
        for name, frame in zip(folder.namelist(), rounded(many), strict=True):
            np.testing.assert_array_equal(pixels_of(folder.read(name)), frame.squeeze())

"""Photos that the benchmarks draw: nobody's face, with as much detail as a camera's."""

import io

import numpy as np
from PIL import Image, ImageDraw

from benchmarks.report import ROOT
from vae_core.checkpoint import load_checkpoint
from vae_core.imaging.landmarks import Landmarks
from vae_core.types import Array

QUALITY = 90

FACE = {
    "left_eye": (0.38, 0.42),
    "right_eye": (0.62, 0.42),
    "nose": (0.5, 0.6),
    "mouth": (0.5, 0.7),
}
"""Where the drawn face has its landmarks, as shares of width and height."""


def draw_jpeg(width: int, height: int, seed: int) -> bytes:
    """Draw a face on a busy background."""
    photo = Image.fromarray(texture(width, height, np.random.default_rng(seed)))
    draw = ImageDraw.Draw(photo)
    draw.ellipse((0.2 * width, 0.1 * height, 0.8 * width, 0.9 * height), outline="#c98d5a", width=9)
    for x, y in FACE.values():
        radius = 0.05 * width
        box = (x * width - radius, y * height - radius, x * width + radius, y * height + radius)
        draw.ellipse(box, fill="#231a14")
    buffer = io.BytesIO()
    photo.save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()


def decoded_jpeg(width: int, height: int, which: str, busy: bool = True) -> bytes:
    """Put a face that the flagship decodes, "friend" or "dog", before a background.

    busy: whether there is as much to see in it as in a photo; otherwise it is the face's, blurred.
    """
    model = load_checkpoint(ROOT / "models" / "flagship.safetensors")
    latent = np.array(model.metadata["example"][which], np.float32)
    face = Image.fromarray((255 * model.decode(latent[None])[0]).astype(np.uint8))
    side = round(0.6 * min(width, height))
    photo = face.resize((3, 3)).resize((width, height), Image.Resampling.BICUBIC)
    if busy:
        photo = Image.fromarray(texture(width, height, np.random.default_rng(3)))
    face = face.resize((side, side), Image.Resampling.BICUBIC)
    photo.paste(face, ((width - side) // 2, (height - side) // 2))
    buffer = io.BytesIO()
    photo.save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()


def texture(width: int, height: int, rng: np.random.Generator) -> Array:
    """Noise of every scale, weaker the finer it is, as in nature: (H, W, 3) uint8."""
    total = np.full((height, width, 3), 128.0)
    for cells in (4, 16, 64, 256, width):
        noise = rng.standard_normal((cells, cells, 3)) * 40 + 128
        coarse = Image.fromarray(np.clip(noise, 0, 255).astype(np.uint8))
        fine = coarse.resize((width, height), Image.Resampling.BICUBIC)
        total += (np.asarray(fine) - 128.0) * (4 / cells) ** 0.3
    pixels: Array = np.clip(total, 0, 255).astype(np.uint8)
    return pixels


def landmarks(width: int, height: int) -> Landmarks:
    """Return the landmarks of a drawn photo, in its pixels."""
    return Landmarks(**{name: (x * width, y * height) for name, (x, y) in FACE.items()})

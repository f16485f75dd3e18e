"""How good the morphs of held-out photos are, in numbers: ends, sharpness, doubles, dogness."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from vae_core.checkpoint import Checkpoint
from vae_core.data.sample import Sample
from vae_core.data.sources import pictures
from vae_core.encoded import Encoded, encode_photo
from vae_core.errors import DataError, LandmarksError, PhotoError
from vae_core.finder.faces import best_face
from vae_core.finder.find import Finder
from vae_core.imaging.align import Frame, align
from vae_core.imaging.lighting import measure_light
from vae_core.imaging.photo import Photo
from vae_core.imaging.warp import shrink
from vae_core.judges import SIDE, DogJudge, DoubleJudge
from vae_core.metrics import gradient_energy
from vae_core.morph import Manner, morph
from vae_core.types import Array

MIDDLE = (0.35, 0.65)
"""Positions whose frames count as the middle of a morph."""

SLACK = 0.02
"""By how much the probability of a dog may fall from one frame to the next, and still rise."""


class Pictures(NamedTuple):
    """Aligned pictures as the judges see them, (N, 64, 64, C), and which are dogs, (N,) 0 or 1."""

    x: Array
    dogs: Array


@dataclass(frozen=True)
class Pair:
    """A friend and a dog of the test split."""

    friend: Encoded
    dog: Encoded


def samples_of(folder: Path, split: str, species: str) -> list[Sample]:
    """Return a species' pictures of a split, those with all landmarks; DataError for none."""
    found = [
        sample
        for sample in pictures(folder)
        if (sample.split, sample.species) == (split, species)
        and sample.landmarks
        and sample.landmarks.nose
        and sample.landmarks.mouth
    ]
    if not found:
        raise DataError(f"{folder} has no pictures of the {split} split of a {species}.")
    return found


def judges_frame(frame: Frame) -> Frame:
    """Return the frame in which the judges see faces: the model's, of their size."""
    return replace(frame, height=SIDE, width=SIDE)


def judged_pictures(
    folder: Path, frame: Frame, split: str, count: int, seed: int = 0
) -> Iterator[tuple[Array, bool]]:
    """Yield aligned pictures (64, 64, C), half of them dogs', in random order; and which are."""
    rng = np.random.default_rng(seed)
    chosen = [
        sample
        for species in ("person", "dog")
        for sample in drawn(samples_of(folder, split, species), count // 2, rng)
    ]
    for sample in drawn(chosen, len(chosen), rng):
        with suppress(OSError, PhotoError, LandmarksError):
            crop = align(photo_of(sample), judges_frame(frame), sample.landmarks, sample.species)
            yield crop.pixels, sample.species == "dog"


def photo_of(sample: Sample) -> Photo:
    """Read a sample of whole photos. Raises OSError or PhotoError."""
    photo = sample.read()
    assert isinstance(photo, Photo)
    return photo


def collected(found: Iterator[tuple[Array, bool]]) -> Pictures:
    """Stack pictures."""
    x, dogs = zip(*found, strict=True)
    return Pictures(np.stack(x), np.array(dogs, float))


def drawn(samples: Sequence[Sample], count: int, rng: np.random.Generator) -> list[Sample]:
    """Draw that many, each at most once."""
    order = rng.permutation(len(samples))[:count]
    return [samples[k] for k in order]


def held_out_pairs(
    checkpoint: Checkpoint,
    folder: Path,
    count: int,
    finder: Finder | None = None,
    side: int = 0,
    seed: int = 0,
) -> Iterator[Pair]:
    """Yield random friends and dogs of the test split, found by the finder where it finds them.

    A picture that cannot be read or aligned is passed over.
    """
    rng = np.random.default_rng(seed)
    found = (samples_of(folder, "test", species) for species in ("person", "dog"))
    friends, dogs = (
        readable(checkpoint, drawn(samples, len(samples), rng), finder, side) for samples in found
    )
    for friend, dog in islice(zip(friends, dogs, strict=False), count):
        yield Pair(friend, dog)


def readable(
    checkpoint: Checkpoint, samples: Sequence[Sample], finder: Finder | None, side: int
) -> Iterator[Encoded]:
    """Encode one sample after another, as visitors' photos would be."""
    for sample in samples:
        with suppress(OSError, PhotoError, LandmarksError):
            yield encode_sample(checkpoint, sample, finder, side)


def encode_sample(
    checkpoint: Checkpoint, sample: Sample, finder: Finder | None, side: int
) -> Encoded:
    """Encode a sample. Raises OSError, PhotoError or LandmarksError."""
    photo = photo_of(sample)
    faces = [f for f in finder.find(photo) if f.species == sample.species] if finder else []
    landmarks = best_face(faces, sample.species).landmarks if faces else sample.landmarks
    return encode_photo(checkpoint, photo, landmarks, sample.species, side)


@dataclass(frozen=True)
class Report:
    """What was measured of one morph.

    ends: the largest difference from the photos.  sharpness: mean gradient energy of the middle
    frames over that of the ends.  double, dissolved: log-odds of two faces in each middle frame,
    and in a plain cross-dissolve's.  dogness: probability of a dog in every frame.  evenness: the
    largest change from one frame to the next over the mean change.
    """

    frames: Array
    ends: float
    sharpness: float
    double: Array
    dissolved: Array
    dogness: Array
    evenness: float

    @property
    def rises(self) -> bool:
        """Whether each frame is as much of a dog as the one before, and the last one is one."""
        return bool((np.diff(self.dogness) > -SLACK).all() and self.dogness[-1] > self.dogness[0])


def measure(
    checkpoint: Checkpoint, pair: Pair, manner: Manner, doubles: DoubleJudge, dogs: DogJudge
) -> Report:
    """Morph a pair and measure it."""
    result = morph(checkpoint, pair.friend, pair.dog, manner)
    frames, (first, last) = result.frames, (pair.friend.portrait, pair.dog.portrait)
    t = np.linspace(0, 1, len(frames))
    middle = (t >= MIDDLE[0]) & (t <= MIDDLE[1])
    share = t[middle].astype(np.float32)[:, None, None, None]
    dissolved = (1 - share) * first + share * last
    light = checkpoint.frame.light
    energy = gradient_energy(frames)
    changes = np.sqrt(np.square(np.diff(frames, axis=0)).mean(axis=(1, 2, 3)))
    return Report(
        frames=frames,
        ends=float(max(abs(frames[0] - first).max(), abs(frames[-1] - last).max())),
        sharpness=over(energy[middle].mean(), energy[[0, -1]].mean()),
        double=doubles.odds(as_judged(frames[middle], light)),
        dissolved=doubles.odds(as_judged(dissolved, light)),
        dogness=probability(dogs.odds(as_judged(frames, light))),
        evenness=over(changes.max(), changes.mean()),
    )


def over(part: float, whole: float) -> float:
    """Return a share; of nothing, as flat pictures have it, the whole is there."""
    return float(part / whole) if whole > 0 else 1.0


def as_judged(frames: Array, light: tuple[float, float] | None) -> Array:
    """Bring frames (T, H, W, C) to the judges' size and light."""
    small = np.stack([np.clip(shrink(frame, SIDE, SIDE), 0, 1) for frame in frames])
    if light is None:
        return small
    return np.stack([measure_light(x, light).normalise(x) for x in small])


def probability(odds: Array) -> Array:
    """Log-odds -> probability."""
    p: Array = 0.5 + 0.5 * np.tanh(0.5 * odds)
    return p


def summary(reports: Sequence[Report]) -> dict[str, Any]:
    """Return the means over all morphs, plain JSON."""
    double = np.concatenate([r.double for r in reports]) > 0
    dissolved = np.concatenate([r.dissolved for r in reports]) > 0
    return {
        "morphs": len(reports),
        "ends": max(r.ends for r in reports),
        "sharpness": float(np.mean([r.sharpness for r in reports])),
        "least_sharp": min(r.sharpness for r in reports),
        "double": float(double.mean()),
        "dissolve_double": float(dissolved.mean()),
        "rising": float(np.mean([r.rises for r in reports])),
        "evenness": float(np.mean([r.evenness for r in reports])),
    }

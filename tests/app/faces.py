"""A finder that finds what a test says, and the faces that it says so of."""

from collections.abc import Mapping
from dataclasses import dataclass

from vae_core.finder.faces import Face
from vae_core.imaging.landmarks import Landmarks
from vae_core.imaging.photo import Photo


@dataclass(frozen=True)
class FakeFinder:
    """Knows photos by their width and height; in others it finds nothing."""

    photos: Mapping[tuple[int, int], list[Face]]

    def find(self, photo: Photo) -> list[Face]:
        return self.photos.get((photo.width, photo.height), [])


def face_at(x: float, y: float, eyes: float, species: str = "person", score: float = 0.9) -> Face:
    """A face with the middle between its eyes at x, y, and the eyes so many pixels apart."""
    landmarks = Landmarks(
        left_eye=(x - eyes / 2, y),
        right_eye=(x + eyes / 2, y),
        nose=(x, y + 0.8 * eyes),
        mouth=(x, y + eyes),
    )
    return Face(species, landmarks, (x - eyes, y - eyes / 2, x + eyes, y + 1.5 * eyes), score)

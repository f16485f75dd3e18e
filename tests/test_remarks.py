import numpy as np
import pytest

from vae_core.remarks import remark_on

POINTS = np.array([[0.35, 0.4], [0.65, 0.4], [0.5, 0.6], [0.5, 0.75]])
ASIDE = POINTS + np.array([[0, 0], [0, 0], [0.12, 0], [0.1, 0]])


def face(mean=0.5, contrast=0.2, channels=3, size=40):
    pattern = np.where(np.arange(size) % 2, 1.0, -1.0)[:, None, None] * contrast
    return np.clip(np.full((size, size, channels), mean) + pattern, 0, 1).astype(np.float32)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    ("picture", "points", "percentile", "word"),
    [
        ({}, POINTS, 50.0, ""),
        ({"mean": 0.1, "contrast": 0.1}, POINTS, 50.0, "dark"),
        ({"mean": 0.9, "contrast": 0.1}, POINTS, 50.0, "bright"),
        ({"contrast": 0.03}, POINTS, 50.0, "faint"),
        ({}, ASIDE, 50.0, "one side"),
        ({}, POINTS, 99.0, "hand"),
        ({"mean": 0.1, "contrast": 0.1}, ASIDE, 99.0, "dark"),
        ({}, np.zeros((0, 2)), 50.0, ""),
    ],
)
def test_what_is_unusual_is_said(picture, points, percentile, word, channels):
    said = remark_on(face(**picture, channels=channels), points, percentile)
    assert word in said
    assert bool(said) == bool(word)


def test_only_the_face_counts_not_what_is_around_it():
    picture = face(0.5)
    picture[:8] = picture[-4:] = 0
    picture[:, :6] = picture[:, -6:] = 0
    assert remark_on(picture, POINTS, 50.0) == ""

"""Boxes follow from landmarks; overlaps are what geometry says."""

import numpy as np
import pytest

from vae_core.finder.faces import Face, boxes_of, fit_boxes, overlap, spread
from vae_core.imaging.landmarks import Landmarks

FACE = np.array([[40.0, 50], [80, 50], [60, 75], [60, 95]])


def test_the_spread_grows_with_the_face_and_ignores_its_place():
    assert spread(3 * FACE + 17) == pytest.approx(3 * spread(FACE))


def test_boxes_that_follow_from_landmarks_are_learned_exactly(rng):
    points = FACE + rng.normal(0, 4, (40, 4, 2))
    size = spread(points)[:, None]
    centre = points.mean(axis=1) + [0, -0.1] * size
    boxes = np.concatenate([centre - size, centre + 1.5 * size], axis=1)
    np.testing.assert_allclose(boxes_of(points, fit_boxes(points, boxes)), boxes, rtol=1e-9)


def test_a_box_moves_and_grows_with_its_face(rng):
    points = FACE + rng.normal(0, 4, (40, 4, 2))
    boxes = np.concatenate([points.min(axis=1) - 20, points.max(axis=1) + 20], axis=1)
    weights = fit_boxes(points, boxes)
    moved = boxes_of(2 * points + 30, weights)
    np.testing.assert_allclose(moved, 2 * boxes_of(points, weights) + 30, rtol=1e-9)


def test_overlap_of_a_box_with_itself_its_half_and_a_stranger():
    box = np.array([0.0, 0, 10, 10])
    others = np.array([box, [0, 0, 5, 10], [20, 20, 30, 30]])
    np.testing.assert_allclose(overlap(box, others), [1, 0.5, 0])


def test_a_face_as_json():
    points = Landmarks(*(tuple(map(float, p)) for p in FACE))
    face = Face("dog", points, (1.0, 2.0, 3.0, 4.04), 0.98765)
    assert face.to_json() == {
        "species": "dog",
        "score": 0.9877,
        "box": [1.0, 2.0, 3.0, 4.0],
        "landmarks": {
            "left_eye": [40.0, 50.0],
            "right_eye": [80.0, 50.0],
            "nose": [60.0, 75.0],
            "mouth": [60.0, 95.0],
        },
    }

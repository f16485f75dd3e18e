"""What is measured of a finder, with one that always sees the same."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vae_core.commands import finder_job
from vae_core.finder.evaluation import (
    SHARES,
    TURNS,
    Annotated,
    on_canvas,
    point_offsets,
    recall,
    views,
)
from vae_core.finder.faces import Face
from vae_core.imaging.landmarks import Landmarks
from vae_core.imaging.photo import Photo

POINTS = np.array([[40.0, 50], [80, 50], [60, 75], [60, 95]])
BOX = np.array([30.0, 30, 90, 110])


class Always:
    """A finder that sees one face, ``off`` pixels from where it is labelled."""

    boxes = None

    def __init__(self, off):
        points = Landmarks(*(tuple(map(float, p + off)) for p in POINTS))
        self.face = Face("person", points, tuple(map(float, BOX)), 0.9)

    def find(self, photo):
        return [self.face]


def scene(origin="one", points=POINTS, box=BOX):
    return Annotated(
        "a.jpg", origin, Photo(Image.new("RGB", (120, 140)), 120, 140), "person", points, box
    )


def test_an_offset_is_measured_along_the_eyes_whichever_way_they_lie():
    face = Always([4.0, -2.0]).face
    np.testing.assert_allclose(point_offsets(face, POINTS), 0.1 - 0.05j)
    turned = np.stack([-POINTS[:, 1], POINTS[:, 0]], axis=1)
    marks = Landmarks(*(tuple(p) for p in turned + np.array([2.0, 4.0])))
    np.testing.assert_allclose(
        point_offsets(Face("dog", marks, (0, 0, 1, 1), 1), turned), 0.1 - 0.05j
    )


def test_the_error_is_the_median_over_faces_of_their_points_mean():
    scenes = [scene(), scene("two", POINTS + np.array([4.0, 0.0]))]
    assert recall(Always([4.0, 0.0]), scenes[:1])["error"] == pytest.approx(0.1)
    assert recall(Always([4.0, 0.0]), scenes)["error"] == pytest.approx(0.05)


def test_a_face_elsewhere_or_of_another_species_is_not_the_one_asked_for():
    result = recall(Always([0.0, 0.0]), [scene(), scene(box=BOX + 60)])
    assert (result["pictures"], result["found"]) == (2, 0.5)


def test_on_a_canvas_the_face_takes_its_share_of_the_short_side():
    placed = on_canvas(scene(), 0.25, 0.0)
    assert placed.photo.image.size == (400, 400)
    assert max(placed.box[2:] - placed.box[:2]) == pytest.approx(100)
    np.testing.assert_allclose((placed.box[:2] + placed.box[2:]) / 2, 200)
    assert np.hypot(*(placed.points[1] - placed.points[0])) == pytest.approx(40 * 100 / 80)


def test_a_scene_is_seen_turned_and_in_several_sizes():
    seen = list(views(scene()))
    assert len(seen) == len(TURNS) + len(SHARES)
    eyes = np.array([(v.points[1] - v.points[0]) @ [1, 1j] for v in seen])
    np.testing.assert_allclose(np.degrees(np.angle(eyes[: len(TURNS)])), TURNS, atol=1e-9)
    boxes = [max(v.box[2:] - v.box[:2]) for v in seen[len(TURNS) :]]
    np.testing.assert_allclose(boxes, 400 * np.array(SHARES))


@pytest.mark.parametrize("missed", [0, 1, 2])
def test_the_threshold_lets_ninety_nine_of_a_hundred_faces_pass(missed, rng, monkeypatch):
    scores = [0.0] * missed + list(0.1 + 0.9 * rng.random(100 - missed))
    shown = iter([replace(Always(0).face, score=s) if s else None for s in rng.permutation(scores)])
    monkeypatch.setattr(finder_job, "annotated", lambda *_: [scene()] * 10 + [scene(points=None)])
    monkeypatch.setattr(finder_job, "views", lambda scene: [scene] * 10)
    monkeypatch.setattr(finder_job, "found", lambda finder, view: next(shown))
    threshold = finder_job.choose_threshold(None, Path())
    passed = sum(s >= threshold for s in scores)
    assert 99 <= passed <= 100
    assert (threshold == 0) == (missed > 1)
    assert passed == 100 or sum(s >= threshold + 0.01 for s in scores) < 99

"""Heat maps, offsets and weights say what the composed faces are."""

import numpy as np
import pytest

from vae_core.finder.network import READER_POINTS
from vae_core.finder.targets import (
    ANSWERED,
    OFFSET,
    UNDECIDED,
    cell_centres,
    mirror_faces,
    reader_targets,
    scout_targets,
)
from vae_core.finder.training_sets import FACE


def record(size, centre=(60.0, 44.0), species=1, weight=1.0, sure=True):
    faces = np.zeros((1, 3), FACE)
    faces["species"] = -1
    points = np.add(centre, [[-8, -6], [8, -6], [0, 3], [0, 9]])
    faces[0, 0] = (species, centre, size, weight, points, sure)
    return faces


def test_a_face_is_a_peak_in_its_cell_and_its_landmarks_are_offsets_from_there():
    faces = record(15.0)
    heat, weight, offsets, offset_weight = scout_targets(faces, 16, 16)
    assert heat[0, 5, 7, 1] == 1
    assert heat[..., 0].max() == 0
    assert weight.min() == 1
    points = cell_centres(16, 16)[5, 7] + OFFSET * offsets[0, 5, 7].reshape(4, 2)
    np.testing.assert_allclose(points, faces[0, 0]["points"], atol=1e-4)
    assert offset_weight[0, 5, 7, 0] == 1
    assert offset_weight[0, 0, 0].max() == 0


@pytest.mark.parametrize("size", [UNDECIDED[0] + 0.5, UNDECIDED[1] - 0.5])
def test_faces_of_doubtful_size_are_left_out(size):
    heat, weight, _, offset_weight = scout_targets(record(size), 16, 16)
    assert heat.max() == 0
    assert offset_weight.max() == 0
    assert weight[0, 5, 7, 0] == 0
    assert weight[0, 15, 0, 0] == 1


def test_a_face_that_may_be_hidden_is_left_out():
    heat, weight, _, offset_weight = scout_targets(record(15.0, sure=False), 16, 16)
    assert heat.max() == offset_weight.max() == 0
    assert weight[0, 5, 7, 1] == 0


@pytest.mark.parametrize("size", [UNDECIDED[0] - 1, UNDECIDED[1] + 1])
def test_faces_of_another_scale_are_background(size):
    heat, weight, _, _ = scout_targets(record(size), 16, 16)
    assert heat.max() == 0
    assert weight.min() == 1


def test_the_pyramid_leaves_no_size_out():
    """Halving a picture must bring a face that is too large into the answered range."""
    assert ANSWERED[1] / ANSWERED[0] > 2


def test_a_face_without_landmarks_is_asked_for_but_not_measured():
    heat, _, _, offset_weight = scout_targets(record(15.0, weight=0.0), 16, 16)
    assert heat.max() == 1
    assert offset_weight.max() == 0


def test_mirroring_twice_changes_nothing_and_once_swaps_the_eyes():
    faces = record(15.0)
    mirrored = mirror_faces(faces, 128)
    assert mirrored[0, 0]["points"][0, 0] == 128 - faces[0, 0]["points"][1, 0]
    np.testing.assert_array_equal(mirror_faces(mirrored, 128)[0, 0], faces[0, 0])


def test_the_reader_is_told_kinds_and_offsets():
    faces = np.zeros(2, FACE)
    faces[0] = (-1, (0, 0), 0, 0, np.zeros((4, 2)), False)
    faces[1] = (0, (32, 32), 24, 0.5, READER_POINTS + 4, True)
    classes, offsets, weights = reader_targets(faces)
    np.testing.assert_array_equal(classes, [0, 1])
    np.testing.assert_allclose(offsets[1], 4 / OFFSET, rtol=1e-5)
    assert weights[0].max() == 0
    assert weights[1, 0] == 0.5

"""The aligned face at any size, and its landmarks in the frame, known or usual."""

import numpy as np
import pytest
from PIL import Image

from vae_core.imaging.align import DIGIT_28, align, face_frame
from vae_core.imaging.landmarks import Landmarks
from vae_core.imaging.photo import Photo
from vae_core.imaging.portrait import EDGE, points_in, portrait_of, sized, usual_points

FRAME = face_frame(40, channels=3, light=(0.5, 0.17))
PERSON = Landmarks((80, 90), (120, 90), nose=(100, 114), mouth=(100, 131))


@pytest.fixture
def photo(rng):
    forms = Image.fromarray(rng.integers(0, 256, (10, 10, 3), np.uint8))
    return Photo(forms.resize((200, 200), Image.Resampling.BICUBIC), 200, 200)


def test_a_frame_grows_and_never_shrinks_and_keeps_the_photos_light():
    assert (sized(FRAME, 100).height, sized(FRAME, 100).light) == (100, None)
    assert sized(FRAME, 10).height == sized(FRAME, 0).height == 40
    assert sized(FRAME, 100).left_eye == FRAME.left_eye


def test_a_portrait_is_the_crop_in_the_photos_own_light(photo):
    crop = align(photo, FRAME, PERSON)
    portrait = portrait_of(photo, FRAME, PERSON, "person", 0)
    np.testing.assert_allclose(crop.light.normalise(portrait), crop.pixels, atol=1e-6)
    large = portrait_of(photo, FRAME, PERSON, "person", 80)
    boxes = large.reshape(40, 2, 40, 2, 3).mean(axis=(1, 3))
    assert large.shape == (80, 80, 3)
    np.testing.assert_allclose(boxes, portrait, atol=0.05)


def test_known_landmarks_are_where_alignment_brings_them(photo):
    crop = align(photo, FRAME, PERSON)
    points = points_in(FRAME, "person", PERSON, crop)
    np.testing.assert_allclose(points[:2], [FRAME.left_eye, FRAME.right_eye], atol=0.01)
    np.testing.assert_allclose(points[3], FRAME.mouth, atol=0.01)


@pytest.mark.parametrize("species", ["person", "dog"])
def test_what_is_not_known_is_where_it_usually_is(species, photo):
    eyes, person = ((80, 90), (120, 90)), species == "person"
    marks = Landmarks(*eyes, mouth=(100, 131)) if person else Landmarks(*eyes, nose=(100, 122))
    crop = align(photo, FRAME, marks, species)
    usual = usual_points(FRAME, species)
    np.testing.assert_allclose(points_in(FRAME, species, marks, crop), usual, atol=0.01)
    np.testing.assert_array_equal(points_in(FRAME, species, None, crop), usual)


def test_landmarks_far_out_are_held_inside_the_frame(photo):
    marks = Landmarks((80, 90), (120, 90), nose=(100, 122), mouth=(100, 199))
    crop = align(photo, FRAME, marks, "dog")
    points = points_in(FRAME, "dog", marks, crop)
    assert points[3, 1] == 1 - EDGE


def test_a_digit_has_no_landmarks(photo):
    crop = align(photo, DIGIT_28)
    assert points_in(DIGIT_28, "person", None, crop).shape == (0, 2)
    assert usual_points(DIGIT_28, "dog").shape == (0, 2)


@pytest.mark.parametrize("corner", [(0, 0), (32, 0), (0, 36), (32, 36)])
def test_beyond_the_photo_is_its_blurred_mirror_image_and_no_streak(corner):
    stripes = np.full((60, 60, 3), 60, np.uint8)
    stripes[3::6] = stripes[:, 3::6] = 220
    photo = Photo(Image.fromarray(stripes), 60, 60)
    x, y = corner
    eyes, nose, mouth = [(x + 4, y + 4), (x + 24, y + 4)], (x + 14, y + 12), (x + 14, y + 20)
    face = Landmarks(*eyes, nose, mouth)
    frame = face_frame(64, channels=1)
    hard = align(photo, frame, face)
    soft = portrait_of(photo, frame, face, "person", 64)
    at = np.stack(np.meshgrid(np.arange(64) + 0.5, np.arange(64) + 0.5), axis=-1)
    places = hard.to_photo.apply(at.reshape(-1, 2)).reshape(at.shape)
    inside = ((places > 2) & (places < 58)).all(axis=-1)
    far = np.maximum(-places, places - 60).max(axis=-1) > 8
    assert inside.any()
    assert far.any()
    np.testing.assert_allclose(soft[inside], hard.pixels[inside], atol=0.01)
    assert soft[far].std() < hard.pixels[far].std() / 2

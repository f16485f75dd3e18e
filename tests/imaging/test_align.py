import json
import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from PIL import Image

from vae_core.errors import LandmarksError
from vae_core.imaging.align import (
    DIGIT_28,
    FACE_GREY_50,
    Frame,
    Similarity,
    align,
    face_frame,
    fit_similarity,
)
from vae_core.imaging.landmarks import Landmarks
from vae_core.imaging.photo import Photo

POINTS = ("left_eye", "right_eye", "nose", "mouth")
GREY_50, RGB_64 = face_frame(50, channels=1), face_frame(64, channels=3)


def photo_of(pixels: np.ndarray) -> Photo:
    image = Image.fromarray(np.rint(pixels).astype(np.uint8)).convert("RGB")
    return Photo(image, image.width, image.height)


def ramp(width: int, height: int) -> np.ndarray:
    """Grey that grows by 0.47 levels a pixel to the right, and by 0.13 downwards."""
    y, x = np.mgrid[:height, :width] + 0.5
    return 0.47 * x + 0.13 * y


def placed(frame: Frame, to_photo: Similarity) -> Landmarks:
    """The landmarks of a face that fits the frame exactly."""
    points = to_photo.apply(np.array([frame.point(name) for name in POINTS]))
    return Landmarks(*(tuple(point) for point in points.tolist()))


def similarity(scale: float, degrees: float, x: float, y: float) -> Similarity:
    angle = math.radians(degrees)
    return Similarity(scale * complex(math.cos(angle), math.sin(angle)), complex(x, y))


similarities = st.builds(
    similarity,
    st.floats(0.05, 20),
    st.floats(-180, 180),
    st.floats(-1e3, 1e3),
    st.floats(-1e3, 1e3),
)


@given(similarities, st.sampled_from(["person", "dog"]))
def test_the_fit_recovers_any_similarity(to_photo, species):
    fitted = fit_similarity(placed(RGB_64, to_photo), RGB_64, species).inverse()
    assert fitted.turn == pytest.approx(to_photo.turn, rel=1e-9)
    assert fitted.shift == pytest.approx(to_photo.shift, rel=1e-9, abs=1e-6)


@given(st.lists(st.floats(10, 90), min_size=6, max_size=6), st.integers(0, 3))
def test_no_similarity_near_the_fit_is_closer(numbers, direction):
    left_eye, right_eye, mouth = zip(numbers[::2], numbers[1::2], strict=True)
    assume(math.dist(left_eye, right_eye) > 2)
    fitted = fit_similarity(Landmarks(left_eye, right_eye, mouth=mouth), RGB_64, "person")
    target = np.array([RGB_64.point(name) for name in ("left_eye", "right_eye", "mouth")])

    def error(candidate: Similarity) -> float:
        return float(((candidate.apply([left_eye, right_eye, mouth]) - target) ** 2).sum())

    step = 1e-3 * 1j**direction
    assert error(fitted) <= error(Similarity(fitted.turn + step, fitted.shift))
    assert error(fitted) <= error(Similarity(fitted.turn, fitted.shift + step))


def test_people_are_placed_by_their_mouths_and_dogs_by_their_noses():
    straight = placed(RGB_64, similarity(3, 0, 5, 5))
    long_nosed = Landmarks(straight.left_eye, straight.right_eye, (101.0, 190.0), straight.mouth)
    assert fit_similarity(long_nosed, RGB_64, "person").scale == pytest.approx(1 / 3)
    assert fit_similarity(long_nosed, RGB_64, "dog").scale < 1 / 3


@given(similarities)
def test_the_inverse_leads_back(there):
    points = np.array([[0.0, 0.0], [3.0, 4.0], [-7.0, 50.0]])
    np.testing.assert_allclose(there.inverse().apply(there.apply(points)), points, atol=1e-6)


def test_a_similarity_maps_points_as_its_formula_says():
    quarter_turn = similarity(2, 90, 10, 20)
    np.testing.assert_allclose(quarter_turn.apply(np.array([[1.0, 0.0]])), [[10.0, 22.0]])


@pytest.mark.parametrize("species", ["person", "dog"])
@pytest.mark.parametrize("scale", [0.7, 1.0, 1.5, 2.0, 3.4, 7.9])
@pytest.mark.parametrize("degrees", [0, 25, -100])
def test_a_face_comes_to_its_place(species, scale, degrees):
    to_photo = similarity(scale, degrees, 0, 0)
    middle = to_photo.apply(np.array([[32.0, 32.0]]))[0]
    to_photo = Similarity(to_photo.turn, complex(450, 450) - complex(*middle))
    landmarks = placed(RGB_64, to_photo)
    y, x = np.mgrid[:900, :900] + 0.5
    spots = sum(
        np.exp(-((x - px) ** 2 + (y - py) ** 2) / (2 * (2 * scale) ** 2))
        for px, py in (landmarks.left_eye, landmarks.right_eye)
    )
    crop = align(photo_of(255 * spots), RGB_64, landmarks, species).pixels[:, :, 0]
    for name, half in (("left_eye", slice(0, 32)), ("right_eye", slice(32, 64))):
        rows, columns = np.mgrid[:64, half] + 0.5
        weight = crop[:, half] / crop[:, half].sum()
        found = (weight * columns).sum(), (weight * rows).sum()
        assert found == pytest.approx(RGB_64.point(name), abs=0.1)


@pytest.mark.parametrize("scale", [0.5, 1.0, 1.3, 2.0, 2.5, 3.0, 5.7])
def test_resampling_neither_shifts_nor_blurs_a_ramp(scale):
    to_photo = similarity(scale, 0, 3.3, 7.7)
    crop = align(photo_of(ramp(400, 400)), RGB_64, placed(RGB_64, to_photo))
    y, x = np.mgrid[:64, :64] + 0.5
    points = to_photo.apply(np.stack([x.ravel(), y.ravel()], axis=1))
    errors = 255 * crop.pixels[:, :, 0].ravel() - points @ [0.47, 0.13]
    assert np.abs(errors).max() < 0.7  # the photo is rounded to whole levels
    assert abs(errors.mean()) < 0.2


def test_a_reduced_photo_gives_the_same_crop():
    pixels = ramp(400, 320)
    whole = photo_of(pixels)
    half = photo_of(pixels.reshape(160, 2, 200, 2).mean(axis=(1, 3)))
    reduced = Photo(half.image, whole.width, whole.height)
    landmarks = placed(RGB_64, similarity(4, 10, 60, 20))
    expected = align(whole, RGB_64, landmarks)
    crop = align(reduced, RGB_64, landmarks)
    np.testing.assert_allclose(crop.pixels, expected.pixels, atol=1.6 / 255)
    assert crop.to_photo == expected.to_photo


def test_to_photo_leads_from_the_crop_to_the_landmarks():
    landmarks = placed(RGB_64, similarity(2, 15, 40, 20))
    to_photo = align(photo_of(ramp(300, 300)), RGB_64, landmarks).to_photo
    eyes = to_photo.apply(np.array([RGB_64.point("left_eye"), RGB_64.point("right_eye")]))
    np.testing.assert_allclose(eyes, [landmarks.left_eye, landmarks.right_eye])


def test_fine_patterns_become_their_average_and_no_moire():
    stripes = 255 * (np.indices((600, 600)).sum(axis=0) % 2)
    for size in (50, 70, 90, 128):
        pixels = align(photo_of(stripes), face_frame(size, 1)).pixels
        assert np.abs(pixels - 0.5).max() < 0.02


def test_a_photo_of_the_frame_s_size_is_passed_on_as_it_is(rng):
    pixels = rng.integers(0, 256, (64, 64, 3))
    crop = align(photo_of(pixels), RGB_64)
    np.testing.assert_array_equal(np.rint(crop.pixels * 255), pixels)


def test_without_landmarks_the_largest_centred_square_is_taken():
    pixels = np.zeros((100, 300))
    pixels[:, 100:200] = 255
    crop = align(photo_of(pixels), GREY_50)
    assert crop.pixels.min() == 1.0
    np.testing.assert_allclose(
        crop.to_photo.apply(np.array([[0, 0], [50, 50]])), [[100, 0], [200, 100]]
    )


def test_where_the_crop_leaves_the_photo_its_border_is_continued():
    landmarks = Landmarks((2, 2), (60, 2), (31, 45), (31, 60))
    crop = align(photo_of(np.full((64, 64), 200)), GREY_50, landmarks)
    assert np.abs(crop.pixels - 200 / 255).max() < 1e-6


def test_grey_is_the_luma_of_rec_601():
    pixels = np.full((50, 50, 3), (255, 51, 102))
    expected = 0.299 * 1.0 + 0.587 * 0.2 + 0.114 * 0.4
    assert align(photo_of(pixels), GREY_50).pixels == pytest.approx(expected, abs=1e-6)


def test_digits_are_not_aligned():
    photo = photo_of(ramp(56, 56))
    landmarks = Landmarks((1, 1), (5, 1), (3, 4), (3, 5))
    crop = align(photo, DIGIT_28, landmarks, "digit")
    np.testing.assert_array_equal(crop.pixels, align(photo, DIGIT_28).pixels)
    assert crop.pixels.shape == (28, 28, 1)


coordinates = st.tuples(st.floats(0, 90), st.floats(0, 70))


@given(coordinates, coordinates, coordinates, st.sampled_from(["person", "dog"]))
def test_any_landmarks_in_the_photo_give_a_crop_or_a_refusal(left_eye, right_eye, point, species):
    photo = photo_of(ramp(90, 70))
    try:
        crop = align(photo, RGB_64, Landmarks(left_eye, right_eye, point, point), species)
    except LandmarksError:
        return
    assert crop.pixels.shape == (64, 64, 3)
    assert crop.pixels.dtype == np.float32
    assert 0 <= crop.pixels.min() <= crop.pixels.max() <= 1


GOOD = {"left_eye": [30, 40], "right_eye": [60, 41.5], "nose": [45, 55], "mouth": [45, 70]}


def test_landmarks_are_read_from_text_and_from_an_object():
    expected = Landmarks((30, 40), (60, 41.5), (45, 55), (45, 70))
    assert Landmarks.from_json(GOOD) == Landmarks.from_json(json.dumps(GOOD)) == expected


def test_nose_or_mouth_may_be_unknown():
    landmarks = Landmarks.from_json(GOOD | {"mouth": None})
    assert landmarks.mouth is None
    fit_similarity(landmarks, RGB_64, "dog")
    with pytest.raises(LandmarksError, match="need the mouth"):
        fit_similarity(landmarks, RGB_64, "person")


@pytest.mark.parametrize(
    "value",
    [
        "",
        "nonsense",
        "[]",
        "3",
        "{}",
        "[" * 100_000,
        GOOD | {"left_eye": None},
        GOOD | {"left_eye": [1]},
        GOOD | {"left_eye": [1, 2, 3]},
        GOOD | {"left_eye": "12"},
        GOOD | {"left_eye": ["a", "b"]},
        GOOD | {"left_eye": 5},
        GOOD | {"mouth": [math.nan, 2]},
        GOOD | {"mouth": [2, math.inf]},
        GOOD | {"mouth": [10**400, 2]},
        '{"left_eye": [1e999, 2], "right_eye": [3, 4]}',
    ],
)
def test_landmarks_that_are_no_points_are_refused(value):
    with pytest.raises(LandmarksError):
        Landmarks.from_json(value)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"left_eye": [-1, 40]}, "outside the photo"),
        ({"mouth": [45, 101]}, "outside the photo"),
        ({"right_eye": [30, 41]}, "less than two pixels"),
        ({"left_eye": [60, 40], "right_eye": [30, 40]}, "below the eyes"),
        ({"mouth": [45, 20]}, "below the eyes"),
        ({"nose": [45, 40.75]}, "below the eyes"),
    ],
)
def test_landmarks_that_span_no_face_are_refused(change, complaint):
    Landmarks.from_json(GOOD).check(100, 100)
    with pytest.raises(LandmarksError, match=complaint):
        Landmarks.from_json(GOOD | change).check(100, 100)


def test_an_animal_without_a_place_is_refused():
    with pytest.raises(LandmarksError, match="cat"):
        fit_similarity(Landmarks.from_json(GOOD), RGB_64, "cat")


@pytest.mark.parametrize("frame", [FACE_GREY_50, DIGIT_28, RGB_64])
def test_a_frame_survives_json(frame):
    assert Frame.from_json(json.loads(json.dumps(frame.to_json()))) == frame


def test_a_face_frame_is_the_same_at_every_size():
    for name in POINTS:
        assert np.array(face_frame(100, 3).point(name)) == pytest.approx(
            2 * np.array(FACE_GREY_50.point(name))
        )

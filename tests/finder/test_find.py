"""The finder around its networks: scales, candidates, thresholds; and the shipped networks."""

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vae_core.checkpoint import load_checkpoint
from vae_core.errors import CheckpointError
from vae_core.finder.faces import best_face
from vae_core.finder.find import LEANS, Candidates, Finder, peaks, tilted
from vae_core.finder.network import CELL, READER_POINTS
from vae_core.finder.views import BASE, LONGEST, SMALLEST_SIDE, pyramid, upright, views, whole_cells
from vae_core.imaging.photo import Photo
from vae_core.imaging.render import round_to_bytes

MODELS = Path(__file__).parents[2] / "models"


@pytest.fixture(scope="module")
def finder():
    return Finder.from_file(MODELS / "finder.safetensors")


@pytest.fixture(scope="module")
def decoded():
    """A person and a dog who do not exist, (50, 50, 3) uint8 each, out of the shipped model."""
    checkpoint = load_checkpoint(MODELS / "classic.safetensors")
    latents = np.array([checkpoint.metadata["example"][name] for name in ("friend", "dog")])
    frames = checkpoint.decode(latents.astype(np.float32))
    return [np.repeat(round_to_bytes(frame), 3, axis=2) for frame in frames]


def photo_with(picture, size=(640, 480), place=(200, 120), scale=4.0):
    """Put a picture on a plain canvas; return the photo."""
    side = round(picture.shape[0] * scale)
    canvas = Image.new("RGB", size, (120, 120, 120))
    canvas.paste(Image.fromarray(picture).resize((side, side), Image.Resampling.BICUBIC), place)
    return Photo(canvas, *size)


@pytest.mark.parametrize("size", [(4000, 3000), (100, 40), (64, 64), (3000, 200), (33, 900)])
def test_a_photo_is_seen_at_every_scale_down_to_the_smallest(size):
    levels = [picture.size for picture in pyramid(Image.new("RGB", size))]
    shorts = [min(level) for level in levels]
    assert levels
    assert max(map(max, levels)) <= LONGEST
    assert shorts[0] <= BASE
    assert shorts[-1] < 2 * SMALLEST_SIDE + 1
    assert len(shorts) == 1 or shorts[-1] >= SMALLEST_SIDE
    for before, after in itertools.pairwise(shorts):
        assert after == pytest.approx(before / 2, abs=1)


def test_pictures_are_filled_up_to_whole_cells_with_mid_grey():
    x = whole_cells(Image.new("RGB", (CELL + 3, CELL - 1), (255, 255, 255)))
    assert x.shape == (1, CELL, 2 * CELL, 3)
    assert x[0, 0, 0, 0] == pytest.approx(1)
    assert x[0, -1, -1, 0] == 0


def test_peaks_are_cells_as_hot_as_all_their_neighbours():
    heat = np.zeros((4, 5))
    heat[1, 1], heat[1, 2], heat[3, 4] = 0.9, 0.8, 0.3
    found = set(zip(*np.nonzero(peaks(heat) & (heat > 0)), strict=True))
    assert found == {(1, 1), (3, 4)}


def test_of_candidates_in_one_place_the_hottest_stays():
    points = np.stack([READER_POINTS, READER_POINTS + 2, READER_POINTS + 200])
    best = Candidates(np.array([0.5, 0.9, 0.4]), points).best(5)
    np.testing.assert_array_equal(best.heat, [0.9, 0.4])


def test_landmarks_are_brought_upright(rng):
    turn = 3 * np.exp(0.6j)
    moved = turn * (READER_POINTS @ [1, 1j]) + (40 - 9j)
    points = np.stack([moved.real, moved.imag], axis=1)
    np.testing.assert_allclose(
        upright(points, READER_POINTS).apply(points), READER_POINTS, atol=1e-9
    )


def test_landmarks_in_one_point_do_no_harm():
    assert np.isfinite(upright(np.full((4, 2), 7.0), READER_POINTS).turn)


def test_best_faces_are_of_the_species_asked_for_if_there_is_one(finder, decoded):
    person, dog = (finder.find(photo_with(picture)) for picture in decoded)
    both = person + dog
    assert best_face(both, "dog").species == "dog"
    assert best_face(person, "dog") == person[0]


def test_the_shipped_finder_tells_a_person_from_a_dog(finder, decoded):
    for picture, species in zip(decoded, ("person", "dog"), strict=True):
        faces = finder.find(photo_with(picture))
        assert [face.species for face in faces] == [species]


@pytest.mark.parametrize("scale", [1.5, 3.0, 9.0])
def test_landmarks_follow_the_face_through_the_photo(finder, decoded, scale):
    """In the model's frame the eyes stand at 0.325 and 0.675 of the width, 0.38 of the height."""
    place = (30, 20)
    (face, *_) = finder.find(photo_with(decoded[0], place=place, scale=scale))
    expected = np.array(place) + 50 * scale * np.array([[0.325, 0.38], [0.675, 0.38]])
    eyes = np.array([face.landmarks.left_eye, face.landmarks.right_eye])
    assert np.abs(eyes - expected).max() < 0.1 * 50 * scale * 0.35


def test_candidates_of_one_face_agree_on_where_it_is_by_their_scores(finder):
    """Not those of another species or place, nor what is much less sure."""
    shifts = np.array([0, 3, 5, 2, 400.0])
    points = READER_POINTS + shifts[:, None, None]
    scores = np.array([[0.1, 0.9], [0.1, 0.6], [0.1, 0.2], [0.8, 0.1], [0.1, 0.7]])
    agreed = (finder.agreed(points, scores) - READER_POINTS)[:, 0, 0]
    mean = 0.6 * 3 / (0.9 + 0.6)
    assert agreed[:2] == pytest.approx([mean, mean])
    assert agreed[3:] == pytest.approx(shifts[3:])


def test_both_faces_in_one_photo_are_found(finder, decoded):
    photo = photo_with(decoded[0], place=(40, 100))
    dog = Image.fromarray(decoded[1]).resize((200, 200))
    photo.image.paste(dog, (380, 120))
    assert {face.species for face in finder.find(photo)} == {"person", "dog"}


def test_points_are_in_pixels_of_the_full_size_photo_even_when_only_a_draft_is_read(
    finder, decoded
):
    photo = photo_with(decoded[0])
    draft = Photo(photo.image, 2 * photo.width, 2 * photo.height)
    full, twice = (finder.find(p)[0].landmarks.left_eye for p in (photo, draft))
    np.testing.assert_allclose(twice, 2 * np.array(full), rtol=1e-6)


@pytest.mark.parametrize("size", [(32, 32), (400, 33), (33, 400), (1, 1)])
def test_small_and_narrow_photos_do_no_harm(finder, size):
    assert finder.find(Photo(Image.new("RGB", size, (90, 50, 20)), *size)) == []


def test_noise_holds_no_face(finder, rng):
    noise = rng.integers(0, 256, (300, 400, 3), np.uint8)
    assert finder.find(Photo(Image.fromarray(noise), 400, 300)) == []


def test_a_higher_threshold_finds_nothing_new(finder, decoded):
    photo = photo_with(decoded[1])
    strict = replace(finder, threshold=1.01)
    assert strict.find(photo) == []


def test_a_damaged_file_is_refused(tmp_path):
    content = bytearray((MODELS / "finder.safetensors").read_bytes())
    content[-100] ^= 1
    path = tmp_path / "finder.safetensors"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="damaged"):
        Finder.from_file(path)


def test_what_strays_from_the_picture_is_seen_at_its_edge():
    image = Image.new("RGB", (80, 60), (10, 20, 30))
    points = READER_POINTS + np.array([5000.0, -900.0])
    ways, pixels = views(image, points[None], READER_POINTS)
    centre = ways[0].apply(READER_POINTS).mean(axis=0)
    np.testing.assert_allclose(centre, [80, 0], atol=1e-9)
    assert pixels.shape == (1, 64, 64, 3)


def test_a_tilted_face_has_its_middle_where_it_was():
    points = READER_POINTS[None] + np.array([30.0, -7.0])
    turned = tilted(points, 0.2)
    np.testing.assert_allclose(turned.mean(axis=1), points.mean(axis=1))
    left, right = turned[0, :2]
    across = right - left
    assert np.arctan2(across[1], across[0]) == pytest.approx(0.2)  # y points down: clockwise
    np.testing.assert_allclose(tilted(turned, -0.2), points)


def test_landmarks_are_midway_between_the_reader_s_and_the_gauge_s(finder, monkeypatch):
    """The gauge is shown them in place, then leaning to either side."""
    points, shown = np.array([[[0.0, 0], [4, 0], [2, 3], [2, 5]]]), []

    def gauged(self, image, given):
        shown.append(given)
        return points + 1

    monkeypatch.setattr(Finder, "gauged", gauged)
    np.testing.assert_allclose(finder.measure(None, points), points + 0.5)
    leaning = [np.angle((p[0, 1] - p[0, 0]) @ [1, 1j]) for p in shown]
    np.testing.assert_allclose(leaning, [0, *LEANS], atol=1e-12)

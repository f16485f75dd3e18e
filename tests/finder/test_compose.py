"""Composed pictures say truly what is in them, and depend on their seed alone."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tests.finder.scenery import draw_face, drawn_scenery, write_data
from vae_core.errors import DataError
from vae_core.finder.compose import MAX_TURN, add_face, background, compose, random_turn
from vae_core.finder.faces import spread
from vae_core.finder.scenery import KEPT_SCENE, Picture, load_scenery
from vae_core.finder.training_sets import composed, make_set, reader_example, scout_example


def test_a_pasted_face_has_the_size_and_place_that_its_record_says(rng):
    image, points = draw_face(160, (80, 70), 20, ears=False)
    picture = Picture(image, "person", points, None, 1.0)
    canvas = background(rng, drawn_scenery(), 128)
    face = add_face(rng, canvas, picture, 24.0, np.array([64.0, 60.0]))
    assert spread(face.points) == pytest.approx(24.0)
    np.testing.assert_allclose(face.points.mean(axis=0), [64, 60])
    for x, y in face.points[:2]:
        assert sum(canvas.getpixel((round(x - 0.5), round(y - 0.5)))) < 200, "an eye is dark"


def test_the_left_eye_stays_on_the_left_of_a_mirrored_picture():
    image, points = draw_face(160, (80, 70), 20, ears=False)
    picture = Picture(image, "person", points, None, 1.0)
    for seed in range(20):
        rng = np.random.default_rng(seed)
        canvas = background(rng, drawn_scenery(), 64)
        face = add_face(rng, canvas, picture, 24.0, np.array([32.0, 30.0]), max_turn=0.3)
        assert face.points[0, 0] < face.points[1, 0]


def test_turns_stay_within_their_bound(rng):
    for _ in range(200):
        turn = random_turn(rng, np.zeros(2), np.zeros(2), 2.0)
        matrix = turn.matrix @ np.diag([-1.0 if turn.flip else 1.0, 1.0])
        assert abs(np.arctan2(matrix[1, 0], matrix[0, 0])) <= MAX_TURN
        assert abs(np.linalg.det(matrix)) == pytest.approx(4.0)


@pytest.mark.parametrize("example", [scout_example, reader_example])
def test_an_example_depends_on_its_seed_alone(example):
    scenery = drawn_scenery()
    pixels, faces = example(np.random.default_rng([7, 3]), scenery)
    again, faces_again = example(np.random.default_rng([7, 3]), scenery)
    np.testing.assert_array_equal(pixels, again)
    np.testing.assert_array_equal(faces, faces_again)
    assert pixels.dtype == np.uint8


def test_scout_pictures_hold_none_one_or_several_faces():
    counts = {
        len(compose(np.random.default_rng(seed), drawn_scenery(), 128, 7, 20).faces)
        for seed in range(60)
    }
    assert {0, 1, 2} <= counts


def test_a_set_on_disk_is_what_the_seeds_give(tmp_path):
    scenery = load_scenery(write_data(tmp_path / "data"), "train")
    make_set(tmp_path, "reader", composed(scenery, "reader", 6, seed=5), 6)
    pixels = np.load(tmp_path / "reader.npy", mmap_mode="r")
    for k in (0, 5):
        expected, _ = reader_example(np.random.default_rng([5, k]), scenery)
        np.testing.assert_array_equal(pixels[k], expected)


@pytest.fixture
def with_a_red_disc(tmp_path):
    """Return a scenery whose one animal is a red disc, cut out."""
    disc = Image.new("RGBA", (400, 400), (0, 0, 255, 0))
    ImageDraw.Draw(disc).ellipse((0, 0, 399, 399), fill=(255, 0, 0, 255))
    (tmp_path / "others").mkdir()
    disc.save(tmp_path / "others/disc.png")
    return load_scenery(write_data(tmp_path / "data"), "train", tmp_path / "others")


def test_animals_that_are_no_dogs_are_cut_out_and_none_of_the_faces(with_a_red_disc):
    red = 0
    for seed in range(40):
        canvas = np.asarray(background(np.random.default_rng(seed), with_a_red_disc, 128), int)
        red += (canvas == (255, 0, 0)).all(axis=-1).mean() > 0.05
        assert not (canvas == (0, 0, 255)).all(axis=-1).any(), "what is left out is not seen"
    assert 4 <= red <= 24
    assert with_a_red_disc.others[0].size == (KEPT_SCENE, KEPT_SCENE)


def test_whole_photos_among_the_others_are_photos_without_a_face(tmp_path):
    (tmp_path / "others/whole").mkdir(parents=True)
    Image.new("RGB", (900, 300), (0, 90, 0)).save(tmp_path / "others/whole/lawn.png")
    data = write_data(tmp_path / "data")
    without, scenery = load_scenery(data, "train"), load_scenery(data, "train", tmp_path / "others")
    assert len(scenery.empty) == len(without.empty) + 1
    assert scenery.empty[-1].image.size == (KEPT_SCENE, KEPT_SCENE // 3)
    assert scenery.others == []


def test_what_is_no_picture_among_the_animals_is_named(tmp_path):
    (tmp_path / "others").mkdir()
    (tmp_path / "others/notes.txt").write_text("a lion")
    with pytest.raises(DataError, match=r"notes\.txt is not a picture"):
        load_scenery(write_data(tmp_path / "data"), "train", tmp_path / "others")


def test_a_folder_without_tables_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"landmarks\.csv"):
        load_scenery(tmp_path, "train")

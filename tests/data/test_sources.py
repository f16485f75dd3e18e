import gzip

import numpy as np
import pytest

from tests.data.folders import (
    LANDMARKS,
    idx,
    write_columbia_dogs,
    write_mnist,
    write_picture,
    write_pictures,
    write_utkface,
)
from vae_core.data.sample import share_of, split_of, split_of_training
from vae_core.data.sources import columbia_dogs, mnist, pictures, read_idx, utkface
from vae_core.errors import DataError


def test_a_split_depends_on_the_name_only_and_never_changes():
    names = ["people/s00000.jpg", "part2/5_0_4_2017.jpg", "train/00001"]
    assert [round(share_of(name), 6) for name in names] == [0.280909, 0.707398, 0.819329]


def test_about_nine_in_ten_are_for_training():
    splits = [split_of(str(i)) for i in range(10_000)]
    shares = [splits.count(split) / 10_000 for split in ("train", "validation", "test")]
    assert shares == pytest.approx([0.90, 0.04, 0.06], abs=0.01)


def test_validation_is_carved_from_training():
    splits = [split_of_training(str(i)) for i in range(10_000)]
    assert set(splits) == {"train", "validation"}
    assert splits.count("validation") / 10_000 == pytest.approx(0.04, abs=0.01)


def test_pictures_come_as_their_table_says(tmp_path):
    rows = [
        {"file": "people/a.jpg", "split": "test"},
        {"file": "dogs/b.png", "split": "train", "species": "dog", "origin": "there"},
    ]
    person, dog = pictures(write_pictures(tmp_path, rows))
    assert (person.name, person.split, person.species) == ("people/a.jpg", "test", "person")
    assert (dog.name, dog.split, dog.species, dog.origin) == ("dogs/b.png", "train", "dog", "there")
    assert person.landmarks is not None
    assert person.landmarks.left_eye == LANDMARKS["left_eye"]
    assert person.landmarks.mouth == LANDMARKS["mouth"]
    assert dog.read().width == 64


def test_unknown_points_and_splits_may_be_empty(tmp_path):
    row = {"file": "a.png", "species": "dog", "mouth_x": "", "mouth_y": ""}
    (sample,) = pictures(write_pictures(tmp_path, [row]))
    assert sample.landmarks is not None
    assert sample.landmarks.mouth is None
    assert sample.split == split_of("a.png")


def test_an_origin_can_be_limited_and_its_splits_are_thinned_alike(tmp_path):
    rows = [
        {"file": f"{origin}{i}.png", "origin": origin, "split": "test" if i % 2 else "train"}
        for origin in ("many", "few")
        for i in range(40)
    ]
    kept = list(pictures(write_pictures(tmp_path, rows), {"many": 5, "none": 3}))
    many = [sample.split for sample in kept if sample.origin == "many"]
    assert many.count("train") == 5
    assert 0 < many.count("test") < 15
    assert sum(sample.origin == "few" for sample in kept) == 40
    assert len(list(pictures(tmp_path, {"many": 20}))) == 80
    assert all(sample.origin == "few" for sample in pictures(tmp_path, {"many": 0}))


@pytest.mark.parametrize(
    "row", [{"split": "exam"}, {"species": "cat"}, {"nose_x": "five"}, {"left_eye_y": ""}]
)
def test_a_row_without_sense_is_named(tmp_path, row):
    with pytest.raises(DataError, match=r"a\.png"):
        list(pictures(write_pictures(tmp_path, [{"file": "a.png"} | row])))


def test_a_folder_without_landmarks_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"landmarks\.csv cannot be read"):
        list(pictures(tmp_path))
    (tmp_path / "landmarks.csv").write_text("file,split\na.png,train\n")
    with pytest.raises(DataError, match="no column"):
        list(pictures(tmp_path))


def test_utkface_is_found_by_its_names_nested_or_not(tmp_path):
    samples = list(utkface(write_utkface(tmp_path)))
    assert [sample.name for sample in samples] == [
        "26_1_0_20170116.jpg",
        "part2/5_0_4_2017.jpg",
        "part2/61_0_20170109142408075.jpg",
    ]
    assert all(sample.species == "person" and sample.landmarks is None for sample in samples)
    assert samples[1].split == split_of("5_0_4_2017.jpg")
    assert samples[0].read().width == 200


def test_columbia_s_parts_are_turned_to_the_picture_s_left_and_right(tmp_path):
    samples = list(columbia_dogs(write_columbia_dogs(tmp_path)))
    assert [sample.name for sample in samples] == [
        "001.Affenpinscher/a_01.jpg",
        "002.Afghan_hound/b_01.jpg",
    ]
    landmarks = samples[0].landmarks
    assert landmarks is not None
    assert (landmarks.left_eye, landmarks.right_eye) == ((24, 26), (40, 26))
    assert (landmarks.nose, landmarks.mouth) == ((32, 38), None)
    assert samples[0].split == split_of(samples[0].name)
    landmarks.check(64, 64)


@pytest.mark.parametrize(
    "testing",
    [
        "002.Afghan_hound/b_01.jpg\n",
        "dogImages\\002.Afghan_hound\\b_01.jpg\r\n",
        "002.Afghan_hound/b_01",
    ],
)
def test_columbia_s_own_lists_give_the_split(tmp_path, testing):
    training, held_out = columbia_dogs(write_columbia_dogs(tmp_path, testing))
    assert training.split == split_of_training(training.name)
    assert held_out.split == "test"


def test_parts_that_are_no_eight_points_are_named(tmp_path):
    write_columbia_dogs(tmp_path)
    (tmp_path / "dogParts" / "002.Afghan_hound" / "b_01.txt").write_text("1 2\n3 4\n")
    with pytest.raises(DataError, match="b_01"):
        list(columbia_dogs(tmp_path))


@pytest.mark.parametrize("source", [utkface, columbia_dogs])
def test_a_folder_that_is_not_there_is_refused(tmp_path, source):
    with pytest.raises(DataError, match="no folder"):
        list(source(tmp_path / "nowhere"))


@pytest.mark.parametrize("packed", [True, False])
def test_mnist_streams_its_pictures_and_labels(tmp_path, packed):
    samples = list(mnist(write_mnist(tmp_path, packed)))
    assert len(samples) == 43
    for i, sample in enumerate(samples[:40]):
        assert sample.name == f"train/{i:05d}"
        assert sample.split == split_of_training(sample.name)
        assert sample.label == i % 10
        np.testing.assert_array_equal(sample.read(), np.full((28, 28, 1), i, np.uint8))
    assert [sample.split for sample in samples[40:]] == ["test"] * 3


def test_mnist_without_its_files_is_refused(tmp_path):
    with pytest.raises(DataError, match="train-images-idx3-ubyte"):
        list(mnist(tmp_path))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0\0\x08",
        b"\0\0\x0d\x01\0\0\0\x01aaaa",
        b"not an idx file",
        idx(np.zeros((3, 4)))[:-1],
        idx(np.zeros((3, 4)))[:9],
        b"\0\0\x08\0",
    ],
)
def test_a_damaged_idx_file_is_refused(tmp_path, data):
    for path, content in ((tmp_path / "a", data), (tmp_path / "a.gz", gzip.compress(data))):
        path.write_bytes(content)
        with pytest.raises(DataError, match="not a complete idx file"):
            list(read_idx(path))


def test_a_gzip_file_cut_short_is_refused(tmp_path):
    whole = gzip.compress(idx(np.zeros((30, 40))))
    (tmp_path / "a.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="not a complete idx file"):
        list(read_idx(tmp_path / "a.gz"))


def test_a_picture_is_only_read_when_asked_for(tmp_path):
    (sample, *_) = utkface(write_utkface(tmp_path))
    (tmp_path / sample.name).unlink()
    with pytest.raises(FileNotFoundError):
        sample.read()


def test_suffixes_may_be_written_in_capitals(tmp_path):
    write_picture(tmp_path / "26_1_0_20170116.JPG")
    assert len(list(utkface(tmp_path))) == 1

import json
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.data.folders import write_pictures
from vae_core.data import Dataset, Sample, open_dataset, write_dataset
from vae_core.data.dataset import write_samples
from vae_core.data.sources import pictures
from vae_core.errors import DataError, UnreadablePhotoError
from vae_core.imaging.align import DIGIT_28, FACE_GREY_50, Frame, align, face_frame
from vae_core.imaging.photo import Photo, read_photo

TINY = Frame(height=2, width=3, channels=1)


def level(value: int) -> Callable[[], np.ndarray]:
    return lambda: np.full((2, 3, 1), value, np.uint8)


def damaged() -> Photo:
    raise UnreadablePhotoError("The photo is damaged.")


def samples(count: int) -> list[Sample]:
    splits = ("train", "train", "validation", "test")
    return [
        Sample(f"n{i}", level(i), ("person", "dog")[i % 2], splits[i % 4], origin="o", label=i)
        for i in range(count)
    ]


def written(directory: Path, count: int = 8, **options: bool) -> Dataset:
    return write_dataset(directory / "set", TINY, samples(count), "tiny", "none", **options)


def test_what_was_written_is_read_back(tmp_path):
    written(tmp_path)
    dataset = open_dataset(tmp_path / "set")
    assert dataset.images.shape == (8, 2, 3, 1)
    assert dataset.images[:, 0, 0, 0].tolist() == list(range(8))
    assert dataset.name.tolist() == [f"n{i}" for i in range(8)]
    assert dataset.label.tolist() == list(range(8))
    assert dataset.frame == TINY
    assert (dataset.header["name"], dataset.header["terms"]) == ("tiny", "none")
    assert dataset.header["counts"]["train"] == {"dog": 2, "person": 2}
    assert dataset.header["sources"] == {"o": 8}
    assert len(dataset) == dataset.header["pictures"] == 8


def test_pictures_are_mapped_and_not_loaded(tmp_path):
    assert isinstance(written(tmp_path).images, np.memmap)


def test_indices_tell_splits_and_species_apart(tmp_path):
    dataset = written(tmp_path)
    assert dataset.indices("train").tolist() == [0, 1, 4, 5]
    assert dataset.indices("train", "dog").tolist() == [1, 5]
    assert dataset.indices("test", "person").tolist() == []
    with pytest.raises(DataError, match="no split 'exam'"):
        dataset.indices("exam")


def test_a_batch_is_float32_from_zero_to_one(tmp_path):
    values = [0, 51, 255]
    rows = [Sample(str(v), level(v), "digit", "train") for v in values]
    dataset = write_dataset(tmp_path / "set", TINY, rows, "", "")
    batch = dataset.batch(np.array([2, 0, 1, 2]))
    assert batch.dtype == np.float32
    assert batch.shape == (4, 2, 3, 1)
    assert batch[:, 1, 2, 0].tolist() == pytest.approx([1.0, 0.0, 0.2, 1.0])
    assert batch.max() == 1.0


def test_digits_without_a_label_have_minus_one(tmp_path):
    dataset = write_dataset(tmp_path / "set", TINY, [Sample("a", level(1), "x", "test")], "", "")
    assert dataset.label.tolist() == [-1]


def test_photos_are_aligned_into_the_frame(tmp_path):
    folder = write_pictures(tmp_path / "in", [{"file": "a.png", "split": "train"}])
    for frame in (face_frame(50, 1), face_frame(20, 3)):
        dataset = write_dataset(tmp_path / f"{frame.width}", frame, pictures(folder), "", "")
        assert dataset.images.shape == (1, frame.height, frame.width, frame.channels)
        assert set(dataset.images.ravel().tolist()) == {128}


def test_unreadable_pictures_are_skipped_and_counted(tmp_path):
    rows = [{"file": "good.png"}, {"file": "cut.png"}, {"file": "gone.png"}, {"file": "odd.png"}]
    rows[3] |= {"mouth_y": "-5"}
    folder = write_pictures(tmp_path / "in", rows)
    (folder / "cut.png").write_bytes((folder / "cut.png").read_bytes()[:60])
    (folder / "gone.png").unlink()
    dataset = write_dataset(tmp_path / "set", FACE_GREY_50, pictures(folder), "", "")
    assert dataset.name.tolist() == ["good.png"]
    assert dataset.header["skipped"] == 3


def test_no_picture_at_all_is_an_error_and_leaves_nothing(tmp_path):
    for none in ([], [Sample("a", damaged, "dog", "train")]):
        with pytest.raises(DataError, match="No picture"):
            write_dataset(tmp_path / "set", TINY, none, "", "")
    assert list(tmp_path.iterdir()) == []


def test_arrays_must_have_the_frame_s_shape(tmp_path):
    with pytest.raises(DataError, match="does not fit the frame"):
        write_dataset(tmp_path / "set", DIGIT_28, samples(1), "", "")


def test_a_data_set_is_only_replaced_when_asked(tmp_path):
    written(tmp_path, 8)
    with pytest.raises(DataError, match="exists already"):
        written(tmp_path, 4)
    assert len(open_dataset(tmp_path / "set")) == 8
    assert len(written(tmp_path, 4, overwrite=True)) == 4
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


def test_a_folder_that_is_no_data_set_is_never_replaced(tmp_path):
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "thesis.txt").write_text("years of work")
    with pytest.raises(DataError, match="left alone"):
        written(tmp_path, overwrite=True)
    assert (tmp_path / "set" / "thesis.txt").read_text() == "years of work"


def test_a_failure_half_way_leaves_the_old_data_set_as_it_was(tmp_path):
    def failing() -> Iterator[Sample]:
        yield from samples(3)
        raise KeyboardInterrupt

    written(tmp_path, 8)
    with pytest.raises(KeyboardInterrupt):
        write_dataset(tmp_path / "set", TINY, failing(), "", "", overwrite=True)
    assert len(open_dataset(tmp_path / "set")) == 8
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


def test_memory_does_not_grow_with_the_number_of_pictures(tmp_path):
    frame = Frame(height=100, width=100, channels=1)

    def many() -> Iterator[Sample]:
        for i in range(2000):
            picture = np.full((100, 100, 1), i % 256, np.uint8)
            yield Sample(str(i), lambda picture=picture: picture, "dog", "train")

    tracemalloc.start()
    write_samples(tmp_path, frame, many())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert np.load(tmp_path / "images.npy", mmap_mode="r").shape == (2000, 100, 100, 1)
    assert peak < 1_000_000  # the pictures are 20 MB


def spoil_header(directory: Path) -> None:
    (directory / "dataset.json").write_text("{")


def of_another_version(directory: Path) -> None:
    header = json.loads((directory / "dataset.json").read_text())
    (directory / "dataset.json").write_text(json.dumps(header | {"format": "dogpeople data set 9"}))


def cut_images(directory: Path) -> None:
    data = (directory / "images.npy").read_bytes()
    (directory / "images.npy").write_bytes(data[:-5])


def lose_images(directory: Path) -> None:
    (directory / "images.npy").unlink()


def cut_index(directory: Path) -> None:
    lines = (directory / "index.csv").read_text().splitlines()
    (directory / "index.csv").write_text("\n".join(lines[:-1]))


def spoil_index(directory: Path) -> None:
    (directory / "index.csv").write_text("a,b\n1,2\n")


def lose_frame(directory: Path) -> None:
    header = json.loads((directory / "dataset.json").read_text())
    del header["frame"]
    (directory / "dataset.json").write_text(json.dumps(header))


def test_what_is_read_later_may_be_damaged_by_then(tmp_path):
    dataset = written(tmp_path)
    text = dataset.index.read_text()
    dataset.index.write_text(text.replace(",0\n", ",zero\n", 1))
    with pytest.raises(DataError, match=r"index\.csv is damaged"):
        _ = dataset.label
    dataset.index.unlink()
    with pytest.raises(DataError, match=r"index\.csv is damaged"):
        _ = dataset.name


@pytest.mark.parametrize(
    "spoil",
    [
        spoil_header,
        of_another_version,
        cut_images,
        lose_images,
        cut_index,
        spoil_index,
        lose_frame,
    ],
)
def test_a_damaged_data_set_is_refused_by_name(tmp_path, spoil):
    written(tmp_path)
    spoil(tmp_path / "set")
    with pytest.raises(DataError, match="set"):
        open_dataset(tmp_path / "set")


def test_a_missing_data_set_is_refused(tmp_path):
    with pytest.raises(DataError, match="not a prepared data set"):
        open_dataset(tmp_path)


def test_training_sees_what_serving_sees(tmp_path):
    """Both go through align, so a picture prepared and the same picture sent agree to a level."""
    folder = write_pictures(tmp_path / "in", [{"file": "a.png"}])
    (sample,) = pictures(folder)
    dataset = write_dataset(tmp_path / "set", FACE_GREY_50, [sample], "", "")
    photo = read_photo((folder / "a.png").read_bytes())
    crop = align(photo, FACE_GREY_50, sample.landmarks, "person")
    np.testing.assert_allclose(dataset.batch(np.array([0]))[0], crop.pixels, atol=0.5 / 255)

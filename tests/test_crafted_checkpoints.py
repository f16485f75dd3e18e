"""Model files from strangers: whatever they say of themselves, they are refused before memory is
taken for it."""

import json
import os
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from app.morphing import Morpher
from tests.drawn import CONFIG, FRAME
from vae_core import checkpoint as checkpoint_module
from vae_core.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from vae_core.errors import CheckpointError
from vae_core.finder.find import Finder
from vae_core.finder.network import tensor_shapes
from vae_core.model import VAEConfig, build_vae, cast
from vae_core.tensor_file import MAX_FILE, checksum, read_tensors, write_tensors

METADATA = {"histogram": {"edges": [0.0, 0.5, 1.0], "counts": [3, 1]}}
LITTLE = 30_000_000
"""Bytes: more than a refusal takes, and less than any of the tensors that are claimed."""


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "stranger.safetensors"
    save_checkpoint(path, whole())
    return path


def whole(**changes):
    params = cast(build_vae(CONFIG).init(np.random.default_rng(0)))
    return Checkpoint("blobs", CONFIG, FRAME, params | changes, METADATA)


def refused(path, read=load_checkpoint):
    """Assert that a file is refused by name, at little cost."""
    tracemalloc.start()
    try:
        with pytest.raises(CheckpointError) as caught:
            read(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert path.name in str(caught.value)
    assert peak < LITTLE
    return str(caught.value)


def forge(path, change, size=None):
    """Change the header of a whole file, and perhaps how many bytes of tensors follow it."""
    content = path.read_bytes()
    end = 8 + int.from_bytes(content[:8], "little")
    fields = json.loads(content[8:end])
    change(fields)
    header = json.dumps(fields).encode()
    with path.open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header + content[end:])
        if size is not None:
            file.truncate(8 + len(header) + size)


def first_two(fields):
    names = [name for name in fields if name != "__metadata__"]
    by_place = sorted(names, key=lambda name: fields[name]["data_offsets"])
    return fields[by_place[0]], fields[by_place[1]]


def overlapping(fields):
    first, second = first_two(fields)
    second["data_offsets"] = [first["data_offsets"][0], second["data_offsets"][1]]


def all_in_one_place(fields):
    first, second = first_two(fields)
    second["data_offsets"] = first["data_offsets"]


def beyond_the_end(fields):
    first, _ = first_two(fields)
    first["data_offsets"] = [10**12, 10**12 + 4]


def turned_round(fields):
    first, _ = first_two(fields)
    first["data_offsets"].reverse()


def negative(fields):
    first, _ = first_two(fields)
    first["data_offsets"] = [-4, 0]


def of_words(fields):
    first, _ = first_two(fields)
    first["data_offsets"] = ["0", "4"]


def of_too_many(fields):
    first, _ = first_two(fields)
    first["data_offsets"] = [0, 1, 2]


def of_huge_shape(fields):
    first, _ = first_two(fields)
    first["shape"] = [2**62, 2**62]


def of_negative_shape(fields):
    first, _ = first_two(fields)
    first["shape"] = [-1, -1]


def of_another_type(fields):
    first, _ = first_two(fields)
    first["dtype"] = "F64"


def of_unknown_type(fields):
    first, _ = first_two(fields)
    first["dtype"] = ["F32"]


def of_half_size(fields):
    first, _ = first_two(fields)
    first["dtype"] = "F16"


CHANGES = [
    overlapping,
    all_in_one_place,
    beyond_the_end,
    turned_round,
    negative,
    of_words,
    of_too_many,
    of_huge_shape,
    of_negative_shape,
    of_another_type,
    of_unknown_type,
    of_half_size,
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
@pytest.mark.parametrize("read", [load_checkpoint, read_tensors])
def test_tensors_that_lie_elsewhere_than_they_should_are_never_read(
    path, change, read, monkeypatch
):
    monkeypatch.setattr(checkpoint_module, "read_arrays", lambda *_: pytest.fail("it was read"))
    forge(path, change)
    refused(path, read)


@pytest.mark.parametrize("shape", [[1] * 100, [0] + [MAX_FILE] * 4], ids=["deep", "nothing"])
@pytest.mark.parametrize("read", [load_checkpoint, read_tensors])
def test_shapes_that_no_array_can_have_are_refused(path, shape, read):
    def change(fields):
        first, _ = first_two(fields)
        begin, end = first["data_offsets"]
        fields["more"] = first | {
            "shape": shape,
            "data_offsets": [begin, begin + 4 * (0 not in shape)],
        }
        if 0 not in shape:
            first["data_offsets"], first["shape"] = [begin + 4, end], [(end - begin) // 4 - 1]

    forge(path, change)
    refused(path, read)


@pytest.mark.parametrize("size", [100_000_000_000, MAX_FILE + 1])
def test_a_file_beyond_all_models_is_not_read(path, size):
    os.truncate(path, size)  # sparse: it takes no room on the disk
    assert "larger" in refused(path)


def test_a_hole_of_a_gigabyte_in_a_file_is_not_read(path):
    os.truncate(path, 1_000_000_000)
    refused(path)


def test_a_configuration_of_half_a_million_layers_is_not_built(path):
    def change(fields):
        text = json.loads(fields["__metadata__"]["dogpeople"])
        text["config"]["hidden"] = [1] * 200_000
        fields["__metadata__"]["dogpeople"] = json.dumps(text)

    forge(path, change)
    refused(path)


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_none_are_refused(path, number):
    bias = np.zeros(2 * CONFIG.latent, np.float32)
    bias[1] = number
    save_checkpoint(path, whole(**{"encoder.out.bias": bias}))
    assert "none" in refused(path)


@pytest.mark.parametrize(
    "metadata",
    [
        {"histogram": {"edges": [0, 1], "counts": []}},
        {"histogram": {"edges": [1, 0], "counts": [1]}},
        {"histogram": {"edges": [0, 1e999], "counts": [1]}},
        {"histogram": {"edges": ["a", "b"], "counts": [1]}},
        {"histogram": {"edges": [0, 1], "counts": [0]}},
        {"histogram": {"edges": [0, 1], "counts": [-1]}},
        {"histogram": [1]},
        {"example": {"friend": [0.0] * 3}},
        {"example": {"friend": [0.0] * 4, "dog": [0.0] * 4}},
        {"example": {"friend": [1e30] * 3, "dog": [0.0] * 3}},
        {"example": {"friend": ["x"] * 3, "dog": [0.0] * 3}},
        {"example": [1]},
        {"dataset": "mine"},
        {"losses": [0.1]},
    ],
    ids=str,
)
def test_metadata_that_would_break_a_request_later_is_refused_now(path, metadata):
    text = {"config": CONFIG.to_json(), "frame": FRAME.to_json()}
    write_tensors(path, whole().params, {"name": "blobs", "metadata": metadata} | text)
    refused(path)


GRIDS = VAEConfig((8, 8, 3), latent=2, likelihood="coloured", architecture="mixer", blocks=(1,))


@pytest.mark.parametrize(
    "config",
    [
        replace(GRIDS, hidden=(10**6,), architecture="conv"),
        replace(GRIDS, hidden=(10**6,)),
        replace(GRIDS, hidden=(4,), image=(4 * 700, 4 * 700, 3)),
        replace(GRIDS, hidden=(4,), image=(4 * 10**6, 4 * 10**6, 3)),
    ],
    ids=str,
)
def test_blocks_of_more_numbers_than_there_are_take_no_memory(path, config):
    text = {"config": config.to_json(), "frame": FRAME.to_json(), "metadata": METADATA}
    write_tensors(path, whole().params, {"name": "blobs"} | text)
    refused(path)


def test_a_frame_of_another_size_than_the_models_is_refused(path):
    frame = FRAME.to_json() | {"height": 13}
    text = {"config": CONFIG.to_json(), "frame": frame, "metadata": METADATA}
    write_tensors(path, whole().params, {"name": "blobs"} | text)
    refused(path)


HEADER = {"threshold": 0.5, "metadata": {}}


def finder_tensors(**changes):
    shapes = tensor_shapes() | changes
    return {name: np.zeros(shape, np.float32) for name, shape in shapes.items() if shape}


def test_a_finder_of_the_right_shapes_is_read(path):
    write_tensors(path, finder_tensors(), HEADER)
    assert Finder.from_file(path).finished


@pytest.mark.parametrize(
    ("header", "tensors"),
    [
        (HEADER, {"scout.heads.bias": (3,)}),
        (HEADER, {"scout.heads.bias": None}),
        (HEADER, {"extra": (3,)}),
        (HEADER, {"boxes.person": (4, 9)}),
        ({"threshold": "low", "metadata": {}}, {}),
        ({"threshold": 0.5, "metadata": None}, {}),
        ({}, {}),
    ],
    ids=str,
)
def test_a_finder_that_would_break_a_request_later_is_refused_now(path, header, tensors):
    write_tensors(path, finder_tensors(**tensors), header)
    refused(path, Finder.from_file)


def test_a_finder_whose_training_is_not_over_is_not_served(path):
    rest = {name: t for name, t in finder_tensors().items() if name.split(".")[0] != "gauge"}
    write_tensors(path.with_name("finder.safetensors"), rest, HEADER)
    with pytest.raises(CheckpointError, match="not over"):
        Morpher.from_folder(path.parent)


def test_a_forged_checksum_does_not_help(path):
    """Whoever forges a file can compute a checksum over it: structure is judged all the same."""
    tensors = whole().params | {"encoder.out.bias": np.zeros(7, np.float32)}
    assert len(checksum(tensors, "{}")) == 64
    save_checkpoint(path, whole(**{"encoder.out.bias": np.zeros(7, np.float32)}))
    assert "not those of its model" in refused(path)

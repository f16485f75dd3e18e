"""Checkpoints: bit-exact, refused when a bit is wrong, and never half written."""

import errno
import io
import itertools
import json
import os
import pickle
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save

from tests.drawn import CONFIG, FRAME
from vae_core import checkpoint as checkpoint_module
from vae_core.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from vae_core.errors import CheckpointError
from vae_core.metrics import Histogram
from vae_core.model import VAEConfig, build_vae, cast
from vae_core.tensor_file import MAX_HEADER, checksum, read_tensors, write_tensors

METADATA = {"histogram": {"edges": [0.0, 0.5, 1.0], "counts": [3, 1]}, "terms": "fair use, é"}


def make(seed=0):
    params = cast(build_vae(CONFIG).init(np.random.default_rng(seed)))
    return Checkpoint("blobs", CONFIG, FRAME, params, METADATA)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "blobs.safetensors"
    save_checkpoint(path, make())
    return path


def refused(path, *words):
    """Assert that a file is refused in a sentence that names it."""
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(path)
    assert path.name in str(caught.value)
    for word in words:
        assert word in str(caught.value)


def forge(path, header, tensors=None, metadata=None):
    """Write a file with a correct checksum over whatever it says."""
    tensors = make().params if tensors is None else tensors
    text = json.dumps({"format": 1} | header)
    metadata = metadata or {"dogpeople": text, "sha256": checksum(tensors, text)}
    path.write_bytes(save(tensors, metadata))


def described(**changes):
    description = {
        "name": "blobs",
        "config": CONFIG.to_json(),
        "frame": FRAME.to_json(),
        "metadata": METADATA,
    }
    return description | changes


def test_a_round_trip_is_bit_exact(path):
    saved, loaded = make(), load_checkpoint(path)
    assert (loaded.name, loaded.config, loaded.frame) == (saved.name, saved.config, saved.frame)
    assert loaded.metadata == saved.metadata
    assert loaded.params.keys() == saved.params.keys()
    for name, p in saved.params.items():
        assert loaded.params[name].dtype == np.float32
        assert loaded.params[name].tobytes() == p.tobytes()


def test_a_loaded_model_encodes_decodes_and_ranks(path, rng):
    loaded = load_checkpoint(path)
    x = rng.random((2, 12, 12, 1), np.float32)
    z = loaded.encode(x)
    assert z.shape == (2, CONFIG.latent)
    np.testing.assert_array_equal(loaded.decode(z), loaded.reconstruct(x))
    assert loaded.histogram == Histogram((0.0, 0.5, 1.0), (3, 1))


def test_half_precision_is_read_as_float32(tmp_path):
    path, halves = tmp_path / "half.safetensors", cast(make().params, "float16")
    save_checkpoint(path, Checkpoint("half", CONFIG, FRAME, halves, METADATA))
    for name, p in load_checkpoint(path).params.items():
        np.testing.assert_array_equal(p, halves[name].astype(np.float32), strict=True)


def test_a_file_cut_anywhere_is_refused(path):
    content = path.read_bytes()
    for tenth in range(10):
        path.write_bytes(content[: len(content) * tenth // 10])
        refused(path)
    path.write_bytes(content[:-1])
    refused(path)
    path.write_bytes(content + b"\0")
    refused(path)


def test_each_of_a_thousand_flipped_bits_is_refused(path, rng):
    """In the header, where its structure is, and in the numbers, which only the checksum sees."""
    content = bytearray(path.read_bytes())
    start = 8 + int.from_bytes(content[:8], "little")
    bits = np.concatenate([rng.integers(0, 8 * start, 600), rng.integers(0, 8 * len(content), 400)])
    for bit in map(int, bits):
        content[bit // 8] ^= 1 << bit % 8
        path.write_bytes(content)
        refused(path)
        content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(content)
    load_checkpoint(path)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_are_refused(tmp_path, content, framed):
    path = tmp_path / "bytes.safetensors"
    path.write_bytes(len(content).to_bytes(8, "little") + content if framed else content)
    refused(path)


def test_what_is_no_checkpoint_is_refused(tmp_path):
    path = tmp_path / "model.safetensors"
    refused(path, "No such file")
    path.mkdir()
    refused(path, "directory")
    path.rmdir()
    for content in (b"", b"Dear server,\nthis is a letter.\n", b"[" * 9_000_000, b"\x89PNG\r\n"):
        path.write_bytes(content)
        refused(path)


def test_a_pickle_is_refused_and_not_run(tmp_path):
    path, trap = tmp_path / "model.safetensors", tmp_path / "sprung"

    class Trap:
        def __reduce__(self):
            return Path.touch, (trap,)

    path.write_bytes(pickle.dumps(Trap()))
    refused(path)
    assert not trap.exists()


@pytest.mark.parametrize("size", [10_000_000_000, 2**64 - 1, MAX_HEADER + 1])
def test_a_header_said_to_be_huge_is_not_read(size, tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(size.to_bytes(8, "little") + b"{}")
    refused(path, str(size))


@pytest.mark.parametrize("nested", [b'{"a":' * 180_000, b"[" * 900_000])
def test_a_header_nested_without_end_is_refused(nested, tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(len(nested).to_bytes(8, "little") + nested)
    refused(path)


def test_tensors_that_are_not_the_models_are_refused_before_they_are_read(path, monkeypatch):
    right = make().params
    bias = right["encoder.out.bias"]
    wrong = {
        "shape": right | {"encoder.out.bias": np.zeros(7, np.float32)},
        "transposed": right | {"encoder.out.weight": right["encoder.out.weight"].T.copy()},
        "missing": {k: p for k, p in right.items() if k != "encoder.out.bias"},
        "renamed": {k.replace("out.bias", "out.shift"): p for k, p in right.items()},
        "one more": right | {"extra": bias},
        "double": right | {"encoder.out.bias": bias.astype(np.float64)},
        "whole numbers": right | {"encoder.out.bias": bias.astype(np.int32)},
    }

    def read(*_):
        pytest.fail("the tensors were read")

    monkeypatch.setattr(checkpoint_module, "read_arrays", read)
    for tensors in wrong.values():
        forge(path, described(), tensors)
        refused(path)


@pytest.mark.parametrize(
    "changes",
    [
        {"config": None},
        {"config": {}},
        {"config": CONFIG.to_json() | {"latent": 4}},
        {"config": CONFIG.to_json() | {"latent": 10**30}},
        {"config": CONFIG.to_json() | {"image": [10**9, 10**9, 1], "hidden": [10**9]}},
        {"config": CONFIG.to_json() | {"likelihood": "guess"}},
        {"config": CONFIG.to_json() | {"likelihood": {}}},
        {"frame": None},
        {"frame": {"height": 12}},
        {"frame": 7},
        {"metadata": "none"},
        {"metadata": None},
        {"format": 2},
    ],
    ids=str,
)
def test_a_description_of_no_model_is_refused(changes, path):
    forge(path, described(**changes))
    refused(path)


@pytest.mark.parametrize("key", ["name", "config", "frame", "metadata"])
def test_an_incomplete_description_is_refused(key, path):
    header = described()
    del header[key]
    forge(path, header)
    refused(path)


def test_other_peoples_safetensors_are_refused(path):
    for metadata in ({"format": "pt"}, {"dogpeople": "{}"}, {"dogpeople": "[", "sha256": ""}):
        forge(path, {}, metadata=metadata)
        refused(path)


def test_a_header_swapped_between_two_whole_files_is_refused(path):
    forge(path, described(), metadata={"dogpeople": json.dumps(described()), "sha256": "0" * 64})
    refused(path)


class Watched(io.FileIO):
    """A file whose writes go to the disk at once."""


class FailingDisk:
    """Lets the first ``good`` calls through to the disk; then every call raises ``error``.

    For this thread alone: the servers of other tests may be at work beside it.
    """

    def __init__(self, patch, error, good):
        self.left, self.error, self.thread = good, error, threading.get_ident()
        for owner, name in ((os, "open"), (os, "fsync"), (Path, "replace")):
            patch.setattr(owner, name, self.guarded(getattr(owner, name)))
        for name in ("write", "flush"):
            patch.setattr(Watched, name, self.guarded(getattr(io.FileIO, name)), raising=False)
        patch.setattr(Path, "open", self.guarded(Watched, Path.open))

    def guarded(self, call, whole=None):
        def guard(*args, **kwargs):
            if threading.get_ident() != self.thread:
                return (whole or call)(*args, **kwargs)
            if self.left <= 0:
                raise OSError(self.error, os.strerror(self.error))
            self.left -= 1
            return call(*args, **kwargs)

        return guard


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO], ids=["ENOSPC", "EIO"])
def test_an_error_at_any_call_of_a_save_leaves_a_whole_file_and_no_other(error, path, monkeypatch):
    old = path.read_bytes()
    found = []
    for good in itertools.count():
        with monkeypatch.context() as patch:
            FailingDisk(patch, error, good)
            try:
                save_checkpoint(path, make(seed=1))
            except CheckpointError as refusal:
                said = str(refusal)
            else:
                break
        assert path.name in said
        assert os.strerror(error) in said
        if path.read_bytes() == old:
            found.append("old")
        else:
            np.testing.assert_equal(load_checkpoint(path).params, make(seed=1).params)
            found.append("new")
        assert [p.name for p in path.parent.iterdir()] == [path.name]
        path.write_bytes(old)
    # Open, write, flush, fsync, close and replace leave the old file; what follows is the flush of
    # the folder's own entry, when the new one has its place already.
    assert found == ["old"] * 6 + ["new"] * 2


def test_a_folder_that_cannot_be_made_is_a_refusal_too(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(CheckpointError, match="could not be saved"):
        save_checkpoint(tmp_path / "file" / "model.safetensors", make())


def test_there_is_never_half_a_file_to_be_seen(path, monkeypatch):
    """Whoever loads at any moment of a save gets the old model or the new one."""
    seen = []

    def look(call):
        def looking(*args, **kwargs):
            seen.append(load_checkpoint(path).params["encoder.out.bias"][0])
            result = call(*args, **kwargs)
            seen.append(load_checkpoint(path).params["encoder.out.bias"][0])
            return result

        return looking

    monkeypatch.setattr(os, "fsync", look(os.fsync))
    monkeypatch.setattr(Path, "replace", look(Path.replace))
    save_checkpoint(path, make(seed=1))
    old, new = make().params["encoder.out.bias"][0], make(seed=1).params["encoder.out.bias"][0]
    assert seen == [old, old, old, new, new, new]


def test_a_reader_that_is_overtaken_by_a_writer_keeps_the_old_file(path, monkeypatch):
    def overtaken(config):
        save_checkpoint(path, make(seed=1))
        return build_vae(config)

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint_module, "build_vae", overtaken)
        loaded = load_checkpoint(path)
    np.testing.assert_array_equal(
        loaded.params["encoder.out.bias"], make().params["encoder.out.bias"]
    )


def test_any_arrays_survive_with_their_header(tmp_path, rng):
    arrays = {"a": rng.random((2, 3), np.float32).T, "empty": np.zeros((0, 4), np.float32)}
    path = tmp_path / "deep" / "arrays.safetensors"
    write_tensors(path, arrays, {"step": 3, "note": "ß"})
    tensors, header = read_tensors(path)
    assert header == {"step": 3, "note": "ß", "format": 1}
    for name, a in arrays.items():
        np.testing.assert_array_equal(tensors[name], a, strict=True)


def test_a_configuration_of_a_huge_model_costs_no_memory():
    huge = VAEConfig((10_000, 10_000, 1), latent=2, hidden=(10_000,))
    assert checkpoint_module.shapes_of(Path("x"), huge)["encoder.hidden1.weight"][0] == 10**8

"""A preset and a data set small enough for whole training runs inside a test."""

from pathlib import Path

import pytest

from tests.drawn import PRESET, draw_dataset
from vae_core.__main__ import main
from vae_core.presets import PRESETS


@pytest.fixture(scope="session")
def data(tmp_path_factory) -> Path:
    """The folder of a prepared data set of 40 training and 10 test pictures."""
    folder = tmp_path_factory.mktemp("drawn") / "data"
    draw_dataset(folder)
    return folder


@pytest.fixture(scope="session")
def trained(data, tmp_path_factory) -> Path:
    """The checkpoint of one whole run of ``train``, with everything beside it."""
    out = tmp_path_factory.mktemp("models") / "blobs.safetensors"
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PRESETS, "tiny", PRESET)
        assert main(["train", "--preset", "tiny", "--data", str(data), "--out", str(out)]) == 0
    return out


@pytest.fixture(autouse=True)
def _tiny_preset(monkeypatch) -> None:
    monkeypatch.setitem(PRESETS, "tiny", PRESET)


@pytest.fixture
def no_curve(monkeypatch) -> None:
    """Leave out the picture of the curve, which takes longer than the training."""
    monkeypatch.setattr("vae_core.commands.train.draw_curve", lambda folder: None)

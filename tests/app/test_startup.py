"""Settings, the models folder, and ``python -m app`` itself."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from app.decoding import DecoderPool
from app.main import create_app
from app.morphing import Morpher
from app.settings import ROOT, Settings
from tests.app import tiny
from tests.app.faces import FakeFinder
from tests.app.pictures import dog_photo, photo
from vae_core.errors import CheckpointError, ConfigError
from vae_core.imaging.align import Frame, face_frame
from vae_core.imaging.photo import PhotoLimits


def test_settings_have_defaults_for_one_machine():
    settings = Settings.from_env({})
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.models == ROOT / "models"


def test_as_many_photos_are_decoded_at_once_as_there_are_cores(models):
    settings = Settings.from_env({"MODELS": str(models)})
    assert settings.hands == os.cpu_count()
    with DecoderPool.from_settings(settings) as pool:
        assert len(pool.decoders) == os.cpu_count()


def test_the_cores_are_shared_among_the_processes(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    given = [{}, {"WORKERS": "4"}, {"WORKERS": "9"}, {"WORKERS": "4", "THREADS": "3"}]
    assert [Settings.from_env(environ).hands for environ in given] == [8, 2, 1, 3]


def test_settings_are_read_from_the_environment():
    environ = {"PORT": "9", "HOST": "::1", "MODELS": "/m", "MODEL": "x", "MAX_PHOTO_BYTES": "7"}
    settings = Settings.from_env(environ | {"WORKERS": ""})
    assert (settings.port, settings.host, settings.model) == (9, "::1", "x")
    assert settings.models == Path("/m")
    assert settings.max_photo_bytes == 7


@pytest.mark.parametrize("text", ["eighty", "-1", "0", "8000.5", "²"])
def test_a_number_that_is_none_is_named(text):
    with pytest.raises(ConfigError, match="PORT"):
        Settings.from_env({"PORT": text})


def test_the_finest_model_of_faces_is_the_default(tmp_path):
    tiny.save_model(tmp_path, "a-digits", Frame(height=20, width=18, channels=1))
    assert Morpher.from_folder(tmp_path, "", PhotoLimits()).default == "a-digits"
    tiny.save_model(tmp_path, "b-faces", face_frame(12, channels=1))
    assert Morpher.from_folder(tmp_path, "", PhotoLimits()).default == "b-faces"
    tiny.save_model(tmp_path, "c-faces", face_frame(16, channels=1))
    assert Morpher.from_folder(tmp_path, "", PhotoLimits()).default == "c-faces"


def test_a_damaged_model_is_refused_by_name(tmp_path):
    tiny.save_model(tmp_path, "faces", face_frame(12, channels=1))
    path = tmp_path / "faces.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(CheckpointError, match="faces"):
        Morpher.from_folder(tmp_path, "", PhotoLimits())


def test_a_damaged_finder_is_refused_by_name(tmp_path):
    tiny.save_model(tmp_path, "faces", face_frame(12, channels=1))
    (tmp_path / "finder.safetensors").write_bytes(b"no finder")
    with pytest.raises(CheckpointError, match="finder"):
        Morpher.from_folder(tmp_path, "", PhotoLimits())


def test_a_finder_that_is_given_is_used_instead_and_is_no_model(tmp_path):
    tiny.save_model(tmp_path, "faces", face_frame(12, channels=1))
    (tmp_path / "finder.safetensors").write_bytes(b"no finder")
    finder = FakeFinder({})
    morpher = Morpher.from_folder(tmp_path, "", PhotoLimits(), finder)
    assert morpher.finder is finder
    assert list(morpher.checkpoints) == ["faces"]


@pytest.mark.parametrize("environ", [{"MODELS": "EMPTY"}, {"MODEL": "nobody"}, {"PORT": "x"}])
def test_what_cannot_be_served_is_said_in_one_sentence(tmp_path, models, environ):
    environ = {"MODELS": str(models)} | environ
    environ = {k: v.replace("EMPTY", str(tmp_path)) for k, v in environ.items()}
    run = subprocess.run(
        [sys.executable, "-m", "app"], env=os.environ | environ, capture_output=True, text=True
    )
    assert run.returncode == 2
    assert run.stderr.startswith("dogpeople: ")
    assert run.stderr.count("\n") == 1


def test_the_description_of_the_api_is_whole_though_it_is_built_late(models):
    code = (
        "import json, app.__main__; app.__main__.import_fastapi()\n"
        "from app.main import create_app\n"
        "print(json.dumps(create_app().openapi()))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"MODELS": str(models)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(run.stdout) == create_app(Settings(models=models)).openapi()


def test_numpy_is_imported_after_it_has_been_told_how_many_threads_to_take():
    code = "import sys, app.__main__; print('numpy' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"


def test_the_application_imports_nothing_heavy():
    code = "import sys, app.main; print(*{name.split('.')[0] for name in sys.modules})"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    assert loaded.isdisjoint({"matplotlib", "tqdm", "pi_heif", "httpx2", "cupy", "playwright"})


def test_no_upload_touches_the_disk(client, tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a temporary file was made")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    monkeypatch.setattr(tempfile, "NamedTemporaryFile", refuse)
    large = photo("PNG", compress_level=0) + bytes(3_000_000)
    answer = client.post("/api/v1/morph", files={"friend": large, "dog": dog_photo()})
    assert answer.status_code == 200, answer.text

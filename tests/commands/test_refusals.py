"""Whatever is refused ends with status 2 and one sentence; nobody is shown a traceback."""

import pytest

from vae_core import __main__ as program
from vae_core.__main__ import main
from vae_core.errors import (
    CheckpointError,
    ConfigError,
    DataError,
    DogpeopleError,
    LandmarksError,
    LatentsError,
    PhotoError,
    PhotoTooLargeError,
    PhotoTooSlowError,
    PhotoTooSmallError,
    UnknownModelError,
    UnreadablePhotoError,
)

ERRORS = [
    DogpeopleError,
    PhotoError,
    UnreadablePhotoError,
    PhotoTooLargeError,
    PhotoTooSlowError,
    PhotoTooSmallError,
    LandmarksError,
    LatentsError,
    UnknownModelError,
    ConfigError,
    DataError,
    CheckpointError,
]


@pytest.fixture
def failing(monkeypatch):
    """Make ``evaluate`` end with an exception."""

    def arrange(error):
        def run(args):
            raise error

        monkeypatch.setattr(program.evaluate, "run", run)
        return main(["evaluate", "--model", "m", "--data", "d"])

    return arrange


@pytest.mark.parametrize("kind", ERRORS)
def test_every_refusal_is_one_sentence_and_status_2(kind, failing, capsys):
    assert failing(kind("The dog is out.")) == 2
    assert capsys.readouterr() == ("", "dogpeople: The dog is out.\n")


def test_no_refusal_is_left_out():
    def below(kind):
        return {kind}.union(*map(below, kind.__subclasses__()))

    ours = {kind for kind in below(DogpeopleError) if kind.__module__ == "vae_core.errors"}
    assert ours == set(ERRORS)


def test_a_file_that_the_system_refuses_is_named(failing, capsys):
    assert failing(PermissionError(13, "Permission denied", "/etc/secret")) == 2
    assert capsys.readouterr().err == "dogpeople: /etc/secret: Permission denied.\n"


def test_ctrl_c_leaves_quietly_with_the_status_that_a_shell_expects(failing, capsys):
    assert failing(KeyboardInterrupt()) == 130
    assert capsys.readouterr() == ("", "")


def test_a_mistake_of_ours_is_not_hidden(failing):
    with pytest.raises(ZeroDivisionError):
        failing(ZeroDivisionError())


@pytest.mark.parametrize("arguments", [[], ["fly"], ["train"], ["train", "--preset", "huge"]])
def test_a_command_line_that_makes_no_sense_shows_the_usage(arguments, capsys):
    with pytest.raises(SystemExit) as leaving:
        main(arguments)
    assert leaving.value.code == 2
    assert "usage: python -m vae_core" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["prepare", "train", "evaluate", "morph"])
def test_every_command_has_help(command, capsys):
    with pytest.raises(SystemExit) as leaving:
        main([command, "--help"])
    assert leaving.value.code == 0
    assert "--" in capsys.readouterr().out


def test_a_damaged_model_is_named(data, tmp_path, capsys):
    path = tmp_path / "broken.safetensors"
    path.write_bytes(b"broken")
    assert main(["evaluate", "--model", str(path), "--data", str(data)]) == 2
    assert "broken.safetensors is damaged" in capsys.readouterr().err

"""``make figures`` draws with commands that exist, and no figure of the page is missing."""

import re
import subprocess
from pathlib import Path

from vae_core.experiments import EXPERIMENTS
from vae_core.gallery import GALLERY
from vae_core.presets import PRESETS

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "experiments.md").read_text(encoding="utf-8")


def test_the_script_is_one_and_trains_presets_that_exist():
    script = ROOT / "docs" / "figures.sh"
    subprocess.run(["sh", "-n", script], check=True)
    (small,) = re.findall(r'^small="(.*)"$', script.read_text(), re.MULTILINE)
    assert set(small.split()) <= PRESETS.keys()


def test_every_picture_of_the_page_is_there():
    pictures = re.findall(r"!\[.*?\]\((\S+)\)", PAGE)
    assert pictures
    for picture in pictures:
        assert (ROOT / "docs" / picture).is_file(), picture


def test_every_command_of_the_page_names_what_there_is():
    commands = re.findall(r"vae_core (figures|experiment) ([a-z][a-z -]*?)(?: --| \\)", PAGE)
    assert len(commands) > 2
    for command, names in commands:
        assert set(names.split()) <= (GALLERY if command == "figures" else EXPERIMENTS).keys()

"""What is there before a server has workers is theirs in common."""

from dataclasses import replace

import pytest

from app import serving
from app.morphing import Morpher
from app.settings import Settings
from tests.app.tiny import save_models


@pytest.mark.parametrize("workers", [1, 2])
def test_several_workers_find_the_weights_laid_out(workers, tmp_path, monkeypatch):
    save_models(tmp_path)
    morpher = Morpher.from_folder(tmp_path)
    seen = []

    def look(*_):
        seen.extend("laid_out" in vars(c) for c in morpher.checkpoints.values())

    class Crew:
        def __init__(self, *_):
            look()

        def run(self):
            return 0

    monkeypatch.setattr(serving, "Crew", Crew)
    monkeypatch.setattr(serving, "serve", look)
    monkeypatch.setattr(serving, "create_app", lambda *_: None)
    monkeypatch.setattr(serving, "listen", lambda _: None)
    monkeypatch.setattr(serving.gc, "freeze", lambda: None)
    settings = replace(Settings(), models=tmp_path, workers=workers)
    assert serving.answer(settings, morpher) == 0
    assert len(seen) > 0
    assert all(already == (workers > 1) for already in seen)

"""``sample``: a sheet of a model's own people and dogs."""

import numpy as np
import pytest
from PIL import Image

from vae_core.__main__ import main


@pytest.fixture
def run(trained, tmp_path):
    def drawing(*more):
        out = tmp_path / "sheet.png"
        status = main(["sample", "--model", str(trained), "--out", str(out), *more])
        return status, np.array(Image.open(out)) if out.exists() else None

    return drawing


def test_a_sheet_has_rows_of_people_above_rows_of_dogs(run):
    status, sheet = run("--rows", "2", "--columns", "3")
    assert status == 0
    assert sheet.shape == (4 * 12, 3 * 12)


def test_the_seed_decides_what_is_drawn(run):
    first, again, other = (run("--seed", seed)[1] for seed in ("1", "1", "2"))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.parametrize("wrong", ["--rows", "--columns"])
def test_no_sheet_at_all_is_refused(run, wrong):
    assert run(wrong, "0") == (2, None)

"""Unfold and fold are adjoint, whatever the geometry."""

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from vae_core.patches import fold, grid_size, unfold

SMALL = st.integers(1, 4)


@given(st.integers(1, 9), st.integers(1, 9), SMALL, SMALL, st.integers(0, 2), SMALL)
def test_fold_is_the_adjoint_of_unfold(height, width, kernel, stride, pad, channels):
    assume(min(grid_size(s, kernel, stride, pad) for s in (height, width)) > 0)
    rng = np.random.default_rng(1)
    x = rng.standard_normal((2, height, width, channels))
    rows = unfold(x, kernel, stride, pad)
    r = rng.standard_normal(rows.shape)
    back = fold(r, (height, width), kernel, stride, pad)
    np.testing.assert_allclose((rows * r).sum(), (x * back).sum(), rtol=1e-9, atol=1e-9)


def test_unfold_lays_a_patch_out_row_by_row():
    x = np.arange(16.0).reshape(1, 4, 4, 1)
    np.testing.assert_array_equal(unfold(x, 2, 2, 0)[0, 0, 1], [2, 3, 6, 7])

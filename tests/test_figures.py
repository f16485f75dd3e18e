"""Figures: what is drawn is what was given, where it was asked for."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from vae_core.figures import (
    grid_on_plane,
    latent_plane,
    loss_histogram,
    picture_sheet,
    smoothed,
    stacked_rows,
    tiled,
    training_curve,
)
from vae_core.figures.planes import limits_of


@pytest.fixture
def axes():
    return Figure().subplots()


def test_tiles_lie_in_rows_on_white(rng):
    pictures = rng.random((5, 2, 3, 1))
    sheet = tiled(pictures, 3)
    assert sheet.shape == (2 * 3 - 1, 3 * 4 - 1, 1)
    np.testing.assert_array_equal(sheet[3:5, 4:7], pictures[4])
    assert (sheet[2] == 1).all()
    assert (sheet[3:, 8:] == 1).all()


@pytest.mark.parametrize("channels", [1, 3])
def test_a_sheet_shows_grey_and_colour(axes, rng, channels):
    picture_sheet(axes, rng.random((4, 2, 2, channels)), 2)
    assert axes.images[0].get_array().shape[:2] == (5, 5)
    assert len(axes.get_xticks()) == 0


def test_rows_have_their_names_beside_them(axes, rng):
    stacked_rows(axes, {"input": rng.random((4, 2, 2, 1)), "model": rng.random((4, 2, 2, 1))})
    assert [label.get_text() for label in axes.get_yticklabels()] == ["input", "model"]
    assert axes.images[0].get_array().shape == (5, 11)


def test_a_plane_has_a_colour_for_each_group_and_the_limits_it_is_given(axes, rng):
    groups = np.array(["a", "b", "a", "b", "b"])
    points = rng.standard_normal((5, 2))
    latent_plane(axes, points, groups, np.array([[-3.0, -4.0], [5.0, 6.0]]))
    assert [len(dots.get_offsets()) for dots in axes.collections] == [2, 3]
    np.testing.assert_array_equal(axes.collections[0].get_offsets(), points[groups == "a"])
    assert axes.get_xlim() == (-3, 5)
    assert axes.get_ylim() == (-4, 6)


def test_limits_hold_all_points_with_a_margin():
    points = np.array([[0.0, 1.0], [10.0, 3.0]])
    np.testing.assert_allclose(limits_of(points), [[-0.5, 0.9], [10.5, 3.1]])


def test_a_grid_is_drawn_as_its_rows_and_columns(axes):
    grid = np.stack(np.meshgrid(np.arange(4.0), np.arange(3.0)), axis=-1)
    grid_on_plane(axes, grid)
    assert len(axes.lines) == 3 + 4
    np.testing.assert_array_equal(axes.lines[0].get_xydata(), grid[0])


def test_smoothing_leaves_a_constant_alone_and_follows_a_step():
    np.testing.assert_allclose(smoothed(np.full(9, 3.0)), 3.0)
    after = smoothed(np.array([0.0] * 50 + [1.0] * 50), keep=0.9)
    assert after[49] == 0
    assert 0.99 < after[-1] < 1


def test_the_curve_shows_losses_on_a_log_axis_and_beta_beside_them():
    figure = Figure()
    axes = figure.subplots()
    log = [
        {"step": t, "total": 9 - t, "reconstruction": 8 - t, "kl": 1.0, "beta": t / 4, "lr": 0.1}
        for t in range(1, 5)
    ]
    training_curve(axes, log)
    losses, beta = figure.axes
    named = [line.get_label() for line in losses.lines if not line.get_label().startswith("_")]
    assert named == ["total", "reconstruction", "kl", "beta (right)"]
    assert losses.get_yscale() == "log"
    np.testing.assert_array_equal(beta.lines[0].get_ydata(), [0.25, 0.5, 0.75, 1])


def test_without_a_beta_there_is_no_second_axis():
    figure = Figure()
    training_curve(figure.subplots(), [{"step": 1, "total": 2.0, "beta": 0.0, "lr": 0.1}])
    assert len(figure.axes) == 1


def test_a_histogram_counts_every_group_and_marks_the_photos(axes, rng):
    losses = {"person": rng.random(30), "dog": rng.random(20)}
    loss_histogram(axes, losses, {"ada": 0.25})
    counts = [sum(bar.get_height() for bar in bars) for bars in axes.containers]
    assert counts == [30, 20]
    assert axes.lines[0].get_xdata() == [0.25, 0.25]
    assert "ada: 0.2500" in axes.get_legend().texts[-1].get_text()

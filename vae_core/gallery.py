"""The article's figures by name: which pictures of which models each shows.

A figure is drawn from an :class:`Exhibit`; what it needs and does not find is a DataError.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from vae_core.checkpoint import Checkpoint
from vae_core.data.dataset import Dataset
from vae_core.errors import ConfigError, DataError
from vae_core.evaluation import fit_pca, losses, pictures_of
from vae_core.evaluation import latents as latents_of
from vae_core.figures.curves import loss_histogram, training_curve
from vae_core.figures.pictures import picture_sheet, stacked_rows
from vae_core.figures.planes import grid_on_plane, latent_plane, limits_of
from vae_core.imaging.render import side_by_side
from vae_core.latent import walk
from vae_core.metrics import mse_per_picture
from vae_core.principal import PrincipalComponents
from vae_core.types import Array

ACROSS = 12
"""Pictures in a row."""

INCHES = 0.8
"""What a picture of such a row is high."""

DOTS = 5000
GRID = 15
STRIPS, FRAMES = 6, 11
GOOD = 15
"""Per cent of a group, the best reconstructed, that the ends of walks are taken from."""


class Drawn(NamedTuple):
    """A figure, and an animation beside it, (T, H, W, C), where there is one."""

    figure: Any
    frames: Array | None = None


@dataclass(frozen=True)
class Exhibit:
    """What is shown: models, the data set they are of, and photos by name, (H, W, C) each.

    logs: the training log of every model that left one, a dict a step.
    """

    models: tuple[Checkpoint, ...]
    dataset: Dataset
    photos: Mapping[str, Array] = field(default_factory=dict)
    logs: Mapping[str, list[dict[str, float]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for model in self.models:
            if model.frame != self.dataset.frame:
                raise DataError(f"The data set was prepared for another frame than {model.name}.")

    @property
    def rng(self) -> np.random.Generator:
        """The same numbers for every figure, so that all show the same pictures."""
        return np.random.default_rng(6)

    @cached_property
    def test(self) -> Array:
        """Where held-out pictures are, at most ``DOTS``, in random order."""
        return self.rng.permutation(pictures_of(self.dataset, "test"))[:DOTS]

    @cached_property
    def groups(self) -> Array:
        """The digit, or else the species, of every picture of ``test``: strings."""
        labels = self.dataset.label[self.test].astype(str)
        return np.where(labels == "-1", self.dataset.species[self.test], labels)

    def pictures(self, places: Array) -> Array:
        """Read pictures of ``test``: (n,) places in it -> (n, H, W, C)."""
        return self.dataset.batch(self.test[places])

    def encode(self, model: Checkpoint) -> Array:
        """Return the mean latents of ``test``: (N, Z)."""
        return latents_of(model, self.dataset, self.test)

    @cached_property
    def own(self) -> Array:
        """The first model's losses of ``test``: (N,)."""
        return losses(self.models[0], self.dataset, self.test)

    @cached_property
    def pca(self) -> PrincipalComponents:
        """The principal components of the training pictures: as many as the largest latent."""
        return fit_pca(self.dataset, max((m.config.latent for m in self.models), default=2))


def new_figure(rows: int, columns: int, width: float, height: float) -> tuple[Any, Any]:
    """Return a figure and its axes, (rows, columns); ConfigError without matplotlib."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ConfigError("Figures need matplotlib: install the extra `figures`.") from error
    figure = Figure(figsize=(width, height), layout="constrained", dpi=110)
    return figure, figure.subplots(rows, columns, squeeze=False)


def samples(exhibit: Exhibit) -> Drawn:
    """Draw a sheet of the processed pictures of each species."""
    kinds = sorted(set(exhibit.dataset.species))
    figure, axes = new_figure(len(kinds), 1, 10, 3.3 * len(kinds))
    for ax, kind in zip(axes[:, 0], kinds, strict=True):
        indices = exhibit.rng.permutation(exhibit.dataset.indices("train", kind))[:120]
        picture_sheet(ax, exhibit.dataset.batch(indices), 20)
        ax.set_title(f"{kind}: as the model sees them")
    return Drawn(figure)


def reconstructions(exhibit: Exhibit) -> Drawn:
    """Draw held-out pictures above what each model, and PCA, makes of them."""
    x = exhibit.dataset.batch(exhibit.test[:ACROSS])
    return compared(exhibit, {"held-out pictures": x})


def compared(exhibit: Exhibit, sheets: Mapping[str, Array]) -> Drawn:
    """Draw pictures of every title, (n, H, W, C), above their reconstructions."""
    shown = {title: rows_of(exhibit, x) for title, x in sheets.items()}
    inches = 0.4 + INCHES * max(map(len, shown.values()))
    figure, axes = new_figure(len(shown), 1, 11, len(shown) * inches)
    for ax, (title, rows) in zip(axes[:, 0], shown.items(), strict=True):
        stacked_rows(ax, rows)
        ax.set_title(title)
    return Drawn(figure)


def rows_of(exhibit: Exhibit, x: Array) -> dict[str, Array]:
    """Return pictures (n, H, W, C), and what every model and PCA make of them, by name."""
    rows = {"input": x}
    for model in exhibit.models:
        rows[f"{model.name}\n{model.config.latent} latents"] = model.reconstruct(x)
    for components in sorted({model.config.latent for model in exhibit.models}):
        rows[f"PCA\n{components} components"] = exhibit.pca.first(components).reconstruct(x)
    return rows


def extremes(exhibit: Exhibit) -> Drawn:
    """Draw the held-out pictures that the first model reconstructs best, and worst."""
    order = np.argsort(exhibit.own)
    best, worst = (exhibit.pictures(k) for k in (order[:ACROSS], order[: -ACROSS - 1 : -1]))
    return compared(exhibit, {"reconstructed best": best, "reconstructed worst": worst})


def plane(exhibit: Exhibit) -> Drawn:
    """Draw the first two latents of every model on its own scale; several also all on one."""
    points = [exhibit.encode(model)[:, :2] for model in exhibit.models]
    scales = [limits_of(np.concatenate(points))] * (len(points) > 1)
    figure, axes = new_figure(
        1 + len(scales), len(points), 5.5 * len(points), 4.5 + 4.5 * len(scales)
    )
    for column, model, z in zip(axes.T, exhibit.models, points, strict=True):
        for ax, limits in zip(column, [limits_of(z), *scales], strict=True):
            latent_plane(ax, z, exhibit.groups, limits)
        column[0].set_title(f"{model.name}: first two of {model.config.latent} latents")
        column[-1].set_title("the same, all on one scale" if scales else column[0].get_title())
    return Drawn(figure)


def latents(exhibit: Exhibit) -> Drawn:
    """Draw the last model's first two latents, their two principal axes, and the pictures' own."""
    model = exhibit.models[-1]
    z, x = exhibit.encode(model), exhibit.dataset.batch(exhibit.test)
    shown = {
        f"first two of {model.config.latent} latents": z[:, :2],
        "principal components of the latents": principal_axes(z).scores(z),
        "principal components of the pixels": exhibit.pca.first(2).scores(x),
    }
    figure, axes = new_figure(1, 3, 15, 5)
    for ax, (title, points) in zip(axes[0], shown.items(), strict=True):
        latent_plane(ax, points, exhibit.groups, limits_of(points))
        ax.set_title(f"{model.name}: {title}" if "latent" in title else title)
    return Drawn(figure)


def principal_axes(z: Array) -> PrincipalComponents:
    """Return the two directions in which latents (N, Z) vary most."""
    return PrincipalComponents.fit([z], 2)


def curves(exhibit: Exhibit) -> Drawn:
    """Draw the training of every model that left its log: raw and smoothed, and beta."""
    names = [model.name for model in exhibit.models if exhibit.logs.get(model.name)]
    if not names:
        raise DataError("There is no log beside the models; train one, and give that.")
    figure, axes = new_figure(1, len(names), 6.5 * len(names), 4.5)
    for ax, name in zip(axes[0], names, strict=True):
        training_curve(ax, exhibit.logs[name])
        ax.set_title(name)
    return Drawn(figure)


def manifold(exhibit: Exhibit) -> Drawn:
    """Draw a grid of latents on the plane, and what the first model decodes from it.

    With two latents the grid is along them, else along their two principal axes.
    """
    model = exhibit.models[0]
    z = exhibit.encode(model)
    axes_of_plane = principal_axes(z)
    if model.config.latent == 2:
        axes_of_plane = PrincipalComponents(z.mean(axis=0), np.eye(2), z.std(axis=0), 0.0)
    ticks = np.linspace(-1.5, 1.5, GRID)
    grid = np.stack(np.meshgrid(ticks, ticks[::-1]), axis=-1) * axes_of_plane.std
    at = (axes_of_plane.mean + grid @ axes_of_plane.directions).astype(np.float32)
    points = axes_of_plane.scores(z)
    figure, (axes,) = new_figure(1, 2, 13, 6.5)
    latent_plane(axes[0], points, exhibit.groups, limits_of(points))
    grid_on_plane(axes[0], grid)
    axes[0].set_title(f"{model.name}: the plane around the mean latent, and a grid on it")
    picture_sheet(axes[1], model.decode(at.reshape(GRID**2, -1)), GRID)
    axes[1].set_title("decoded at the grid's crossings")
    return Drawn(figure)


def walks(exhibit: Exhibit) -> Drawn:
    """Draw straight walks of the first model: from digit to digit, or between two of a species."""
    groups = sorted(set(exhibit.groups))
    others = groups[1:] + groups[:1]
    if len(groups) <= 2:
        groups = others = groups * (STRIPS // len(groups))
    pairs = [
        (member(exhibit, a, k), member(exhibit, b, k + STRIPS))
        for k, (a, b) in enumerate(zip(groups, others, strict=True))
    ]
    return strips_of(exhibit.models[0], exhibit.pictures(np.array(pairs[: 2 * STRIPS])))


def cover(exhibit: Exhibit) -> Drawn:
    """Draw six strips of the first model from a person, given photos first, to a dog."""
    if not {"person", "dog"} <= set(exhibit.groups):
        raise DataError("A strip from a person to a dog wants pictures of both.")
    people, dogs = (
        exhibit.pictures(np.array([member(exhibit, kind, k) for k in range(STRIPS)]))
        for kind in ("person", "dog")
    )
    people = np.stack([*exhibit.photos.values(), *people][:STRIPS])
    return strips_of(exhibit.models[0], np.stack([people, dogs], axis=1))


def member(exhibit: Exhibit, group: str, number: int) -> int:
    """Return the place in ``test`` of one picture of a group, among the well reconstructed."""
    places = np.flatnonzero(exhibit.groups == group)
    own = exhibit.own[places]
    good = places[own <= np.percentile(own, GOOD)]
    return int(good[number % len(good)])


def strips_of(model: Checkpoint, ends: Array) -> Drawn:
    """Draw decoded walks between pictures, (n, 2, H, W, C); the animation shows all at once."""
    z = model.encode(ends.reshape(-1, *ends.shape[2:])).reshape(len(ends), 2, -1)
    frames = np.stack([model.decode(walk(pair[0], pair[1], FRAMES)) for pair in z])
    figure, axes = new_figure(1, 1, 9, 0.4 + INCHES * len(ends))
    picture_sheet(axes[0, 0], frames.reshape(-1, *frames.shape[2:]), FRAMES)
    axes[0, 0].set_title(f"{model.name}: straight walks between two latents, decoded")
    side = np.stack([side_by_side(moment) for moment in frames.swapaxes(0, 1)])
    return Drawn(figure, side)


def histogram(exhibit: Exhibit) -> Drawn:
    """Draw how often which loss occurs on held-out pictures, with every given photo's."""
    figure, axes = new_figure(len(exhibit.models), 1, 8, 4 * len(exhibit.models))
    kinds = exhibit.dataset.species[exhibit.test]
    for ax, model in zip(axes[:, 0], exhibit.models, strict=True):
        own = losses(model, exhibit.dataset, exhibit.test)
        marked = {name: loss_of(model, photo) for name, photo in exhibit.photos.items()}
        loss_histogram(ax, {str(k): own[kinds == k] for k in sorted(set(kinds))}, marked)
        ax.set_title(f"{model.name}: losses of held-out pictures")
    return Drawn(figure)


def loss_of(model: Checkpoint, picture: Array) -> float:
    """Return the mean square error per pixel of one picture, (H, W, C)."""
    return float(mse_per_picture(picture[None], model.reconstruct(picture[None]))[0])


GALLERY: dict[str, Callable[[Exhibit], Drawn]] = {
    "samples": samples,
    "reconstructions": reconstructions,
    "plane": plane,
    "curves": curves,
    "walks": walks,
    "manifold": manifold,
    "latents": latents,
    "histogram": histogram,
    "extremes": extremes,
    "cover": cover,
}

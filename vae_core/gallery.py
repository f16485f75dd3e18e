"""The article's figures by name: which pictures of which models each shows.

A figure is drawn from an exhibit; what it needs and does not find is a DataError.
"""

from collections.abc import Callable, Mapping

import numpy as np

from vae_core.checkpoint import Checkpoint
from vae_core.errors import DataError
from vae_core.evaluation import latents as latents_of
from vae_core.evaluation import losses
from vae_core.exhibit import Drawn, Exhibit, new_figure
from vae_core.figures.curves import loss_histogram, training_curve
from vae_core.figures.pictures import picture_sheet, stacked_rows
from vae_core.figures.planes import grid_on_plane, latent_plane, limits_of
from vae_core.imaging.render import side_by_side
from vae_core.kinds import BREEDS, members
from vae_core.latent import walk
from vae_core.metrics import mse_per_picture
from vae_core.principal import PrincipalComponents
from vae_core.types import Array

ACROSS = 12
"""Pictures in a row."""

INCHES = 0.8
"""What a picture of such a row is high."""

GRID = 15
STRIPS, FRAMES = 6, 11
GOOD = 15
"""Per cent of a group, the best reconstructed, that the ends of walks are taken from."""


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


def breeds(exhibit: Exhibit) -> Drawn:
    """Draw dogs of known breed along the principal axes of their latents, and of their pixels."""
    model, dataset = exhibit.models[-1], exhibit.dataset
    places = {breed: members(dataset, breed) for breed in BREEDS}
    where = np.concatenate(list(places.values()))
    known = np.repeat(list(places), [len(k) for k in places.values()])
    z, x = latents_of(model, dataset, where), dataset.batch(where).reshape(len(where), -1)
    figure, axes = new_figure(1, 2, 13, 5)
    for ax, (what, values) in zip(axes[0], {"latents": z, "pixels": x}.items(), strict=True):
        points = principal_axes(values).scores(values)
        latent_plane(ax, points, known, limits_of(points))
        ax.set_title(f"{model.name}: principal components of the {what} of five breeds")
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
    "breeds": breeds,
}

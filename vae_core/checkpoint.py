"""One file holds one model, and says everything about it.

Its description and its tensors' shapes are verified before memory is taken for them and before the
model is used.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from vae_core.errors import CheckpointError, ConfigError
from vae_core.imaging.align import Frame
from vae_core.layers import Resize
from vae_core.metrics import Histogram
from vae_core.model import VAE, VAEConfig, build_vae, cast
from vae_core.refine import Refinement, refine
from vae_core.tensor_file import opened, read_arrays, read_header, write_tensors
from vae_core.tiles import tiled
from vae_core.types import Array, Params, joined, scope

LARGEST_LATENT = 1e6
"""Far beyond every face; above it float32 could overflow inside a decoder."""


@dataclass(frozen=True)
class Checkpoint:
    """A trained VAE, the frame its pictures are brought to, and where it comes from.

    ``metadata`` holds plain JSON: preset, step, git revision, data set and terms, losses, the
    histogram of the training pictures' losses, and how latents are refined, if they are.
    """

    name: str
    config: VAEConfig
    frame: Frame
    params: Params
    metadata: dict[str, Any]

    @cached_property
    def vae(self) -> VAE:
        """The functions that the configuration names."""
        return build_vae(self.config)

    @cached_property
    def histogram(self) -> Histogram:
        """Per-picture mean square errors of the training set."""
        return Histogram.from_json(self.metadata["histogram"])

    @cached_property
    def refinement(self) -> Refinement | None:
        """How an encoded latent is brought nearer to its picture; None: it stays as it is."""
        return Refinement.from_json(v) if (v := self.metadata.get("refinement")) else None

    @cached_property
    def inner(self) -> "Checkpoint":
        """The same model on pictures of the size at which its networks work."""
        config = self.config.inner
        frame = replace(self.frame, height=config.image[0], width=config.image[1])
        return replace(self, config=config, frame=frame) if config != self.config else self

    @cached_property
    def laid_out(self) -> Params:
        """What a morph needs of the parameters, laid out for its two photos and few frames."""
        networks = {"encoder": self.vae.encoder, "decoder": self.vae.decoder}
        params = self.vae.of_means(self.params)
        parts = {name: tiled(net, scope(params, name)) for name, net in networks.items()}
        return params | joined(**parts)

    def lay_out(self) -> None:
        """Lay the weights out now, not when a photo is waiting."""
        _ = self.laid_out

    def encode(self, x: Array) -> Array:
        """(N, H, W, C) in [0, 1] -> (N, Z)."""
        return self._encode(x)[0]

    def encode_and_show(self, x: Array) -> tuple[Array, Array | None]:
        """Return :meth:`encode`, and :meth:`decode` of that if refining has shown it."""
        z, y = self._encode(x)
        large = Resize(self.inner.config.image[:2], self.config.image[:2])
        return z, None if y is None else self.vae.likelihood.mean(large.forward({}, y)[0])

    def _encode(self, x: Array) -> tuple[Array, Array | None]:
        if not self.refinement:
            return self.vae.encode(self.laid_out, x), None
        small = Resize(self.config.image[:2], self.inner.config.image[:2]).forward({}, x)[0]
        return refine(self.inner.vae, self.laid_out, small, self.refinement)

    def decode(self, z: Array) -> Array:
        """(N, Z) -> (N, H, W, C) in [0, 1]."""
        return self.vae.decode(self.laid_out, z)

    def reconstruct(self, x: Array) -> Array:
        """(N, H, W, C) -> (N, H, W, C), without noise."""
        return self.decode(self.encode(x))


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a model to one file, atomically: there is the old file or the new, never a part."""
    config, frame = checkpoint.config.to_json(), checkpoint.frame.to_json()
    header = {"name": checkpoint.name, "config": config, "frame": frame}
    write_tensors(path, checkpoint.params, header | {"metadata": checkpoint.metadata})


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a model, as float32; CheckpointError if any byte of it is not as it was written."""
    with opened(path) as file:
        header = read_header(path, file)
        name, config, frame, metadata = parse_description(path, header.values)
        if len(config.hidden) > len(header.shapes) or header.shapes != shapes_of(path, config):
            raise CheckpointError(f"{path.name}: its tensors are not those of its model.")
        params = read_arrays(path, file, header)
    if not all(np.isfinite(p).all() for p in params.values()):
        raise CheckpointError(f"{path.name} holds numbers that are none: its training went astray.")
    return Checkpoint(name, config, frame, cast(params), metadata)


def parse_description(
    path: Path, values: dict[str, Any]
) -> tuple[str, VAEConfig, Frame, dict[str, Any]]:
    """Return name, configuration, frame and metadata of a header; CheckpointError without them."""
    try:
        config = VAEConfig.from_json(values["config"])
        frame = Frame.from_json(values["frame"])
        metadata = dict(values["metadata"])
        check_metadata(metadata, config)
        if (frame.height, frame.width, frame.channels) != config.image:
            raise ValueError("its frame is not of the model's size.")
        return str(values["name"]), config, frame, metadata
    except (ConfigError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise CheckpointError(f"{path.name} does not describe a model: {error}") from error


def check_metadata(metadata: dict[str, Any], config: VAEConfig) -> None:
    """Raise ValueError, TypeError or KeyError if what is used of it later could not be."""
    if not all(isinstance(metadata.get(key, {}), dict) for key in ("dataset", "losses")):
        raise ValueError("its data set or its losses are not described.")
    if histogram := metadata.get("histogram"):
        Histogram.from_json(histogram).check()
    if refinement := metadata.get("refinement"):
        lengths = Refinement.from_json(refinement).lengths
        if config.likelihood != "coloured" or len(lengths) != config.latent:
            raise ValueError("its latents cannot be refined.")
    for end in ("friend", "dog") if metadata.get("example") else ():
        latent = np.asarray(metadata["example"][end], np.float64)
        if latent.shape != (config.latent,) or not (np.abs(latent) < LARGEST_LATENT).all():
            raise ValueError("its example is no pair of latents.")


def shapes_of(path: Path, config: VAEConfig) -> dict[str, tuple[int, ...]]:
    """Return the shapes of a configuration's parameters; CheckpointError beyond all memory."""
    try:
        return build_vae(config).shapes()
    except (ValueError, OverflowError, MemoryError) as error:
        raise CheckpointError(f"{path.name} describes a model too large to exist.") from error

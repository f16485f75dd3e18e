import json

import numpy as np
import pytest

from vae_core.checkpoint import Checkpoint
from vae_core.commands.scatter import scatter
from vae_core.data.sample import Sample
from vae_core.errors import ConfigError
from vae_core.imaging.align import Frame
from vae_core.model import VAEConfig, build_vae, cast


def model(latent):
    config = VAEConfig((6, 6, 1), latent, hidden=(7,))
    params = cast(build_vae(config).init(np.random.default_rng(7)))
    return Checkpoint("tiny", config, Frame(height=6, width=6, channels=1), params, {})


def digit(label, rng):
    picture = rng.integers(0, 256, (6, 6, 1), np.uint8)
    return Sample(
        str(label), lambda: picture, "digit", "test", origin="mnist", label=label
    ), picture


def test_the_points_are_the_latents_of_the_digits(rng):
    samples, pictures = zip(*(digit(label, rng) for label in range(10)), strict=True)
    found = json.loads(json.dumps(scatter(model(2), list(samples))))
    assert found["labels"] == list(range(10))
    z = model(2).encode(np.stack(pictures).astype(np.float32) / 255)
    np.testing.assert_allclose(found["points"], z, atol=1e-3)
    (left, right), (bottom, top) = found["extent"]
    assert left < right
    assert bottom < top
    assert left >= z[:, 0].min() - 1e-3


def test_a_model_without_a_plane_is_refused(rng):
    with pytest.raises(ConfigError, match="3 latents"):
        scatter(model(3), [digit(1, rng)[0]])

"""The collapse report: latents that say nothing are found, and their KL is not counted twice."""

from dataclasses import replace

import numpy as np
import pytest

from tests.drawn import CONFIG, FRAME, draw_dataset
from vae_core.checkpoint import Checkpoint
from vae_core.collapse import collapse
from vae_core.evaluation import sampled_losses
from vae_core.model import build_vae, cast


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return draw_dataset(tmp_path_factory.mktemp("drawn") / "data")


def untrained(rng, config=CONFIG):
    params = cast({name: 2 * p for name, p in build_vae(config).init(rng).items()})
    return Checkpoint("blobs", config, FRAME, params, {})


def test_a_latent_that_ignores_the_picture_is_not_active(dataset, rng):
    model = untrained(rng)
    weight, bias = model.params["encoder.out.weight"], model.params["encoder.out.bias"]
    weight[:, 1] = weight[:, 4] = bias[1] = bias[4] = 0
    report = collapse(model, dataset, dataset.indices("test"))
    assert report.active == 2
    assert report.activity[1] == report.kl[1] == 0
    assert "2 of 3 latents are active; KL" in report.sentence


def test_the_shares_sum_to_the_kl(dataset, rng):
    model, indices = untrained(rng), dataset.indices("test")
    _, kl = sampled_losses(model, dataset, indices)
    assert collapse(model, dataset, indices).kl.sum() == pytest.approx(kl.mean(), rel=1e-5)


def test_a_flow_has_active_latents_but_no_shares(dataset, rng):
    model = untrained(rng, replace(CONFIG, flow=(4,)))
    report = collapse(model, dataset, dataset.indices("test"))
    assert report.kl is None
    assert report.sentence == f"{report.active} of 3 latents are active."
    assert np.isfinite(report.activity).all()

"""Sweeps that train small models of digits: seeds, warm-ups of beta, sizes, posteriors."""

from dataclasses import replace
from functools import partial

from vae_core.experiments.measures import bounds, reconstruction
from vae_core.experiments.sweep import Experiment, Principal, Trained
from vae_core.model import VAEConfig, article_beta
from vae_core.presets import PRESETS
from vae_core.training import TrainSettings

DIGIT = (28, 28, 1)
BETA = article_beta(1e-4, 32, 784)
SHORT = TrainSettings(steps=3000, batch=64)

SEEDS = Experiment(
    "The article's two models of digits with 2 latents: how much is luck?",
    {
        f"{name}-seed{seed}": Trained(
            PRESETS[name].model, replace(PRESETS[name].training, seed=seed), reconstruction
        )
        for name in ("mnist", "mnist-ramp")
        for seed in range(5)
    }
    | {"PCA-2": Principal(2)},
    drawn=("mse", "mse, drawn latent"),
)

WARMUPS = Experiment(
    "How beta grows to the article's weight of the KL: what does it do to 2 and to 50 latents?",
    {
        f"{latent}-{schedule}": Trained(
            VAEConfig(DIGIT, latent=latent, hidden=(200,)),
            replace(SHORT, beta=BETA, beta_schedule=schedule),
            reconstruction,
        )
        for latent in (2, 50)
        for schedule in ("constant", "delayed_ramp", "linear", "sigmoid", "cyclical")
    }
    | {
        f"{latent}-none": Trained(
            VAEConfig(DIGIT, latent=latent, hidden=(200,)), SHORT, reconstruction
        )
        for latent in (2, 50)
    }
    | {f"PCA-{latent}": Principal(latent) for latent in (2, 50)},
    drawn=("mse", "kl", "active"),
)

SIZES = Experiment(
    "Layers and latents: what does a parameter buy?",
    {
        f"{'x'.join(map(str, hidden))}-{latent}": Trained(
            VAEConfig(DIGIT, latent=latent, hidden=hidden), SHORT, reconstruction
        )
        for hidden in ((100,), (400,), (400, 400))
        for latent in (2, 16, 64, 256)
    }
    | {f"PCA-{latent}": Principal(latent) for latent in (2, 16, 64, 256)},
    drawn=("mse",),
    against=("parameters", "seconds"),
)

BINARY = TrainSettings(steps=12_000, batch=64, lr_schedule="cosine", beta=1.0, binarise=True)
DIAGONAL = VAEConfig(DIGIT, latent=32, hidden=(214,), likelihood="bernoulli")

PLANE = replace(DIAGONAL, latent=2)
EIGHT = replace(DIAGONAL, latent=8, activation="silu")
LONGER = replace(BINARY, steps=8000, batch=128, lr=2e-3, lr_schedule="warm_cosine")

POSTERIORS = Experiment(
    "At equal parameters: does a posterior that bends, or a convolution, bring a better bound?",
    {
        f"2-{name}-seed{seed}": Trained(config, replace(BINARY, seed=seed), bounds)
        for name, config in (
            ("gaussian", replace(PLANE, hidden=(201,))),
            ("flow", replace(PLANE, hidden=(200,), flow=(64, 64))),
        )
        for seed in range(3)
    }
    | {
        f"8-{name}-seed{seed}": Trained(config, replace(LONGER, seed=seed), bounds)
        for seed in range(3)
        for name, config in (
            ("gaussian", replace(EIGHT, hidden=(207,))),
            ("flow", replace(EIGHT, hidden=(200,), flow=(128, 128))),
        )
    }
    | {
        "32-gaussian": Trained(DIAGONAL, BINARY, bounds),
        "32-flow": Trained(replace(DIAGONAL, hidden=(200,), flow=(64, 64)), BINARY, bounds),
        "32-conv": Trained(
            replace(DIAGONAL, hidden=(66,), blocks=(1,), architecture="conv"), BINARY, bounds
        ),
    },
    drawn=("elbo", "bound, k = 500"),
)

BEST = Experiment(
    "How good a bound does the best of our models of digits reach?",
    {
        "draws-5": Trained(
            replace(DIAGONAL, latent=50, hidden=(400, 400), activation="silu"),
            replace(BINARY, steps=50_000, batch=128, lr=2e-3, lr_schedule="warm_cosine", draws=5),
            partial(bounds, pictures=10_000),
        )
    },
    drawn=("elbo", "bound, k = 500"),
)

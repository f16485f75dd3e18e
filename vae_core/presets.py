"""Named settings: which model, of which pictures, trained how."""

from dataclasses import dataclass

from vae_core.errors import ConfigError
from vae_core.imaging.align import DIGIT_28, FACE_GREY_50, HEAD_RGB_128, Frame
from vae_core.model import VAEConfig, article_beta
from vae_core.training import TrainSettings


@dataclass(frozen=True)
class Preset:
    """A model and its training, under the name people call it by.

    refinement_steps: by which the finished model improves every latent it encodes.  stored: the
    type of the numbers in its file.
    """

    summary: str
    frame: Frame
    model: VAEConfig
    training: TrainSettings
    refinement_steps: int = 0
    stored: str = "float32"


MNIST = VAEConfig((28, 28, 1), latent=2)
MNIST_50 = VAEConfig((28, 28, 1), latent=50, hidden=(1500,))

PRESETS: dict[str, Preset] = {
    "mnist": Preset(
        "the article's digits: 784-1000-2, no KL term",
        DIGIT_28,
        MNIST,
        TrainSettings(steps=10_000, batch=32, beta=0.0),
    ),
    "mnist-ramp": Preset(
        "the article's digits with its KL ramp: 0 for half the steps, then up to 1e-4 of its units",
        DIGIT_28,
        MNIST,
        TrainSettings(
            steps=10_000,
            batch=32,
            beta=article_beta(1e-4, 32, MNIST.pixels),
            beta_schedule="delayed_ramp",
        ),
    ),
    "mnist-50": Preset(
        "the article's digits with 50 latents: 784-1500-50, no KL term",
        DIGIT_28,
        MNIST_50,
        TrainSettings(steps=10_000, batch=32, beta=0.0),
    ),
    "mnist-50-ramp": Preset(
        "the same with the KL ramp of the 2 latents, under which most of the 50 collapse",
        DIGIT_28,
        MNIST_50,
        TrainSettings(
            steps=10_000,
            batch=32,
            beta=article_beta(1e-4, 32, MNIST_50.pixels),
            beta_schedule="delayed_ramp",
        ),
    ),
    "classic": Preset(
        "the article's people and dogs: grey 50x50, 2500-1000-50, no KL term",
        FACE_GREY_50,
        VAEConfig((50, 50, 1), latent=50),
        TrainSettings(steps=40_000, batch=32, beta=0.0, lr_schedule="cosine", mirror=True),
    ),
    "flagship": Preset(
        "people and dogs in colour, 128x128: patches and mixer blocks, 384 latents",
        HEAD_RGB_128,
        VAEConfig(
            (128, 128, 3),
            latent=384,
            hidden=(96, 128),
            blocks=(0, 3),
            scale=2,
            likelihood="coloured",
            architecture="mixer",
        ),
        TrainSettings(
            steps=28_500,
            batch=64,
            lr=1.4e-3,
            lr_schedule="warm_cosine",
            beta=1.0,
            mirror=True,
            shift=2.0,
            turn=5.0,
            zoom=0.05,
            linear_start=True,
            linear_pace=0.02,
            workers=2,
        ),
        refinement_steps=1,
        stored="float16",
    ),
}


def preset_named(name: str) -> Preset:
    """Return the preset called ``name``; ConfigError lists the names there are."""
    if name not in PRESETS:
        raise ConfigError(f"No preset is called {name!r}; there are {', '.join(PRESETS)}.")
    return PRESETS[name]

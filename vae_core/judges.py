"""Two strict onlookers of a morph: one sees doubled faces, the other how much of a dog there is.

Both learn from single training pictures, (N, S, S, C) in [0, 1] at the model's light.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from vae_core.layers import (
    Chain,
    Conv2d,
    Flatten,
    Layer,
    LeakyRelu,
    Linear,
    Residual,
    output,
    param_grads,
    sigmoid,
    softplus,
)
from vae_core.model import cast
from vae_core.optim import Adam
from vae_core.principal import PrincipalComponents
from vae_core.types import Array, Params, Rng

SIDE = 64
"""Pixels along a side of what the judges look at."""

BATCH = 32
SHARES = (0.3, 0.7)
"""Between which the weight of the second face lies in a double."""

COMPONENTS = 400
RIDGE = 1.0
"""How strongly the dog judge's weights are pulled towards zero."""


def build_double_judge(channels: int) -> Layer:
    """(N, 64, 64, C) in [-1, 1] -> (N, 1): the log-odds of seeing two faces."""
    return Chain(
        {
            "half": Conv2d(channels, 16, stride=2),
            "relu1": LeakyRelu(0.1),
            "quarter": Conv2d(16, 32, stride=2),
            "relu2": LeakyRelu(0.1),
            "texture": Residual(Chain({"conv": Conv2d(32, 32), "relu": LeakyRelu(0.1)})),
            "eighth": Conv2d(32, 48, stride=2),
            "relu3": LeakyRelu(0.1),
            "part": Residual(Chain({"conv": Conv2d(48, 48), "relu": LeakyRelu(0.1)})),
            "flatten": Flatten(),
            "odds": Linear(48 * (SIDE // 8) ** 2, 1),
        }
    )


@dataclass(frozen=True)
class DoubleJudge:
    """A small network that tells one face from two in one place."""

    network: Layer
    params: Params

    def odds(self, pictures: Array) -> Array:
        """(N, 64, 64, C) in [0, 1] -> (N,): above zero it calls a picture double."""
        y = output(self.network, self.params, as_input(pictures))
        odds: Array = y[:, 0]
        return odds


def as_input(pictures: Array) -> Array:
    """Take a picture's own contrast out: (N, S, S, C) -> the same, of mean 0 and deviation 1/2.

    Else the judge would only learn that an average is pale.
    """
    mean = pictures.mean(axis=(1, 2, 3), keepdims=True)
    deviation = pictures.std(axis=(1, 2, 3), keepdims=True)
    x: Array = ((pictures - mean) / (2 * np.maximum(deviation, 0.02))).astype(np.float32)
    return x


def train_double_judge(
    pictures: Array, steps: int, seed: int = 0, lr: float = 1e-3
) -> Iterator[tuple[float, DoubleJudge]]:
    """Learn from training pictures; yield the loss in nats and the judge after every step."""
    rng = np.random.default_rng(seed)
    network, optimizer = build_double_judge(pictures.shape[3]), Adam()
    params = cast(network.init(rng))
    state = optimizer.init(params)
    for step in range(steps):
        x, double = single_or_double(pictures, BATCH, rng)
        y, cache = network.forward(params, as_input(x))
        loss = float((softplus(y[:, 0]) - double * y[:, 0]).mean())
        dy = ((sigmoid(y[:, 0]) - double) / BATCH)[:, None].astype(np.float32)
        grads = param_grads(network, params, cache, dy)
        optimizer.update(params, grads, state, lr * (1 - step / steps))
        yield loss, DoubleJudge(network, params)


def single_or_double(pictures: Array, count: int, rng: Rng) -> tuple[Array, Array]:
    """Draw pictures, the second half of them averages of two: (count, S, S, C), (count,) 0 or 1.

    Half of either are softened, so that softness does not give a double away.
    """
    first, second = (pictures[rng.integers(0, len(pictures), count)] for _ in range(2))
    first, second = mirrored(first, rng), mirrored(second, rng)
    double = (np.arange(count) >= count // 2).astype(np.float32)
    share = (double * rng.uniform(*SHARES, count)).astype(np.float32)[:, None, None, None]
    x = (1 - share) * first + share * second
    soft = np.flatnonzero(rng.random(count) < 0.5)
    x[soft] = softened(x[soft])
    return x, double


def mirrored(pictures: Array, rng: Rng) -> Array:
    """Mirror a random half, as a copy in [0, 1]."""
    x = pictures.astype(np.float32)
    flipped = rng.random(len(x)) < 0.5
    x[flipped] = x[flipped, :, ::-1]
    return x


def softened(pictures: Array) -> Array:
    """Average each pixel with its neighbours, weights 1 2 1 along both sides."""
    x = pictures.copy()
    x[:, 1:-1] = (pictures[:, :-2] + 2 * pictures[:, 1:-1] + pictures[:, 2:]) / 4
    y = x.copy()
    y[:, :, 1:-1] = (x[:, :, :-2] + 2 * x[:, :, 1:-1] + x[:, :, 2:]) / 4
    return y


@dataclass(frozen=True)
class DogJudge:
    """A logistic regression on principal components. weights: (K + 1,), the last one the bias."""

    components: PrincipalComponents
    weights: Array

    @classmethod
    def fit(cls, pictures: Array, dogs: Array) -> "DogJudge":
        """Learn from pictures (N, S, S, C), mirrored too, and whether each is a dog's, (N,)."""
        both, labels = np.concatenate([pictures, pictures[:, :, ::-1]]), np.tile(dogs, 2)
        components = PrincipalComponents.fit([coarse(both)], COMPONENTS)
        return cls(components, logistic_regression(features(components, both), labels))

    def odds(self, pictures: Array) -> Array:
        """(N, S, S, C) in [0, 1] -> (N,) log-odds of a dog."""
        odds: Array = features(self.components, pictures) @ self.weights
        return odds


def coarse(pictures: Array) -> Array:
    """Average boxes of 4 x 4 pixels: (N, S, S, C) -> (N, S/4, S/4, C)."""
    n, h, w, channels = pictures.shape
    boxes: Array = pictures.reshape(n, h // 4, 4, w // 4, 4, channels).mean(axis=(2, 4))
    return boxes


def features(components: PrincipalComponents, pictures: Array) -> Array:
    """(N, S, S, C) -> (N, K + 1): the components' shares, and a 1."""
    rows = coarse(pictures).reshape(len(pictures), -1) - components.mean
    return np.column_stack([rows @ components.directions.T, np.ones(len(rows))])


def logistic_regression(x: Array, y: Array, rounds: int = 20) -> Array:
    """Return the weights (K,) that explain y (N,) in {0, 1} by x (N, K) best, by Newton's steps."""
    weights = np.zeros(x.shape[1])
    for _ in range(rounds):
        p = sigmoid(x @ weights)
        slope = x.T @ (p - y) + RIDGE * weights
        bend = (x * (p * (1 - p))[:, None]).T @ x + RIDGE * np.eye(len(weights))
        weights = weights - np.linalg.solve(bend, slope)
    return weights

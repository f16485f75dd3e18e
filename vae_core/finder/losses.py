"""What the finder's networks are trained on. Each loss returns its value and its gradient."""

from vae_core.backend import array_module, fused
from vae_core.layers import sigmoid, softplus
from vae_core.types import Array


def heat_loss(logits: Array, target: Array, weight: Array) -> tuple[float, Array]:
    """Penalty-reduced focal loss on heat maps, arXiv:1808.01244, eq. 1, alpha 2 and beta 4.

    logits, target, weight: (N, h, w, S). target is 1 at a face's cell and falls off around it;
    weight 0 leaves a cell out. Value and gradient are divided by the number of faces.
    """
    value, slope, faces = heat_terms(logits, target, weight)
    count = max(1.0, float(faces.sum()))
    return float(value.sum()) / count, slope / count


@fused
def heat_terms(logits: Array, target: Array, weight: Array) -> tuple[Array, Array, Array]:
    """Return the loss of every number, its slope, and the weight of those that are a face's."""
    xp = array_module(logits)
    p, peak = sigmoid(logits), target == 1
    q = 1 - p
    log_p, log_q = -softplus(-logits), -softplus(logits)
    far = weight * (1 - target) ** 4
    value = xp.where(peak, -weight * q * q * log_p, -far * p * p * log_q)
    slope = xp.where(
        peak,
        weight * (2 * p * q * q * log_p - q**3),
        far * (p**3 - 2 * p * p * q * log_q),
    )
    return value, slope, peak * weight


def point_loss(predicted: Array, target: Array, weight: Array) -> tuple[float, Array]:
    """Huber loss with its knee at 0.1, averaged with ``weight``; all three of one shape."""
    value, slope = huber(predicted, target, weight)
    total = max(1.0, float(weight.sum()))
    return float(value.sum()) / total, slope / total


@fused
def huber(predicted: Array, target: Array, weight: Array) -> tuple[Array, Array]:
    """Return the loss of every number, and its slope."""
    error = predicted - target
    bound = array_module(error).clip(error, -0.1, 0.1)
    return weight * bound * (error - 0.5 * bound), weight * bound


def cross_entropy(logits: Array, classes: Array) -> tuple[float, Array]:
    """-log softmax(logits)[class], averaged: (N, K), (N,) integers."""
    xp = array_module(logits)
    shifted = logits - logits.max(axis=1, keepdims=True)
    exponentials = xp.exp(shifted)
    total = exponentials.sum(axis=1, keepdims=True)
    rows = xp.arange(len(classes))
    value = xp.log(total[:, 0]) - shifted[rows, classes]
    slope = exponentials / total
    slope[rows, classes] -= 1
    return float(value.mean()), slope / len(classes)

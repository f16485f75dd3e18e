"""The experiments that the article wished for, each a small declarative sweep."""

from vae_core.errors import ConfigError
from vae_core.experiments.direction import DIRECTION
from vae_core.experiments.friends import FRIENDS
from vae_core.experiments.kinds import CLUSTERS, RECONSTRUCTED
from vae_core.experiments.sweep import Experiment, Lab, Row
from vae_core.experiments.training_sweeps import BEST, POSTERIORS, SEEDS, SIZES, WARMUPS
from vae_core.experiments.walks import WALKS

EXPERIMENTS: dict[str, Experiment] = {
    "seeds": SEEDS,
    "warmups": WARMUPS,
    "posteriors": POSTERIORS,
    "best": BEST,
    "sizes": SIZES,
    "walks": WALKS,
    "why-friends": FRIENDS,
    "direction": DIRECTION,
    "breeds": CLUSTERS,
    "kinds": RECONSTRUCTED,
}

__all__ = ["EXPERIMENTS", "Experiment", "Lab", "Row", "experiment_named"]


def experiment_named(name: str) -> Experiment:
    """Return the experiment called ``name``; ConfigError lists the names there are."""
    if name not in EXPERIMENTS:
        raise ConfigError(f"No experiment is called {name!r}; there are {', '.join(EXPERIMENTS)}.")
    return EXPERIMENTS[name]

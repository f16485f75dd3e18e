"""Several processes train one model: each has a share of every batch, and gradients are averaged.

``mpiexec -n K python -m vae_core train ...`` starts them. All draw the same random numbers, for the
whole batch, so that the run is the one that a single process makes, up to how sums are rounded.
"""

import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from vae_core.errors import ConfigError, DogpeopleError
from vae_core.types import Array, Params

T = TypeVar("T")

SIZES = ("PMI_SIZE", "OMPI_COMM_WORLD_SIZE")
"""Where MPICH's and Open MPI's mpiexec say how many processes they started."""
FORWARDING = 0.5
"""Seconds that mpiexec has to pass on what a process said before it ended them all."""


@dataclass(frozen=True)
class Team:
    """The processes that train together, seen from one of them; alone unless MPI connects it.

    rank: which one this is; 0 leads: it keeps the run's files and speaks.
    """

    rank: int = 0
    size: int = 1
    comm: Any = None

    @property
    def leads(self) -> bool:
        """Whether this process keeps the files and speaks."""
        return self.rank == 0

    def share(self, count: int) -> slice:
        """Return which of ``count`` examples this process works on; no share is two larger."""
        bounds = [count * rank // self.size for rank in (self.rank, self.rank + 1)]
        return slice(*bounds)

    def average(
        self, losses: Sequence[float], grads: Mapping[str, Any], weight: float
    ) -> tuple[list[float], Params]:
        """Return the sum over the team of everyone's losses and gradients times weights.

        weight: this process's share of the batch; the team's add up to 1.  The gradients travel as
        one array, so that small ones do not wait one by one.
        """
        arrays = {name: np.asarray(grad) for name, grad in grads.items()}
        flat = np.concatenate([array.ravel() for array in arrays.values()])
        flat *= weight
        total = np.multiply(losses, weight)
        self.add_up(flat)
        self.add_up(total)
        ends = np.cumsum([array.size for array in arrays.values()])[:-1]
        parts = zip(arrays.items(), np.split(flat, ends), strict=True)
        return total.tolist(), {name: part.reshape(a.shape) for (name, a), part in parts}

    def add_up(self, array: Array) -> None:
        """Replace an array by its sum over the team, in place."""
        if self.size > 1:
            self.comm.Allreduce(sys.modules["mpi4py.MPI"].IN_PLACE, array)

    def agreed(self, value: T) -> T:
        """Return what the leader gives."""
        agreed: T = self.comm.bcast(value) if self.size > 1 else value
        return agreed

    @contextmanager
    def together(self) -> Iterator[None]:
        """End all processes when one of them fails: the others would wait for it for ever."""
        try:
            yield
        except (Exception, KeyboardInterrupt) as error:
            if self.size == 1:
                raise
            said = error if isinstance(error, DogpeopleError) else repr(error)
            print(f"dogpeople: {said}", file=sys.stderr, flush=True)
            time.sleep(FORWARDING)  # Abort ends the launcher too, and what it has not yet read
            self.comm.Abort(2)


ALONE = Team()


def team(environ: Mapping[str, str] = os.environ) -> Team:
    """Return the team that mpiexec started; ConfigError when it cannot be reached."""
    if not any(int(environ.get(name, "1")) > 1 for name in SIZES):
        return ALONE
    try:
        from mpi4py import MPI
    except (ImportError, RuntimeError) as error:  # no mpi4py, or no library below it
        raise ConfigError("Several processes need MPI: install the extra `mpi`.") from error
    comm = MPI.COMM_WORLD
    return Team(comm.Get_rank(), comm.Get_size(), comm)

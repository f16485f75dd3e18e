"""Adam, in place.

A small batch pays for Adam's memory traffic more than for its own matrix products, so the update
walks through every array in blocks that stay in the cache while the ten passes of the formula go
over them, and threads share the blocks. A gradient that is a product of two arrays is formed
block by block, right there. With Numba the ten passes are one. The result depends neither on that
nor on how many threads there are.
"""

import math
import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from vae_core import kernels
from vae_core.backend import array_module, on_cpu
from vae_core.blas import one_thread
from vae_core.products import Gradient, Grads, Product
from vae_core.types import Array, Params

BLOCK = 196_608
"""Numbers in a block: with its two sums and its gradient 3 MB in float32. Smaller ones stay nearer
to the core, but threads then wait for each other more often, and a product's rows are too few."""

WORTHWHILE = 1_000_000
"""Numbers to update from which on Numba is loaded: it then compiles for a second."""


class Block(NamedTuple):
    """Some of a parameter, of its two sums and of its gradient, and how fast they go."""

    p: Array
    m: Array
    v: Array
    g: Gradient
    rate: float


@dataclass
class AdamState:
    """Decayed sums of the gradient and of its square, and the number of updates made.

    Times 1 - beta they are Adam's running averages. Sums cost one pass less each to keep.
    """

    gradient: Params
    square: Params
    step: int = 0


@dataclass(frozen=True)
class Adam:
    """Adam (arXiv:1412.6980, algorithm 1), with the article's epsilon."""

    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-6

    def init(self, params: Params) -> AdamState:
        """Start from zero averages."""
        zeros = {name: array_module(p).zeros_like(p) for name, p in params.items()}
        return AdamState(zeros, {name: p.copy() for name, p in zeros.items()})

    def update(
        self,
        params: Params,
        grads: Grads,
        state: AdamState,
        lr: float,
        pace: Mapping[str, float] | None = None,
    ) -> None:
        """Take one step of length about ``lr``, changing ``params`` and ``state`` in place.

        ``pace`` multiplies the length for the parameters that it names. ``grads`` is used up: its
        arrays hold nothing useful afterwards.
        """
        pace = pace or {}
        state.step += 1
        bias1, bias2 = 1 - self.beta1**state.step, 1 - self.beta2**state.step
        scale = math.sqrt(bias2 / (1 - self.beta2))
        rate = lr * scale * (1 - self.beta1) / bias1
        eps = self.eps * scale
        blocks: list[Block] = []
        for name, g in grads.items():
            p, m, v = params[name], state.gradient[name], state.square[name]
            blocks += _blocks(Block(p, m, v, g, rate * pace.get(name, 1)))
        work = iter(blocks)
        cpu = all(map(on_cpu, params.values()))
        helpers = _threads() - 1 if cpu else 0
        kernel = _kernel(cpu, sum(math.prod(g.shape) for g in grads.values()))
        with one_thread():
            others = [_pool().submit(self._update, work, eps, kernel) for _ in range(helpers)]
            self._update(work, eps, kernel)
            for other in others:
                if not other.cancel():  # one that has not begun finds nothing left to do
                    other.result()

    def _update(self, work: Iterator[Block], eps: float, kernel: Any) -> None:
        """Take the next block as long as there is one: threads share the iterator."""
        for p, m, v, g, rate in work:
            g = g.formed() if isinstance(g, Product) else g
            if kernel:
                kernel(g, self.beta1, self.beta2, rate, eps, p, m, v)
            else:
                self._update_block(p, m, v, g, rate, eps)

    def _update_block(
        self, p: Array, m: Array, v: Array, g: Array, rate: float, eps: float
    ) -> None:
        """Do p -= rate * m / (sqrt(v) + eps); g is scratch once both sums have it."""
        m *= self.beta1
        m += g
        g *= g
        v *= self.beta2
        v += g
        np.sqrt(v, out=g)
        g += eps
        np.divide(m, g, out=g)
        g *= rate
        p -= g


def _blocks(whole: Block) -> Iterator[Block]:
    """Cut a parameter and what belongs to it into what one thread takes at a time, uncopied.

    ValueError for a parameter that is not contiguous: an update of its copy would be lost.
    """
    p, m, v, g, rate = whole
    if not on_cpu(p):
        yield whole
        return
    step = BLOCK
    if isinstance(g, Product):
        step = max(1, BLOCK // p.shape[1])
    else:
        p, m, v, g = (a.reshape(-1, copy=False) for a in (p, m, v, g))
    for k in range(0, len(p), step):
        some = slice(k, k + step)
        yield Block(p[some], m[some], v[some], g[some], rate)


def _kernel(cpu: bool, numbers: int) -> Any:
    """Return what updates so many ``numbers`` in one pass; None if NumPy's passes do."""
    if not cpu:
        return kernels.adam_on_gpu()
    return kernels.adam_on_cpu() if numbers >= WORTHWHILE else None


def _threads() -> int:
    """Eight at most: more only wait for memory."""
    return min(8, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2)


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max(1, _threads() - 1), thread_name_prefix="adam")

"""Adam, in place.

A small batch pays for Adam's memory traffic more than for its own matrix products, so the update
walks through every array in blocks that stay in a core's cache while the ten passes of the formula
go over them, and two threads share the blocks. The result does not depend on either.
"""

import math
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache

from vae_core.backend import array_module, on_cpu
from vae_core.types import Array, Params

BLOCK = 65_536
"""Numbers in a block: with its two sums and its gradient 1 MB in float32."""


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
        grads: Params,
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
        blocks = [
            (rate * pace.get(name, 1.0), block)
            for name, grad in grads.items()
            for block in _blocks(params[name], state.gradient[name], state.square[name], grad)
        ]
        share = (blocks[i :: _threads()] for i in range(_threads()))
        for done in [_pool().submit(self._update_blocks, part, eps) for part in share]:
            done.result()

    def _update_blocks(self, blocks: list[tuple[float, tuple[Array, ...]]], eps: float) -> None:
        for rate, (p, m, v, g) in blocks:
            self._update_block(p, m, v, g, rate, eps)

    def _update_block(
        self, p: Array, m: Array, v: Array, g: Array, rate: float, eps: float
    ) -> None:
        """Do p -= rate * m / (sqrt(v) + eps); g is scratch once both sums have it."""
        xp = array_module(p)
        m *= self.beta1
        m += g
        g *= g
        v *= self.beta2
        v += g
        xp.sqrt(v, out=g)
        g += eps
        xp.divide(m, g, out=g)
        g *= rate
        p -= g


def _blocks(*arrays: Array) -> list[tuple[Array, ...]]:
    """Cut equally shaped arrays into corresponding pieces of ``BLOCK`` numbers, without copying.

    ValueError for an array that is not contiguous: an update of its copy would be lost.
    """
    if not on_cpu(arrays[0]):
        return [arrays]
    flat = [a.reshape(-1, copy=False) for a in arrays]
    starts = range(0, flat[0].size, BLOCK)
    return [tuple(a[start : start + BLOCK] for a in flat) for start in starts]


def _threads() -> int:
    """Two at most: more only wait for memory."""
    return min(2, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2)


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_threads(), thread_name_prefix="adam")

"""Kinds of people and dogs, told by eye.

The pictures carry neither breed nor age. So the held-out ones were looked at, one by one, and those
that plainly belong to a kind are listed here by their files' names; what is in doubt is left out.
"""

import numpy as np

from vae_core.data.dataset import Dataset
from vae_core.errors import DataError
from vae_core.types import Array

BREEDS = {
    "Samoyeds": """
        f00760 f01354 f01706 c00016 c00021 c00107 c00122 c00134 c00157 c00162 c00176 c00206
        c00286 c00287 c00336 c00367 c00412 c00453 c00521 c00543 c00583 c00599 c00601""",
    "huskies": """
        f00250 f01685 f01995 f01987 c00022 c00260 c00415 c00545 c00677 c00707 c00732 c00767
        c00768 c00776 c00805 c00842 c00843 c00868 c00919 c00935 c00954 c00971 l00155""",
    "golden retrievers": """
        f00163 f00232 f00510 f00727 f00764 f00774 f00912 f00963 f00974 f01309 f01449 f01983
        f02038 f02136 f02235 f02327""",
    "bulldogs and boxers": """
        f00370 f00425 f00522 f00605 f00653 f01030 f01230 f01257 f01557 f01626 f01710 f02156
        l00104 l00111 l00182 l00242""",
    "black retrievers": "f00011 f00128 f01066 f01356 f01442 f01967 f02029 f02045 f02062",
}
KINDS = BREEDS | {
    "speckled dogs": "f00105 f00606 f01107 f01564 f01669 f01702 f01935 f02117 f02230",
    "babies": """
        u00105 u00110 u00141 u00164 u00278 u00442 u00628 u00805 u00877 u01152 u01609 u01746
        u01793 u01813 u01834 u01843 u02056 u02069 u02162 u02224 u02460 u02918 u02919""",
}


def members(dataset: Dataset, kind: str) -> Array:
    """Return where the pictures of a kind are, (n,); DataError unless there are at least two."""
    stems = [name.rpartition("/")[2].partition(".")[0] for name in dataset.name]
    found = np.flatnonzero(np.isin(stems, KINDS[kind].split()) & (dataset.split == "test"))
    if len(found) < 2:
        raise DataError(f"The data set has none of the pictures known as {kind}.")
    return found

"""A pipe is a fracture: what classifiers say of pictures that are no bone, and what a gate says.

A classifier of two classes knows no third: whatever it is shown is "fractured" or not (Nguyen et
al. 2015). The gate of `core.quality` measures how far a picture lies from all films that the
network learned from, and stops what is too far.
"""

from typing import NamedTuple

import numpy as np

from core.exhibits import floats, table

FILMS, KNEES = "FracAtlas val films", "OAI val knees"  # kinds in the table that are bone
KINDS = {  # in the table, and as they are called
    "pipe": "Pipes",
    "photo": "Other photographs",
    "screenshot": "Screenshots",
    "brain_mri": "Brain MRI",
    "chest_xray": "Chest films",
}


class Kind(NamedTuple):
    """Pictures of one kind: all of them, those that the gate `stopped`, and those `called`
    fractured among what it let pass."""

    n: int
    stopped: int
    called: int


def models() -> list[str]:
    """The names of the models in the committed table, best first."""
    return [name for name in table("no_gate") if name not in ("kind", "distance")]


def pictures(model: str, threshold: float, gate: float) -> dict[str, Kind]:
    """The `KINDS` of pictures that are no bone: what a model calls fractured from `threshold` on
    (a probability), and what the gate stops beyond the distance `gate`."""
    kinds, far = np.array(table("no_gate")["kind"]), floats("no_gate", "distance") > gate
    called = np.array([float(value or 0) for value in table("no_gate")[model]]) >= threshold
    return {
        kind: Kind(
            int((own := kinds == kind).sum()),
            int((own & far).sum()),
            int((own & called & ~far).sum()),
        )
        for kind in KINDS
    }


def stopped(kind: str, gate: float) -> tuple[int, int]:
    """How many pictures of a kind the gate stops beyond the distance `gate`, and how many there
    are; of `FILMS` and `KNEES` every one that is stopped is stopped wrongly."""
    own = floats("no_gate", "distance")[np.array(table("no_gate")["kind"]) == kind]
    return int((own > gate).sum()), len(own)

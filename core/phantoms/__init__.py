"""Phantoms: synthetic radiographs drawn from a seed, so that demos and tests need no download.

film.py holds the physics, limbs.py, knees.py and metal.py what is laid on the film.
"""

import numpy as np

from core.phantoms.film import Phantom
from core.phantoms.knees import knee
from core.phantoms.limbs import long_bone
from core.phantoms.metal import HARDWARE, hardware

__all__ = ["HARDWARE", "Phantom", "hardware", "knee", "long_bone", "training_phantom"]


def training_phantom(seed: int) -> Phantom:
    """One of the mixture that training adds to real film.

    45 % fractured limbs, 35 % intact ones, 10 % intact bones with metal, 10 % knees of any grade.
    """
    rng = np.random.default_rng([seed, 6])
    draw = rng.random()
    if draw < 0.8:
        return long_bone(seed, fractured=draw < 0.45)
    if draw < 0.9:
        return hardware(seed, str(rng.choice(HARDWARE)))
    return knee(seed, int(rng.integers(5)))

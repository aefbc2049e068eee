"""Phantoms: synthetic radiographs drawn from a seed, so that demos and tests need no download.

film.py holds the physics, limbs.py, knees.py and metal.py what is laid on the film.
"""

from core.phantoms.film import Phantom
from core.phantoms.knees import knee
from core.phantoms.limbs import long_bone
from core.phantoms.metal import HARDWARE, hardware

__all__ = ["HARDWARE", "Phantom", "hardware", "knee", "long_bone"]

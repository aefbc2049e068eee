"""Synthetic films to learn from, laid out as a pair of class folders."""

from pathlib import Path

import cv2

from core.phantoms import long_bone
from core.samples import png


def write_films(root: Path, count: int = 24) -> None:
    """So many phantoms, a third of them for validation, half of them fractured."""
    for seed in range(count):
        split, fractured = ("val", "train", "train")[seed % 3], seed % 2 == 1
        folder = root / split / ("fractured" if fractured else "not fractured")
        folder.mkdir(parents=True, exist_ok=True)
        grey = long_bone(seed, fractured).pixels
        small = cv2.resize(grey, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
        (folder / f"film{seed}.png").write_bytes(png(small))

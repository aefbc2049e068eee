"""Pictures that are no radiograph, drawn by a program: what a classifier of fractures is shown by
mistake, or in jest."""

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np

from core.png_file import write

SIDE = 480  # px
DRAWN = "Drawn by a program. It shows no patient."
_SEED = 8


class Drawing(NamedTuple):
    """A drawn picture: its name in an address, what it is called and shows, and how it is drawn:
    (H, W) uint8."""

    slug: str
    title: str
    shows: str
    draw: Callable[[], np.ndarray]

    def data(self) -> bytes:
        """The picture as a PNG, to be given to core.images.decode."""
        return write(self.draw(), DRAWN)


def pipe(broken: bool = True) -> np.ndarray:
    """A bright metal pipe across a dark bench, (SIDE, SIDE) uint8: a cylinder lit from above
    (Lambert 1760), its wall thick, and `broken` by a jagged gap."""
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    along = (x - SIDE / 2) * np.cos(0.35) + (y - SIDE / 2) * np.sin(0.35)
    across = ((y - SIDE / 2) * np.cos(0.35) - (x - SIDE / 2) * np.sin(0.35)) / (0.13 * SIDE)
    light = 0.3 + 0.7 * np.sqrt(np.clip(1 - (across + 0.25) ** 2, 0, 1))
    inside = (np.abs(across) < 1) & (np.abs(along) < 0.55 * SIDE)
    rings = np.abs(np.abs(along) - 0.36 * SIDE) < 0.03 * SIDE  # flanges
    inside |= rings & (np.abs(across) < 1.3)
    if broken:
        rng = np.random.default_rng(_SEED)
        rugged = np.interp(across, np.linspace(-1.4, 1.4, 15), rng.normal(0, 0.02 * SIDE, 15))
        inside &= np.abs(along - rugged - 0.1 * SIDE * across) > 0.012 * SIDE
    return _finished(np.where(inside, 225 * light, 34 + 10 * np.sin(y / 9)))


def page() -> np.ndarray:
    """A page of text, (SIDE, SIDE) uint8: words of black bars, no letters."""
    rng = np.random.default_rng(_SEED)
    sheet = np.full((SIDE, SIDE), 245, np.float32)
    for line in range(48, SIDE - 40, 17):
        at, end = 40, SIDE - (40 if rng.random() < 0.85 else rng.integers(120, 300))
        while at < end:
            length = int(rng.integers(12, 52))
            for letter in range(at, min(at + length, end), 6):
                tall = int(rng.choice([6, 6, 9]))
                sheet[line - tall : line, letter : letter + 4] = 35
            at += length + 8
    return _finished(sheet, grain=2)


def chart() -> np.ndarray:
    """A bar chart on white, (SIDE, SIDE) uint8."""
    sheet = np.full((SIDE, SIDE), 250, np.float32)
    for level in range(80, 420, 68):
        cv2.line(sheet, (60, level), (440, level), 205.0, 1)
    for nth, height in enumerate((120, 210, 160, 290, 250)):
        left = 85 + 72 * nth
        cv2.rectangle(sheet, (left, 420 - height), (left + 46, 420), 60.0 + 30 * nth, -1)
    cv2.line(sheet, (60, 420), (440, 420), 30.0, 2)
    cv2.line(sheet, (60, 60), (60, 420), 30.0, 2)
    return _finished(sheet, grain=1)


def face() -> np.ndarray:
    """A face in a few strokes, bright on dark, (SIDE, SIDE) uint8."""
    sheet = np.full((SIDE, SIDE), 40, np.float32)
    cv2.ellipse(sheet, (240, 250), (130, 170), 0, 0, 360, 185.0, -1, cv2.LINE_AA)
    cv2.ellipse(sheet, (240, 160), (138, 100), 0, 180, 360, 75.0, -1, cv2.LINE_AA)
    for centre in (190, 290):
        cv2.ellipse(sheet, (centre, 225), (24, 13), 0, 0, 360, 240.0, -1, cv2.LINE_AA)
        cv2.circle(sheet, (centre, 225), 9, 30.0, -1, cv2.LINE_AA)
        cv2.ellipse(sheet, (centre, 204), (30, 12), 0, 200, 340, 60.0, 5, cv2.LINE_AA)
    cv2.line(sheet, (240, 232), (226, 292), 140.0, 5, cv2.LINE_AA)
    cv2.ellipse(sheet, (240, 338), (52, 24), 0, 10, 170, 90.0, 8, cv2.LINE_AA)
    return _finished(sheet)


def _finished(sheet: np.ndarray, grain: float = 4) -> np.ndarray:
    """Blurred a little and grainy, as from a camera."""
    noise = np.random.default_rng(_SEED).standard_normal(sheet.shape).astype(np.float32)
    sheet = cv2.GaussianBlur(sheet.astype(np.float32), (0, 0), 0.8) + grain * noise
    return np.clip(np.rint(sheet), 0, 255).astype(np.uint8)


DRAWINGS = (
    Drawing("broken-pipe", "Broken pipe", "A metal pipe with a jagged gap.", pipe),
    Drawing("whole-pipe", "Whole pipe", "The same pipe without the gap.", lambda: pipe(False)),
    Drawing("page", "Page of text", "Lines of print on white paper.", page),
    Drawing("chart", "Bar chart", "Five bars on white.", chart),
    Drawing("face", "Face", "A drawn face on a dark ground.", face),
)

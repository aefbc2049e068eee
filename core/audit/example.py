"""A small pack with planted faults, drawn by a program: what an audit finds, to be seen at once."""

import csv
import io

import cv2
import numpy as np

from core.phantoms import long_bone
from core.samples import png

NAME = "synthetic example"
PLANTED = (
    "two films of the training split copied into the validation split, under other names",
    "one more, made a little lighter and saved as JPEG",
    "one patient with a film in each split",
    "one film that stands there twice, once as fractured and once as not",
    "fractures saved larger than the rest, and so a little softer",
    "two photographic negatives, two blurred films, one burnt out, and one file cut short",
)
TRAIN, VAL = 36, 16
WIDE, NARROW = (260, 208), (200, 160)  # px of fractured films and of the others


def files() -> dict[str, bytes]:
    """The pack in memory, path → bytes: 57 films, and a manifest of their labels and splits."""
    rows, kept = [], {}

    def add(name: str, data: bytes, fractured: int, split: str, group: str = "") -> None:
        kept[f"images/{name}"] = data
        rows.append((name, fractured, split, group or name))

    films = [_film(seed) for seed in range(TRAIN + VAL)]
    spoilt = {4: _negative, 9: _negative, 14: _blurred, 21: _blurred, 27: _burnt_out}
    for seed, film in enumerate(films):
        split, group = "train" if seed < TRAIN else "val", ""
        if seed in (30, TRAIN + 10):
            group = "patient 30"
        add(f"film{seed:02d}.png", png(spoilt.get(seed, _as_is)(film)), seed % 2, split, group)
    add("scan-a.png", kept["images/film01.png"], 1, "val")
    add("scan-b.png", kept["images/film02.png"], 0, "val")
    lighter = np.clip(films[5] * 0.9 + 12, 0, 255).astype(np.uint8)
    add("scan-c.jpg", cv2.imencode(".jpg", lighter)[1].tobytes(), 1, "val")
    add("second-opinion.png", kept["images/film06.png"], 1, "train")
    add("cut-short.png", kept["images/film08.png"][:900], 0, "train")
    kept["manifest.csv"] = _manifest(rows)
    return kept


def _film(seed: int) -> np.ndarray:
    fractured = bool(seed % 2)
    pixels = long_bone(seed, fractured).pixels
    size = WIDE if fractured else NARROW
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)


def _as_is(film: np.ndarray) -> np.ndarray:
    return film


def _negative(film: np.ndarray) -> np.ndarray:
    return 255 - film


def _blurred(film: np.ndarray) -> np.ndarray:
    return cv2.GaussianBlur(film, (0, 0), 5)


def _burnt_out(film: np.ndarray) -> np.ndarray:
    return np.clip(film.astype(np.float32) * 4 + 150, 0, 255).astype(np.uint8)


def _manifest(rows: list[tuple]) -> bytes:
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(("image_id", "fractured", "split", "group"))
    writer.writerows(rows)
    return table.getvalue().encode()

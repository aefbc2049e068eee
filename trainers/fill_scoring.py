"""Fills measured where the truth is known: inside holes that were made in whole films."""

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from core import inpaint, metrics
from core.archive import Archive, BadPack
from core.fidelity import fidelity
from core.film_packs import Film, Pack
from core.images import BadImage, decode
from core.inpaint import BadHole, middle
from core.mask_files import BadMask, read_mask
from core.painters import Painter
from core.preprocess import to_grey
from core.quality import is_negative
from trainers import holes
from trainers.progress import MEASURING, current

KINDS = {
    "centre": lambda shape, rng: middle(shape),
    "strokes": holes.strokes,
    "hardware": holes.hardware,
}
MEASURES = ("l1", "psnr", "ssim")
Hole = tuple[str, np.ndarray]  # kind, mask


@dataclass(frozen=True)
class Row:
    """One hole in one film, filled in one way."""

    film: Film
    kind: str
    method: str
    values: dict[str, float]  # of MEASURES


@dataclass(frozen=True)
class FillReading:
    """Every hole filled in every way; `skipped` (name, reason)."""

    rows: list[Row]
    skipped: list[tuple[str, str]]

    def write(self, path: Path) -> None:
        """CSV: image, kind, method, then one column a measure."""
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["image", "kind", "method", *MEASURES])
            for row in self.rows:
                values = (f"{row.values[name]:.4f}" for name in MEASURES)
                writer.writerow([row.film.name, row.kind, row.method, *values])


def own_holes(name: str, shape: tuple[int, int]) -> tuple[list[Hole], list[str]]:
    """One hole of each kind, the same whenever a film of that name and shape is measured; and no
    refusals."""
    seed = np.frombuffer(name.encode(), np.uint8)
    drawn = ((k, draw(shape, np.random.default_rng([*seed, 5]))) for k, draw in KINDS.items())
    return [(kind, mask) for kind, mask in drawn if mask.any()], []


def middle_hole(name: str, shape: tuple[int, int]) -> tuple[list[Hole], list[str]]:
    """The one hole that a classic context encoder fills, and no refusals."""
    return [("centre", middle(shape))], []


class Masks:
    """The holes of a pack of masks: `masks.csv` (image, mask, kind, area) and `masks/*.png`.

    Raises BadPack when the table is missing or damaged.
    """

    def __init__(self, path: Path) -> None:
        self.archive = Archive(path)
        members = set(self.archive.members)
        self._members: dict[str, list[tuple[str, str]]] = {}
        try:
            table = next(m for m in self.archive.members if PurePosixPath(m).name == "masks.csv")
            text = self.archive.read(table).decode("utf-8-sig")
            for row in csv.DictReader(io.StringIO(text)):
                places = (row["mask"], f"masks/{PurePosixPath(row['mask']).name}")
                paths = (str(PurePosixPath(table).parent / place) for place in places)
                member = next(path for path in paths if path in members)
                image = PurePosixPath(row["image"]).name
                self._members.setdefault(image, []).append((member, row["kind"]))
        except StopIteration:
            raise BadPack(
                f"{path} holds no masks.csv, or not every mask that it lists: unpack it again."
            ) from None
        except (KeyError, TypeError, UnicodeDecodeError) as error:
            raise BadPack(f"The masks.csv of {path} is damaged ({error}).") from None

    @property
    def images(self) -> set[str]:
        """The names of the films that have masks."""
        return set(self._members)

    def __call__(self, name: str, shape: tuple[int, int]) -> tuple[list[Hole], list[str]]:
        """The holes of a film, and why its other masks cannot be used."""
        found, refused = [], []
        for member, kind in self._members.get(name, []):
            try:
                found.append((kind, read_mask(self.archive.read(member), member, shape)))
            except BadMask as error:
                refused.append(f"{member}: {error.reason}")
        return found, refused


def read_all(
    painter: Painter,
    pack: Pack,
    films: Sequence[Film],
    holes_of: Callable[[str, tuple[int, int]], tuple[list[Hole], list[str]]] = own_holes,
) -> FillReading:
    """Fill every hole of every film by the network and the classical ways, as the app does without
    added grain. Unreadable films and holes that nothing can fill are skipped and listed."""
    rows, skipped = [], []
    for film, data in current().watch(pack.read_all(list(films)), MEASURING, len(films)):
        try:
            image = decode(data, film.name)
        except BadImage as error:
            skipped.append((film.name, error.reason))
            continue
        grey = to_grey(image.pixels, image.window)
        found, refused = holes_of(film.name, grey.shape)
        rows += _fills(painter, film, grey, found)
        skipped += [(film.name, reason) for reason in refused]
    return FillReading(rows, skipped)


def _fills(painter: Painter, film: Film, grey: np.ndarray, found: Sequence[Hole]) -> Iterator[Row]:
    negative = is_negative(grey)
    for kind, mask in found:
        for name, method in (("model", painter), *((name, name) for name in inpaint.CLASSICAL)):
            try:
                filled = inpaint.fill(grey, mask, method, negative=negative).pixels
            except BadHole:  # a classic network fills only the middle
                continue
            yield Row(film, kind, name, fidelity(filled, grey, mask))


def numbers(reading: FillReading) -> dict[str, float]:
    """Mean over holes of every measure, by kind and method: `psnr_strokes_model`, ..."""
    sums: dict[str, list[float]] = {}
    for row in reading.rows:
        for measure in MEASURES:
            sums.setdefault(f"{measure}_{row.kind}_{row.method}", []).append(row.values[measure])
    return {name: float(np.mean(values)) for name, values in sums.items()}


def counts(reading: FillReading) -> dict[str, int]:
    """How many holes of each kind the network filled."""
    return dict(Counter(row.kind for row in reading.rows if row.method == "model"))


def intervals(reading: FillReading, draws: int = 1000) -> dict[str, list[float]]:
    """95 % intervals of `numbers`, drawing whole patients with replacement."""
    found = {}
    keys = {(row.kind, row.method) for row in reading.rows}
    for kind, method in sorted(keys):
        rows = [row for row in reading.rows if (row.kind, row.method) == (kind, method)]
        groups = [row.film.group for row in rows]
        for measure in MEASURES:
            values = np.array([row.values[measure] for row in rows])
            drawn = metrics.grouped_bootstrap(groups, lambda i, v=values: float(v[i].mean()), draws)
            found[f"{measure}_{kind}_{method}"] = list(map(float, drawn))
    return found

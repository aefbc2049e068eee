"""Packs of finished masks, as the Annotate page writes them: see `core.training_pack`."""

import csv
import hashlib
import io
import logging
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from core.archive import Archive, BadPack
from core.artefacts import LABELS
from core.images import BadImage, decode
from core.preprocess import letterbox, to_grey
from core.quality import is_negative
from core.training_pack import fingerprint
from trainers.progress import current

log = logging.getLogger(__name__)
HELD_OUT = 5  # one film in so many is for validation


@dataclass(frozen=True)
class Judged:
    """A film that readers judged: where it and its masks, (label, file), lie in the pack.

    marked: somebody marked something on it; nothing: it is held to have no artefact. Of a film
    without masks and without either, readers are of two minds.
    """

    name: str
    sha256: str
    pixels_sha256: str
    path: str
    window: tuple[float, float] | None
    source: str
    marked: bool
    nothing: bool
    masks: tuple[tuple[str, str], ...]

    def shows(self, labels: Collection[str]) -> bool:
        """Whether it has a mask of any of these labels."""
        return any(label in labels for label, _ in self.masks)


@dataclass(frozen=True)
class MaskedFilms:
    """Films as a network sees them: squares (N, S, S) uint8, letterboxed and positive, and masks
    (N, S, S) bool, all False where there is nothing to find."""

    films: list[Judged]
    squares: np.ndarray
    masks: np.ndarray

    def __len__(self) -> int:
        return len(self.films)


class MaskPack(Archive):
    """A folder or a zip of films and their masks. Raises BadPack when it is none."""

    def __init__(self, path: str | Path) -> None:
        super().__init__(path)
        found = [m for m in self.members if PurePosixPath(m).name == "films.csv"]
        if not found:
            raise BadPack(
                f"{self.path} holds no films.csv: choose a pack that the Annotate page wrote."
            )
        root, self._films_csv = PurePosixPath(found[0]).parent, found[0]
        try:
            masks = defaultdict(list)
            for row in self._rows(str(root / "masks.csv")):
                masks[row["image"]].append((row["kind"], str(root / row["mask"])))
            self.films = [
                Judged(
                    row["image"],
                    row["sha256"],
                    row["pixels_sha256"],
                    str(root / "images" / row["image"]),
                    (float(row["low"]), float(row["high"])) if row["low"] else None,
                    row["source"],
                    row["marked"] == "1",
                    row["nothing"] == "1",
                    tuple(masks[row["image"]]),
                )
                for row in self._rows(found[0])
            ]
        except (KeyError, TypeError, ValueError, OSError, csv.Error) as error:
            raise BadPack(f"A table of {self.path} is damaged ({error}): write it again.") from None
        members = set(self.members)
        for film in self.films:
            if not {film.path, *(path for _, path in film.masks)} <= members:
                raise BadPack(f"{self.path} lacks {film.name} or a mask of it: write it again.")
        self._marked = {
            known
            for film in self.films
            if film.marked
            for known in (film.sha256, film.pixels_sha256)
        }

    @property
    def names(self) -> list[str]:
        """The films' names, by which a known collection is told."""
        return [film.name for film in self.films]

    @property
    def sha256(self) -> str:
        """Of the zip; of a folder its films.csv, which has every film's."""
        if self.path.is_dir():
            return hashlib.sha256(self.read(self._films_csv)).hexdigest()
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def marks(self, data: bytes) -> bool:
        """Whether the film in these bytes is one on which somebody marked something, be it the very
        file or other bytes of the same pixels."""
        if not self._marked:
            return False
        if hashlib.sha256(data).hexdigest() in self._marked:
            return True
        try:
            return fingerprint(decode(data, "film").pixels) in self._marked
        except BadImage:
            return False

    def split(self, labels: Collection[str] = tuple(LABELS)) -> tuple[list[Judged], list[Judged]]:
        """The films to learn from, and those held out: of the films with masks of these labels and
        of those without each the same share, those whose hash is lowest, so that it is always the
        same. Films of which readers are of two minds are in neither. Raises BadPack where there are
        fewer than two with masks."""
        train, val = [], []
        for wanted in (True, False):
            films = [film for film in self.films if film.shows(labels) == wanted]
            films = [film for film in films if film.masks or film.nothing]
            if wanted and len(films) < 2:
                raise BadPack(
                    f"{self.path} holds {len(films)} films with masks of {', '.join(labels)}, and "
                    "two are needed to learn from one and to measure on the other: annotate more."
                )
            films = sorted(films, key=lambda film: film.sha256)
            held_out = max(len(films) // HELD_OUT, len(films) > 1)
            val += films[:held_out]
            train += films[held_out:]
        return train, val

    def squares(
        self, films: list[Judged], side: int, labels: Collection[str] = tuple(LABELS)
    ) -> MaskedFilms:
        """These films and the union of their masks of these labels. A film that cannot be read, or
        a mask of which cannot, is skipped, listed and logged, in a job's folder, too. Raises
        BadPack where none with masks is left, or none without."""
        found, skipped = [], []
        for film in current().watch(films, "reading films", len(films)):
            try:
                found.append((film, *self._square(film, side, labels)))
            except BadImage as error:
                skipped.append((film.name, error.reason))
                log.warning("skipped %s: %s", film.name, error.reason)
        current().skipped(skipped)
        if {film.shows(labels) for film in films} != {film.shows(labels) for film, *_ in found}:
            raise BadPack(
                f"Of the films of {self.path} with masks, or of those without, none can be read: "
                "write it again."
            )
        kept, squares, masks = zip(*found, strict=True)
        return MaskedFilms(list(kept), np.stack(squares), np.stack(masks))

    def _square(self, film: Judged, side: int, labels: Collection[str]):
        grey = to_grey(decode(self.read(film.path), film.name).pixels, film.window)
        mask = np.zeros(grey.shape, bool)
        for label, path in film.masks:
            if label in labels:
                drawn = decode(self.read(path), path).pixels
                if drawn.shape != grey.shape:
                    raise BadPack(f"A mask of {film.name} in {self.path} is of another size.")
                mask |= drawn > 127
        # As the app shows it.
        square, _ = letterbox(255 - grey if is_negative(grey) else grey, side)
        mask, _ = letterbox(mask.astype(np.uint8) * 255, side)
        return square, mask > 127

    def _rows(self, member: str) -> Iterator[dict[str, str]]:
        return csv.DictReader(io.StringIO(self.read(member).decode("utf-8-sig")))

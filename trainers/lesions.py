"""Packs of skin lesions → squares, masks and diagnoses. Layouts, as a folder or a zip:

- the project's lesion pack: `labels.csv`, `images/`, `masks/<id>_segmentation.png`
- HAM10000 as published: `HAM10000_metadata.csv` (or `.tab`), pictures and masks in any folders
- ISIC 2016: pictures and `<id>_Segmentation.png` in any folders; of its labels (benign or
  malignant) none is one of the seven, so its lesions have masks alone
"""

import csv
import io
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import cv2
import numpy as np

from core.lesions import CODES, SIDE, mask_to_square, to_square
from trainers.archive import Archive, BadPack

TABLES = ("labels.csv", "HAM10000_metadata.csv", "HAM10000_metadata.tab", "HAM10000_metadata")
MASK = "_segmentation"
HELD_OUT, SPLIT_SEED = 10, 2016  # one lesion in so many of each diagnosis is for validation
WHOLE_FRAME = 0.98  # a mask larger than this share of its picture outlines nothing


@dataclass(frozen=True)
class Lesion:
    """One picture: `label` indexes `core.lesions.CODES`, or is None where no diagnosis of those is
    known. Pictures of one `group` show one lesion (as do the byte-identical pairs of HAM10000).
    `mask` is None where there is none."""

    name: str
    image: str
    mask: str | None
    label: int | None
    split: str
    group: str


@dataclass(frozen=True)
class Squares:
    """Lesions as the networks see them, in memory: images (N, S, S, 3) uint8, masks (N, S, S)
    bool (all False where there is none), labels (N,) int (-1 where unknown)."""

    lesions: Sequence[Lesion]
    images: np.ndarray
    masks: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.lesions)

    def only(self, keep: np.ndarray) -> "Squares":
        """Those where `keep` (N,) bool holds."""
        kept = [lesion for lesion, wanted in zip(self.lesions, keep, strict=True) if wanted]
        return Squares(kept, self.images[keep], self.masks[keep], self.labels[keep])

    @property
    def outlined(self) -> np.ndarray:
        """(N,) bool: whose mask outlines something, neither nothing nor the whole frame."""
        share = self.masks.mean((1, 2))
        return (share > 0) & (share < WHOLE_FRAME)


class LesionPack(Archive):
    """A folder or a zip, and its lesions. Raises BadPack when it holds no known layout."""

    def __init__(self, path: str | Path) -> None:
        super().__init__(path)
        try:
            self.lesions = self._lesions()
        except (KeyError, UnicodeDecodeError, csv.Error) as error:
            raise BadPack(
                f"The table of {self.path} is damaged ({error}): unpack it again or mend it."
            ) from error

    @property
    def names(self) -> list[str]:
        """The pictures' names, by which a known collection is told."""
        return [lesion.name for lesion in self.lesions]

    def split(self, name: str) -> list[Lesion]:
        """The lesions of one split; "all" is every one."""
        return [lesion for lesion in self.lesions if name in (lesion.split, "all")]

    def squares(self, split: str, side: int = SIDE) -> Squares:
        """A split as squares. Raises BadPack when it is empty or a file cannot be read."""
        lesions = self.split(split)
        if not lesions:
            raise BadPack(f"{self.path} holds no lesion in the split {split!r}.")
        return self.read_squares(lesions, side)

    def read_squares(self, lesions: Sequence[Lesion], side: int = SIDE) -> Squares:
        """These lesions as squares. Raises BadPack when a file cannot be read."""
        images = np.empty((len(lesions), side, side, 3), np.uint8)
        masks = np.zeros((len(lesions), side, side), bool)
        for image, data, lesion in zip(
            images, self.stream(lesion.image for lesion in lesions), lesions, strict=True
        ):
            image[...] = to_square(self._decoded(data, lesion.name)[..., ::-1], side)
        masked = [(at, lesion) for at, lesion in enumerate(lesions) if lesion.mask]
        for (at, lesion), data in zip(
            masked, self.stream(lesion.mask for _, lesion in masked), strict=True
        ):
            masks[at] = mask_to_square(self._decoded(data, lesion.name)[..., 0] > 127, side)
        labels = [-1 if lesion.label is None else lesion.label for lesion in lesions]
        return Squares(lesions, images, masks, np.array(labels))

    def _decoded(self, data: bytes, name: str) -> np.ndarray:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        if picture is None:
            raise BadPack(f"A file of {name} in {self.path} is no picture: unpack it again.")
        return picture

    def _lesions(self) -> list[Lesion]:
        images, masks = {}, {}
        for member in self.members:
            path = PurePosixPath(member)
            if path.suffix.lower() not in (".jpg", ".jpeg", ".png"):
                continue
            if path.stem.lower().endswith(MASK):
                masks[path.stem[: -len(MASK)]] = member
            else:
                images[path.stem] = member
        rows = self._rows()
        if not images or not (rows or masks):
            raise BadPack(
                f"{self.path} is no pack of lesions: neither a table of diagnoses "
                f"(labels.csv, HAM10000_metadata.csv) nor masks (*{MASK}.png) lie beside pictures."
            )
        rows = rows or {name: {} for name in images if name in masks}
        labels = {
            n: CODES.index(r["dx"]) if r.get("dx") in CODES else None for n, r in rows.items()
        }
        groups = {name: row.get("lesion_id") or name for name, row in rows.items()}
        held_out = _held_out({groups[name]: label for name, label in labels.items()})
        return [
            Lesion(
                name,
                images[name],
                masks.get(name),
                labels[name],
                "val" if groups[name] in held_out else "train",
                groups[name],
            )
            for name in sorted(rows)
            if name in images
        ]

    def _rows(self) -> dict[str, dict]:
        """Picture → its row of the table; empty without a table."""
        found = [m for m in self.members if PurePosixPath(m).name in TABLES]
        if not found:
            return {}
        text = self.read(found[0]).decode("utf-8-sig")
        delimiter = "\t" if "\t" in text.partition("\n")[0] else ","
        rows = csv.DictReader(io.StringIO(text), delimiter=delimiter)
        return {row["image_id"]: row for row in rows if row["image_id"]}


def _held_out(labels: dict[str, int | None]) -> set[str]:
    """The groups of the validation split, one in `HELD_OUT` of every diagnosis, by chance but
    always the same."""
    by_label = defaultdict(list)
    for group, label in labels.items():
        by_label[label].append(group)
    rng = np.random.default_rng(SPLIT_SEED)
    chosen: set[str] = set()
    for label in sorted(by_label, key=lambda label: -1 if label is None else label):
        groups = sorted(by_label[label])
        picked = rng.choice(len(groups), -(-len(groups) // HELD_OUT), replace=False)
        chosen |= {groups[index] for index in picked}
    return chosen

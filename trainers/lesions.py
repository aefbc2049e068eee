"""Packs of skin lesions → squares, masks and diagnoses. Layouts, as a folder or a zip:

- the project's lesion pack: `labels.csv`, `images/`, `masks/<id>_segmentation.png`
- HAM10000 as published: `HAM10000_metadata.csv` (or `.tab`), pictures and masks in any folders
- ISIC 2016: pictures and `<id>_Segmentation.png` in any folders; of its labels (benign or
  malignant) none is one of the seven, so its lesions have masks alone

In any of them masks may be called like their pictures where they lie in a folder of their own
whose name tells (masks, segmentations, GroundTruth).
"""

import csv
import io
import logging
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

import cv2
import numpy as np

from core.archive import Archive, BadPack
from core.lesions import CODES, SIDE, mask_to_square, to_square
from trainers.progress import current

log = logging.getLogger(__name__)

TABLES = ("labels.csv", "HAM10000_metadata.csv", "HAM10000_metadata.tab", "HAM10000_metadata")
MASK = "_segmentation"
MASK_FOLDER = re.compile("mask|seg|ground.?truth", re.IGNORECASE)
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
    bool (all False where there is none), labels (N,) int (-1 where unknown).

    `skipped` (name, reason) could not be read; `left_out` counts the others that are not among
    them, by reason."""

    lesions: Sequence[Lesion]
    images: np.ndarray
    masks: np.ndarray
    labels: np.ndarray
    skipped: Sequence[tuple[str, str]] = ()
    left_out: dict[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.lesions)

    def only(self, keep: np.ndarray) -> "Squares":
        """Those where `keep` (N,) bool holds."""
        kept = [lesion for lesion, wanted in zip(self.lesions, keep, strict=True) if wanted]
        arrays = (self.images[keep], self.masks[keep], self.labels[keep])
        return Squares(kept, *arrays, self.skipped, self.left_out)

    @property
    def outlined(self) -> np.ndarray:
        """(N,) bool: whose mask outlines something, neither nothing nor the whole frame."""
        share = self.masks.mean((1, 2))
        return (share > 0) & (share < WHOLE_FRAME)

    def joined(self, other: "Squares") -> "Squares":
        """These and then the other's."""
        return Squares(
            [*self.lesions, *other.lesions],
            np.concatenate([self.images, other.images]),
            np.concatenate([self.masks, other.masks]),
            np.concatenate([self.labels, other.labels]),
        )

    def with_diagnosis(self) -> "Squares":
        """Those whose diagnosis is one of the seven; the others count as left out."""
        return self._without(self.labels < 0, "no diagnosis of the seven")

    def with_outline(self) -> "Squares":
        """Those whose mask outlines something; the others count as left out."""
        maskless = np.array([lesion.mask is None for lesion in self.lesions], bool)
        masked = self._without(maskless, "no mask")
        return masked._without(~masked.outlined, "mask of nothing or of the whole frame")

    def _without(self, out: np.ndarray, reason: str) -> "Squares":
        return replace(self.only(~out), left_out=self.left_out | {reason: int(out.sum())})


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
        """A split as squares. Raises BadPack when it is empty or nothing of it can be read."""
        lesions = self.split(split)
        if not lesions:
            raise BadPack(f"{self.path} holds no lesion in the split {split!r}.")
        squares = self.read_squares(lesions, side)
        if not len(squares):
            raise BadPack(
                f"No picture in the split {split!r} of {self.path} can be read: unpack it again."
            )
        return squares

    def read_squares(self, lesions: Sequence[Lesion], side: int = SIDE) -> Squares:
        """These lesions as squares; of which picture or mask is unreadable is skipped, listed and
        logged."""
        images = np.empty((len(lesions), side, side, 3), np.uint8)
        masks = np.zeros((len(lesions), side, side), bool)
        skipped = {}
        for at, picture in self._pictures({at: x.image for at, x in enumerate(lesions)}):
            if picture is None:
                skipped[at] = "The picture cannot be read."
            else:
                images[at] = to_square(picture[..., ::-1], side)
        masked = {at: x.mask for at, x in enumerate(lesions) if x.mask and at not in skipped}
        for at, picture in self._pictures(masked):
            if picture is None:
                skipped[at] = "Its mask cannot be read."
            else:
                masks[at] = mask_to_square(picture[..., 0] > 127, side)
        labels = np.array([-1 if x.label is None else x.label for x in lesions], int)
        named = [(lesions[at].name, reason) for at, reason in sorted(skipped.items())]
        for name, reason in named:
            log.warning("skipped %s: %s", name, reason)
        current().skipped(named)
        readable = np.array([at not in skipped for at in range(len(lesions))], bool)
        return Squares(lesions, images, masks, labels, named).only(readable)

    def _pictures(self, members: dict[int, str]) -> Iterator[tuple[int, np.ndarray | None]]:
        """Each numbered file as (H, W, 3) uint8, blue first, or None where it is no picture."""
        pictures = zip(members, self.stream(members.values()), strict=True)
        for at, data in current().watch(pictures, "reading pictures", len(members)):
            try:
                yield at, cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
            except cv2.error:  # an empty file, or one that claims to be enormous
                yield at, None

    def _lesions(self) -> list[Lesion]:
        images, masks = self._images_and_masks()
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

    def _images_and_masks(self) -> tuple[dict[str, str], dict[str, str]]:
        """Name → file of the pictures, and of their masks. Raises BadPack when two pictures have
        one name."""
        pictures, masks = defaultdict(list), {}
        paths = [(PurePosixPath(member), member) for member in self.members]
        # HAM10000 is also handed on with its folders twice, once in small letters.
        once = {(str(path.parent).lower(), path.name): (path, member) for path, member in paths}
        for path, member in once.values():
            if path.suffix.lower() not in (".jpg", ".jpeg", ".png"):
                continue
            if path.stem.lower().endswith(MASK):
                masks[path.stem[: -len(MASK)]] = member
            else:
                pictures[path.stem].append((path.parent, member))
        of_masks = {
            folder
            for found in pictures.values()
            for folder, _ in found
            if len(found) > 1 and MASK_FOLDER.search(folder.name)
        }
        images: dict[str, str] = {}
        for name, found in pictures.items():
            for folder, member in found:
                part = masks if folder in of_masks else images
                if name in part:
                    raise BadPack(
                        f"Two pictures of {self.path} are called {name}: name masks "
                        f"{name}{MASK}.png or put them into a folder called masks."
                    )
                part[name] = member
        return images, masks

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

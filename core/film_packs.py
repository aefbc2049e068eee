"""Data packs → lists of films. A pack is a folder or a zip in one of the layouts listed here.

- the project's fracture pack: `manifest.csv` and `images/`
- FracAtlas as published: `dataset.csv`, `images/`, COCO boxes under `Annotations/`
- a pair of class folders, `fractured/` and `not fractured/` (or `non_fractured`, `normal`, ...),
  under `train/`, `val/`, `test/` or none: the Kaggle layouts
- knees by grade: `train/0` ... `val/4` (Chen's OAI knees; `auto_test`, the test knees as found
  by a program, stays a split of its own), or `0Normal` ... `4Severe` (Gornale & Patravali's
  digital knee X-rays; of their two experts' gradings the first is read)
"""

import csv
import hashlib
import io
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Protocol, TypeVar

from core.archive import Archive, BadPack

FRACATLAS_SPLIT = Path(__file__).with_name("fracatlas_split.csv")
IMAGE_SUFFIXES = {".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".dcm"}
SPLIT_NAMES = {"train": "train", "training": "train", "val": "val", "valid": "val"}
SPLIT_NAMES |= {"validation": "val", "test": "test", "testing": "test", "predict": "test"}
SPLIT_NAMES |= {"auto test": "auto_test"}
CLASS_NAMES = {"fractured": 1, "fracture": 1, "not fractured": 0, "non fractured": 0}
CLASS_NAMES |= {"notfractured": 0, "normal": 0, "no fracture": 0}
_TURNED, _LONG_NUMBER = re.compile("[-_]rotated"), re.compile(r"[1-9]\d{4}")
_SYSTEM = re.compile(r"(^|/)(__MACOSX/|\.)")
_MASK = re.compile(r"(^|[/_-])(masks?|segmentations?|ground_?truth)([/.]|$)", re.IGNORECASE)
GRADE_FOLDER = re.compile(r"([0-4]) ?(normal|doubtful|mild|moderate|severe)?")
REGIONS = ("hand", "leg", "hip", "shoulder", "mixed")
# What a torn or contrived table makes its readers stumble with.
DAMAGE = (KeyError, TypeError, ValueError, ArithmeticError, RecursionError, csv.Error)
FLAGS = (*REGIONS, "hardware", "multiscan", "frontal", "lateral", "oblique")


@dataclass(frozen=True)
class Film:
    """One labelled film of a pack.

    `label` is 1 for disease (or the grade of a knee). Films of one `group` must stay in one split.
    `boxes` holds (x0, y0, x1, y1) as fractions of width and height; None means never annotated,
    () means none present. `flags` are the manifest's true columns (region, view, hardware).
    """

    name: str
    path: str
    label: int
    split: str
    group: str
    boxes: tuple[tuple[float, float, float, float], ...] | None = None
    flags: frozenset[str] = frozenset()


class _Grouped(Protocol):
    path: str
    group: str


Grouped = TypeVar("Grouped", bound=_Grouped)


class Pack(Archive):
    """A folder, a zip or `files` in memory, and the films there. Raises BadPack when it holds no
    known layout."""

    def __init__(self, path: str | Path, files: Mapping[str, bytes] | None = None) -> None:
        super().__init__(path, files)
        try:
            self.films = self._films()
        except BadPack:
            raise
        except DAMAGE as error:
            raise BadPack(
                f"A table of {self.path} is damaged ({error}): unpack it again or mend it."
            ) from error

    def read_all(self, films: list[Film]) -> Iterator[tuple[Film, bytes]]:
        """Films with their bytes."""
        return zip(films, self.stream(film.path for film in films), strict=True)

    @property
    def names(self) -> list[str]:
        """The films' names, by which a known collection is told."""
        return [film.name for film in self.films]

    def split(self, name: str) -> list[Film]:
        """The films of one split; "all" is every film."""
        return [film for film in self.films if name in (film.split, "all")]

    def _films(self) -> list[Film]:
        names = {PurePosixPath(m).name: m for m in self.members}
        if "manifest.csv" in names:
            return _from_manifest(self, names["manifest.csv"])
        if "dataset.csv" in names:
            return _from_fracatlas(self, names["dataset.csv"])
        images = [member for member in self.members if is_picture(member)]
        if not images:
            raise BadPack(f"{self.path} holds no picture: give a folder or a zip with films.")
        by_class = _from_class_folders(images)
        both = len({film.label for film in by_class}) == 2
        films = by_class if both else _from_grade_folders(images) or by_class
        if not films:
            raise BadPack(
                f"{self.path} holds no known layout: wanted are manifest.csv, FracAtlas's "
                "dataset.csv, folders named fractured and not fractured, or grade folders 0 to 4."
            )
        if {film.split for film in films} == {""}:
            return assign_splits(films)
        return films


def is_picture(member: str) -> bool:
    """Whether a file of a pack is a film or a photograph by its path: not a mask, nor what
    operating systems leave behind."""
    plain = not _SYSTEM.search(member) and not _MASK.search(member)
    return plain and PurePosixPath(member).suffix.lower() in IMAGE_SUFFIXES


def words(folder: str) -> str:
    """The name of a folder as `CLASS_NAMES` and `SPLIT_NAMES` write it."""
    return re.sub(r"[_\-]+", " ", folder).strip().lower()


def original(name: str) -> str:
    """The stem of a file's name; of a turned copy (`12-rotated1.jpg`) that of its original."""
    return _TURNED.split(PurePosixPath(name).stem)[0]


def apart(films: Sequence[Grouped]) -> list[Grouped]:
    """Films that were grouped by their names, those set apart whose numbers begin anew in each
    folder: files of one name belong together only where the name has a number too long for that
    (a patient's), or where a turned copy proves it to be an original's."""
    names = Counter(PurePosixPath(film.path).name for film in films)
    turned = {film.group for film in films if _TURNED.search(PurePosixPath(film.path).name)}
    return [
        film
        if names[(name := PurePosixPath(film.path).name)] == 1
        or film.group in turned
        or _LONG_NUMBER.search(name)
        else replace(film, group=film.path)
        for film in films
    ]


def assign_splits(films: list[Film], val_share: float = 0.15) -> list[Film]:
    """Put whole groups into train or val by a hash of their name, the same on every machine."""

    def split_of(group: str) -> str:
        number = int.from_bytes(hashlib.sha256(group.encode()).digest()[:4], "big")
        return "val" if number / 2**32 < val_share else "train"

    return [replace(film, split=split_of(film.group)) for film in films]


def _rows(pack: Pack, member: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(pack.read(member).decode("utf-8-sig"))))


def _flags(row: dict[str, str]) -> frozenset[str]:
    return frozenset(flag for flag in FLAGS if row.get(flag) == "1")


def _by_name(pack: Pack) -> dict[str, str]:
    return {PurePosixPath(m).name: m for m in pack.members if "/images/" in f"/{m}"}


def _from_manifest(pack: Pack, member: str) -> list[Film]:
    paths = _by_name(pack)
    films = []
    for row in _rows(pack, member):
        if row["image_id"] not in paths:
            raise BadPack(f"{member} lists {row['image_id']}, which the pack does not hold.")
        boxes = tuple(tuple(box) for box in json.loads(row.get("boxes_xyxy_relative") or "[]"))
        films.append(
            Film(
                row["image_id"],
                paths[row["image_id"]],
                int(row["fractured"]),
                row["split"],
                row.get("group") or row["image_id"],
                boxes,
                _flags(row),
            )
        )
    return films


def _from_fracatlas(pack: Pack, member: str) -> list[Film]:
    """FracAtlas has no split for classification: the published models' own is used.

    It keeps neighbouring numbers (usually views of one patient) and near-duplicates together.
    Films that it does not list took no part and are "test".
    """
    table = csv.DictReader(FRACATLAS_SPLIT.read_text(encoding="utf-8").splitlines())
    known = {row["image_id"]: row for row in table}
    paths, boxes = _by_name(pack), _coco_boxes(pack)
    films = []
    for row in _rows(pack, member):
        name = row["image_id"]
        if name not in paths:
            continue
        label = int(row["fractured"])
        found = boxes.get(name) if label else ()
        place = known.get(name, {"split": "test", "group": f"unlisted {name}"})
        films.append(
            Film(name, paths[name], label, place["split"], place["group"], found, _flags(row))
        )
    return films


def _coco_boxes(pack: Pack) -> dict[str, tuple]:
    member = next((m for m in pack.members if m.endswith("COCO_fracture_masks.json")), None)
    if member is None:
        return {}
    coco = json.loads(pack.read(member))
    images = {image["id"]: image for image in coco["images"]}
    boxes: dict[str, tuple] = {}
    for annotation in coco["annotations"]:
        image = images[annotation["image_id"]]
        x, y, w, h = annotation["bbox"]
        width, height = image["width"], image["height"]
        box = (x / width, y / height, (x + w) / width, (y + h) / height)
        boxes[image["file_name"]] = (*boxes.get(image["file_name"], ()), box)
    return boxes


def _folder_films(images: list[str], label_of, group_of) -> list[Film]:
    """Films whose label is a parent folder's name, and whose split may be another's."""
    films = []
    for path in images:
        parents = [words(part) for part in PurePosixPath(path).parts[:-1]]
        label = next((label_of(p) for p in reversed(parents) if label_of(p) is not None), None)
        if label is None:
            continue
        split = next((SPLIT_NAMES[p] for p in reversed(parents) if p in SPLIT_NAMES), "")
        name = PurePosixPath(path).name
        films.append(Film(name, path, label, split, group_of(name, label)))
    return films


def _from_class_folders(images: list[str]) -> list[Film]:
    """Kaggle's pre-rotated copies (`12-rotated1-rotated2.jpg`) group with their original; the same
    number under both classes names two films."""

    def group_of(name: str, label: int) -> str:
        return f"{label}/{original(name)}"

    return apart(_folder_films(images, CLASS_NAMES.get, group_of))


def _from_grade_folders(images: list[str]) -> list[Film]:
    """Knees: the digits a file name begins with are the patient, left and right stay together.

    Gornale & Patravali's names have none: there they are grade and number, each film its own.
    """

    def patient(name: str, _grade: int) -> str:
        leading = re.match(r"\d+", name)
        return leading[0] if leading else re.sub(r"\D", "", name) or name

    experts = {PurePosixPath(path).parts[:-2] for path in images}
    first = {parts for parts in experts if parts and re.search("expert.?i$", parts[-1].lower())}
    if first:
        images = [path for path in images if PurePosixPath(path).parts[:-2] in first]

    def grade(folder: str) -> int | None:
        named = GRADE_FOLDER.fullmatch(folder)
        return int(named[1]) if named else None

    return apart(_folder_films(images, grade, patient))

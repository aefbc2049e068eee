"""The pictures of a folder or zip, with the labels, splits and groups that its layout tells.

- what `core.film_packs` reads: films by fracture or by grade
- skin lesions: a table (labels.csv, HAM10000_metadata.csv) of image_id, dx and lesion_id
- any other folders: pictures alone, or with the names of their folders as labels where that is
  asked for
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from core.archive import Archive, BadPack
from core.audit.facts import Entry
from core.audit.intake import files_of
from core.film_packs import CLASS_NAMES, GRADE_FOLDER, SPLIT_NAMES, Film, Pack, is_picture, words
from core.images import BadImage
from core.lesions import DIAGNOSES

MOST_PICTURES = 12_000
MOST_FOLDERS = 30  # that may be labels: each is a class, asked about by itself
TABLES = ("manifest.csv", "dataset.csv")
LESION_TABLES = ("labels.csv", "HAM10000_metadata.csv", "HAM10000_metadata.tab")
# Folders are often numbered anew from 1, so that a number alone names no patient and no original.
PATIENT = re.compile(r"\d{6,}|\d+[ _-]?(l|r|left|right)(?![a-z])", re.IGNORECASE)
COPY = re.compile("[-_]rotated")
FRACTURE = {0: "not fractured", 1: "fractured"}
GRADES = tuple(f"grade {grade}" for grade in range(5))
NAMES = {diagnosis.code: diagnosis.name.lower() for diagnosis in DIAGNOSES}
NO_LABELS = "pictures without labels"


@dataclass(frozen=True)
class Listing:
    """What is to be audited.

    layout: what it was read as, in words. classes: the labels that were to be expected, in order.
    unknown: labels that name no class, and how many pictures carry each. folders: the folders that
    pictures lie in, where they could serve as labels and do not. grouped: what tells which pictures
    belong together, as "by" continues.
    """

    archive: Archive
    name: str
    entries: tuple[Entry, ...]
    layout: str
    classes: tuple[str, ...] = ()
    unknown: Mapping[str, int] | None = None
    folders: tuple[str, ...] = ()
    grouped: str = ""

    @property
    def splits(self) -> list[str]:
        """The splits that the pack has itself, the one that is learned from first."""
        order = ["train", "val", "test"]
        found = {entry.split for entry in self.entries if entry.split}
        return sorted(found, key=lambda s: (order.index(s) if s in order else len(order), s))

    @property
    def labelled(self) -> bool:
        """Whether any picture has a label."""
        return any(entry.label is not None for entry in self.entries)


def list_pictures(
    path: Path, files: Mapping[str, bytes] | None = None, folder_labels: bool = False
) -> Listing:
    """The pictures of a folder or a zip, or of `files` in memory that are called `path`.

    folder_labels: take the names of folders for labels where no known layout tells any. Raises
    BadPack for what holds no picture, too many, or a damaged table.
    """
    try:
        return _list_pictures(path, files, folder_labels)
    except (BadImage, csv.Error, RecursionError):
        raise BadPack(
            f"A table of {path.name} is damaged or too large: mend it, or leave it out to audit "
            "the pictures alone."
        ) from None


def _list_pictures(path: Path, files: Mapping[str, bytes] | None, folder_labels: bool) -> Listing:
    files = files_of(path) if files is None and path.exists() else files
    archive = Archive(path, files)
    pictures = [member for member in archive.members if is_picture(member)]
    if not pictures:
        raise BadPack(f"{path.name} holds no picture: give a folder or a zip with films.")
    if len(pictures) > MOST_PICTURES:
        raise BadPack(
            f"{path.name} holds {len(pictures):,} pictures, more than {MOST_PICTURES:,}: audit a "
            "part of it at a time."
        )
    tables = {PurePosixPath(m).name: m for m in archive.members}
    if table := next((tables[name] for name in LESION_TABLES if name in tables), None):
        return _lesions(archive, pictures, table)
    try:
        return _films(Pack(path, files), pictures, tables)
    except BadPack:
        if any(name in tables for name in TABLES):
            raise
    return _folders(archive, pictures, folder_labels)


def _films(pack: Pack, pictures: list[str], tables: Mapping[str, str]) -> Listing:
    """What the trainers read as films by fracture or grade; other pictures keep no label."""
    table = next((name for name in TABLES if name in tables), None)
    graded = table is None and any(_graded(film) for film in pack.films)
    classes = dict(enumerate(GRADES)) if graded else FRACTURE
    own = table == "manifest.csv" or any(_split(film.path) for film in pack.films)
    proven = {film.group for film in pack.films if COPY.search(film.name)}
    known = {}
    for film in pack.films:
        split = (film.split or "") if own else ""
        told = table or (PATIENT.match(film.name) if graded else film.group in proven)
        group = film.group if told else film.path
        known[film.path] = Entry(film.path, film.path, split, group, classes.get(film.label))
    others = [member for member in pictures if member not in known]
    unknown = Counter(f"not in {table}" if table else _folder(member) for member in others)
    unknown.update(f"label {film.label}" for film in pack.films if film.label not in classes)
    entries = [known.get(m) or Entry(m, m, _split(m) if own else "", m, None) for m in pictures]
    kind = "knees by grade" if graded else "films by fracture"
    where = f"in {table}" if table else "told by the names of folders"
    grouped = "the number that their names begin with" if graded else "the names of rotated copies"
    return Listing(
        pack,
        pack.path.name,
        tuple(entries),
        f"{kind}, {where}",
        tuple(classes.values()),
        unknown,
        grouped=table or grouped,
    )


def _lesions(archive: Archive, pictures: list[str], table: str) -> Listing:
    text = archive.read(table).decode("utf-8-sig", errors="replace")
    delimiter = "\t" if "\t" in text.partition("\n")[0] else ","
    rows = {
        row.get("image_id"): row
        for row in csv.DictReader(io.StringIO(text), restval="", delimiter=delimiter)
    }
    if None in rows or not any(row.get("dx") for row in rows.values()):
        raise BadPack(
            f"{PurePosixPath(table).name} has no columns image_id and dx: name them so, or leave "
            "the table out to audit the pictures alone."
        )
    entries, unknown = [], Counter()
    for member in pictures:
        row = rows.get(PurePosixPath(member).stem, {})
        code = row.get("dx") or "no diagnosis in the table"
        unknown.update([code] * (code not in NAMES))
        group = row.get("lesion_id") or member
        entries.append(Entry(member, member, _split(member), group, NAMES.get(code)))
    name = PurePosixPath(table).name
    return Listing(
        archive,
        archive.path.name,
        tuple(entries),
        f"skin lesions by diagnosis, in {name}",
        tuple(NAMES.values()),
        unknown,
        grouped=name,
    )


def _folders(archive: Archive, pictures: list[str], folder_labels: bool) -> Listing:
    """Pictures that no known layout labels."""
    found = Counter(_folder(member) for member in pictures)
    found.pop("", None)
    several = 1 < len(found) <= MOST_FOLDERS
    if folder_labels and len(found) > MOST_FOLDERS:
        raise BadPack(
            f"{archive.path.name} holds {len(found):,} folders of pictures, and at most "
            f"{MOST_FOLDERS} can be labels: audit it without taking folders for labels."
        )
    labels = folder_labels and several
    entries = [
        Entry(m, m, _split(m), m, (_folder(m) or None) if labels else None) for m in pictures
    ]
    if labels:
        layout, classes, unknown = "pictures by the names of their folders", tuple(found), {}
    else:
        layout, classes, unknown = NO_LABELS, (), found
    spare = tuple(found) if several and not labels else ()
    return Listing(archive, archive.path.name, tuple(entries), layout, classes, unknown, spare)


def _graded(film: Film) -> bool:
    parents = [words(part) for part in PurePosixPath(film.path).parts[:-1]]
    return not any(p in CLASS_NAMES for p in parents) and any(map(GRADE_FOLDER.fullmatch, parents))


def _split(member: str) -> str:
    parents = [words(part) for part in PurePosixPath(member).parts[:-1]]
    return next((SPLIT_NAMES[p] for p in reversed(parents) if p in SPLIT_NAMES), "")


def _folder(member: str) -> str:
    """The innermost folder that names no split; "" where there is none."""
    parents = PurePosixPath(member).parts[:-1]
    return next((part for part in reversed(parents) if words(part) not in SPLIT_NAMES), "")

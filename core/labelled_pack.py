"""Films and their labels out of a folder or a zip that somebody brings to compare models on.

Taken are the layouts of `core.film_packs` (its tables know groups, regions and views), a table
`labels.csv` with the columns `image` and `label` beside the pictures, and folders named after the
classes.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from core.archive import Archive, BadPack
from core.film_packs import CLASS_NAMES, SPLIT_NAMES, Pack, apart, is_picture, original, words
from core.kellgren_lawrence import GRADES
from core.labelled import BadSet
from core.lesions import DIAGNOSES

MOST_FILMS = 500  # of one comparison; more are thinned out evenly
PACK_TABLES = ("manifest.csv", "dataset.csv")
TABLES = ("labels.csv", "HAM10000_metadata.csv", "HAM10000_metadata.tab", "HAM10000_metadata")
IMAGE_COLUMNS = ("image", "image_id", "file", "filename", "name")
LABEL_COLUMNS = ("label", "dx", "diagnosis", "grade", "kl", "fractured", "class")
GROUP_COLUMNS = ("group", "patient", "patient_id", "lesion_id")
MOST_VALUES = 20  # of a column that is an attribute
# What the tables of the page call their own columns.
OWN = re.compile("film|picture|truth|true .*|image|label|group|(first|second) calls it", re.I)
VIEWS, REGIONS = ("frontal", "lateral", "oblique"), ("hand", "leg", "hip", "shoulder")

_YES_NO = {"1": 1, "true": 1, "yes": 1, "0": 0, "false": 0, "no": 0}
_GRADES = {grade.name: grade.number for grade in GRADES}
_GRADES |= {"normal": 0, "none": 0, "minimal": 2, "mild": 2}
_LESIONS = {diagnosis.code: at for at, diagnosis in enumerate(DIAGNOSES)}
_LESIONS |= {diagnosis.name.lower(): at for at, diagnosis in enumerate(DIAGNOSES)}
_LESIONS |= dict.fromkeys(("nevus", "naevus", "nevi", "melanocytic nevus", "mole"), 5)
_LESIONS |= {"seborrheic keratosis": 2, "seborrhoeic keratosis": 2, "melanocytic nevi": 5}
KNOWN = {
    "fracture": "fractured and not fractured (1 and 0)",
    "severity": "the grades 0 to 4",
    "lesion": "the seven diagnoses: "
    + ", ".join(f"{each.code} ({each.name.lower()})" for each in DIAGNOSES),
}


@dataclass(frozen=True)
class LabelledFilm:
    """A picture whose class is known: `path` inside its folder or zip, `label` an index of
    `core.labelled.CLASSES`, `split` "" where there are no splits, `attributes` title → word."""

    name: str
    path: str
    label: int
    split: str
    group: str
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """The labelled films of a pack, and what was left out: how many pictures carry no label that
    is a class of the task, and what theirs are called."""

    films: tuple[LabelledFilm, ...]
    unlabelled: int = 0
    unknown: tuple[str, ...] = ()

    @property
    def splits(self) -> dict[str, int]:
        """Split → how many films, those to be measured on first."""
        counts = Counter(film.split for film in self.films)
        order = ["val", "test", "auto_test", "", "train"]
        return {name: counts[name] for name in dict.fromkeys([*order, *counts]) if counts[name]}

    def of(self, split: str) -> list[LabelledFilm]:
        """The films of a split; of more than `MOST_FILMS` as many, evenly spread over each
        class."""
        films = [film for film in self.films if film.split == split]
        if len(films) <= MOST_FILMS:
            return films
        return sorted(_thinned(films), key=lambda film: film.path)


def find(archive: Archive, task: str) -> Found:
    """The labelled films of a folder or a zip. Raises BadSet, one sentence that says which labels
    were found and which are known."""
    tables = {PurePosixPath(member).name: member for member in archive.members}
    if task == "fracture" and any(name in tables for name in PACK_TABLES):
        return _from_pack(archive)
    images = [path for path in archive.members if is_picture(path)]
    if not images:
        raise BadSet(
            "There is no picture in it: bring films as PNG, JPEG, TIFF, BMP or DICOM, in folders "
            f"named after {KNOWN[task]}."
        )
    table = next((tables[name] for name in TABLES if name in tables), None)
    found = _from_table(archive, task, table, images) if table else _from_folders(task, images)
    if not found.films:
        raise BadSet(_nothing(found, task, table is not None))
    return found


def label_of(task: str, written: str) -> int | None:
    """The class that a folder or a cell of a table names, or None."""
    word = re.sub(r"[_\-\s]+", " ", written).strip().lower()
    if task == "fracture":
        return (CLASS_NAMES | _YES_NO).get(word)
    if task == "lesion":
        return _LESIONS.get(word)
    number = re.fullmatch(r"(?:kl|grade|kl grade)? ?([0-4])(?:\.0+)?(?: ?[a-z]+)?", word)
    return int(number[1]) if number else _GRADES.get(word)


def attributes_of(flags: frozenset[str]) -> dict[str, str]:
    """Region, view and hardware of a film of FracAtlas, from its table's true columns."""
    regions = [name for name in REGIONS if name in flags]
    views = [name for name in VIEWS if name in flags]
    return {
        "Region": "mixed" if "mixed" in flags else _one(regions, "mixed"),
        "View": _one(views, "several views"),
        "Hardware": "with hardware" if "hardware" in flags else "without hardware",
    }


def _one(names: list[str], several: str) -> str:
    return several if len(names) > 1 else (names or ["unknown"])[0]


def _thinned(films: Sequence[LabelledFilm]) -> Iterator[LabelledFilm]:
    """Every so many-th film of each class, the classes as common as they were."""
    for label in sorted({film.label for film in films}):
        of_class = [film for film in films if film.label == label]
        wanted = max(1, MOST_FILMS * len(of_class) // len(films))
        yield from (of_class[at * len(of_class) // wanted] for at in range(wanted))


def _from_pack(archive: Archive) -> Found:
    try:
        pack = Pack(archive.path, archive.files)
        if not {film.label for film in pack.films} <= {0, 1}:
            raise BadPack("a label is neither 0 nor 1")
    except BadPack:
        raise BadSet(
            "Its table of films cannot be used: pack it again as it was published, or bring "
            "folders named fractured and not fractured."
        ) from None
    if not pack.films:
        raise BadSet(
            "Its table of films lists none that is there: pack the table and its films together."
        )
    return Found(
        tuple(
            LabelledFilm(
                film.name, film.path, film.label, film.split, film.group, attributes_of(film.flags)
            )
            for film in pack.films
        )
    )


def _from_folders(task: str, images: Sequence[str]) -> Found:
    """Labels by the nearest folder that names a class; splits by any that names one."""
    films, unknown = [], Counter()
    for path in images:
        folders = PurePosixPath(path).parts[:-1][::-1]
        label = next((one for one in (label_of(task, f) for f in folders) if one is not None), None)
        if label is None:
            unknown[folders[0] if folders else ""] += 1
            continue
        splits = [SPLIT_NAMES[word] for word in map(words, folders) if word in SPLIT_NAMES]
        split = (splits or [""])[0]
        films.append(LabelledFilm(path, path, label, split, _group(task, path, label)))
    return Found(_named(apart(films)), unknown.total(), tuple(name for name in unknown if name))


def _from_table(archive: Archive, task: str, member: str, images: Sequence[str]) -> Found:
    """Labels by a table; its columns of few different words are attributes."""
    rows = _rows(archive, member)
    columns = {name.strip().lower(): name for name in rows[0] if name} if rows else {}
    image, label, group = (
        next((columns[name] for name in known if name in columns), None)
        for known in (IMAGE_COLUMNS, LABEL_COLUMNS, GROUP_COLUMNS)
    )
    if image is None or label is None:
        raise BadSet(
            f"The table {PurePosixPath(member).name} must have a column image, with the names of "
            "the files, and a column label, with their classes."
        )
    taken = {image, label, group, columns.get("split")}
    titles = [name for name in columns.values() if name not in taken and _few(rows, name)]
    by_name = {PurePosixPath(row[image] or "").stem: row for row in rows}
    films, unknown = [], Counter()
    for path in images:
        row = by_name.get(PurePosixPath(path).stem, {})
        number = label_of(task, row.get(label) or "")
        if number is None:
            unknown[row.get(label) or ""] += 1
            continue
        split = SPLIT_NAMES.get((row.get(columns.get("split", "")) or "").strip().lower(), "")
        together = (row[group] if group else "") or _group(task, path, number)
        told = {_title(name): row[name] or "unknown" for name in titles}
        films.append(LabelledFilm(path, path, number, split, together, told))
    films = films if group else apart(films)
    return Found(_named(films), unknown.total(), tuple(name for name in unknown if name))


def _title(column: str) -> str:
    name = column.strip().capitalize()
    return f"Table: {name.lower()}" if OWN.fullmatch(name) else name


def _rows(archive: Archive, member: str) -> list[dict[str, str]]:
    try:
        text = archive.read(member).decode("utf-8-sig")
        delimiter = max(",;\t", key=text.partition("\n")[0].count)
        return list(csv.DictReader(io.StringIO(text), delimiter=delimiter))
    except (OSError, ValueError, csv.Error):
        raise BadSet(
            f"The table {PurePosixPath(member).name} cannot be read: save it as CSV in UTF-8."
        ) from None


def _few(rows: Sequence[dict], column: str) -> bool:
    return 1 < len({row[column] for row in rows}) <= MOST_VALUES


def _group(task: str, path: str, label: int) -> str:
    """What films belong with: the patient whose number a knee's name begins with, the original of
    a turned copy, else itself."""
    name = PurePosixPath(path).name
    if task == "severity" and (leading := re.match(r"\d+", name)):
        return leading[0]
    if task == "fracture":
        return f"{label}/{original(name)}"
    return path


def _named(films: Sequence[LabelledFilm]) -> tuple[LabelledFilm, ...]:
    """Films called by their file's name alone, where no two share it."""
    names = Counter(PurePosixPath(film.path).name for film in films)
    if any(count > 1 for count in names.values()):
        return tuple(films)
    return tuple(
        LabelledFilm(PurePosixPath(f.path).name, f.path, f.label, f.split, f.group, f.attributes)
        for f in films
    )


def _nothing(found: Found, task: str, by_table: bool) -> str:
    """Why no picture has a label that is a class."""
    if not found.unknown:
        return (
            f"The {found.unlabelled:,} pictures carry no labels: put them into folders named "
            f"after {KNOWN[task]}, or add labels.csv with the columns image and label."
        )
    named = ", ".join(f"“{name[:40]}”" for name in found.unknown[:6])
    more = f" and {len(found.unknown) - 6} more" if len(found.unknown) > 6 else ""
    what = "labels" if by_table else "folders"
    return f"The {what} match no class: found are {named}{more}; known are {KNOWN[task]}."

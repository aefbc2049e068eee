"""Look a data pack over before the first step: what cannot be read, what stands there twice, and
whether training on it makes sense. The Audit page looks for more: see `core.audit`."""

import argparse
import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np

from core.archive import Archive, BadPack
from core.audit.duplicates import fingerprint, identical_pairs, near_pairs
from core.audit.facts import Entry
from core.film_packs import Pack
from core.images import BadImage
from core.jobs.records import write_json
from core.lesions import CODES
from trainers.lesions import LesionPack
from trainers.mask_pack import MaskPack
from trainers.progress import current, first_process
from trainers.squares import read_grey


@dataclass(frozen=True)
class Subject:
    """What is audited. read: bytes, name → (H, W) uint8, or BadImage. `classes` is how many labels
    each of train and val must have at least."""

    pack: Archive
    entries: Sequence[Entry]
    read: Callable[[bytes, str], np.ndarray]
    classes: int


def films(pack: Pack, classes: int = 2) -> Subject:
    """The films of a pack, by fracture or grade."""
    entries = [Entry(f.name, f.path, f.split, f.group, str(f.label)) for f in pack.films]
    return Subject(pack, entries, read_grey, classes)


def lesions(pack: LesionPack, classes: int = 1) -> Subject:
    """The pictures of a pack of lesions, by diagnosis."""
    entries = [
        Entry(x.name, x.image, x.split, x.group, None if x.label is None else CODES[x.label])
        for x in pack.lesions
    ]
    return Subject(pack, entries, read_photo, classes)


def masked(pack: MaskPack, labels: Collection[str]) -> Subject:
    """The films of a pack of masks that are learned from for these labels, by whether they show
    any. Nothing tells patients apart, so each film is a group."""
    entries = [
        Entry(f.name, f.path, split, f.sha256, "marked" if f.shows(labels) else "nothing")
        for split, films in zip(("train", "val"), pack.split(labels), strict=True)
        for f in films
    ]
    return Subject(pack, entries, read_grey, 1)


def read_photo(data: bytes, name: str) -> np.ndarray:
    """A photograph as the trainers decode it, in grey, (H, W) uint8. Raises BadImage."""
    try:
        grey = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    except cv2.error:  # an empty file, or one that claims to be enormous
        grey = None
    if grey is None:
        raise BadImage(f"{name} cannot be read.")
    return grey


@dataclass(frozen=True)
class Report:
    """Findings of an audit. Each pair is (name, name); `crossing` ones lie in different splits,
    `conflicts` have different labels. `counts` are pictures by split and label."""

    films: int
    unreadable: list[tuple[str, str]]
    identical: list[tuple[str, str]]
    near: list[tuple[str, str]]
    crossing: list[tuple[str, str]]
    conflicts: list[tuple[str, str]]
    split_groups: list[str]
    counts: dict[str, dict[str, int]]

    @property
    def blocks(self) -> str | None:
        """Why a validation score would be worthless, or None."""
        found = len(self.crossing) + len(self.split_groups)
        if not found:
            return None
        return (
            f"The split leaks: {len(self.crossing)} pairs of the same picture and "
            f"{len(self.split_groups)} groups lie on both sides (see audit.json). "
            "Mend the split, or pass --allow-leak to score it all the same."
        )

    def summary(self) -> str:
        """The findings in a few lines."""
        lines = [f"{self.films} pictures: {json.dumps(self.counts)}"]
        for title, found in (
            ("unreadable", self.unreadable),
            ("byte-identical pairs", self.identical),
            ("near-duplicate pairs", self.near),
            ("pairs across splits", self.crossing),
            ("pairs with different labels", self.conflicts),
            ("groups across splits", self.split_groups),
        ):
            first = "; ".join(" = ".join(f) if isinstance(f, tuple) else f for f in found[:3])
            lines.append(f"  {title}: {len(found)}" + (f" ({first}...)" if found else ""))
        return "\n".join(lines)

    def write(self, path: Path) -> None:
        """Every finding as JSON, with how many there are of each kind under `lengths`."""
        found = asdict(self)
        lengths = {name: len(value) for name, value in found.items() if isinstance(value, list)}
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, found | {"lengths": lengths})


def audit(subject: Subject) -> Report:
    """Audit all pictures of a pack.

    Raises:
        BadPack: no picture, too few classes, or an empty split that training needs.
    """
    kept, prints, digests, unreadable = [], [], [], []
    for entry, data in _pictures(subject):
        try:
            grey = subject.read(data, entry.name)
        except BadImage as error:
            unreadable.append((entry.name, error.reason))
            continue
        kept.append(entry)
        digests.append(hashlib.sha256(data).hexdigest())
        prints.append(fingerprint(grey))
    current().skipped(unreadable)
    _require_classes(kept, subject)
    counts: dict[str, Counter] = defaultdict(Counter)
    splits_of_group = defaultdict(set)
    for entry in kept:
        counts[entry.split][entry.label or "unknown"] += 1
        splits_of_group[entry.group].add(entry.split)
    identical = identical_pairs(digests)
    same = set(identical)
    near = [pair for pair in near_pairs(prints) if pair not in same]
    pairs = [(kept[a], kept[b]) for a, b in identical + near]

    def named(chosen: Iterable[tuple[Entry, Entry]]) -> list[tuple[str, str]]:
        return [(one.name, other.name) for one, other in chosen]

    return Report(
        len(kept),
        unreadable,
        named(pairs[: len(identical)]),
        named(pairs[len(identical) :]),
        named((one, other) for one, other in pairs if one.split != other.split),
        named(pair for pair in pairs if len({each.label for each in pair} - {None}) == 2),
        sorted(group for group, splits in splits_of_group.items() if len(splits) > 1),
        {split: dict(of_split) for split, of_split in counts.items()},
    )


def require_sound(subject: Subject, arguments: argparse.Namespace) -> None:
    """Audit a pack, print the findings and write them to `audit.json` in the folder `--run`.

    Of several processes the first one does. Raises BadPack when the split leaks and `--allow-leak`
    was not given, or as `audit` does.
    """
    if not first_process():
        return
    report = audit(subject)
    print(report.summary())
    report.write(arguments.run / "audit.json")
    if report.blocks and not arguments.allow_leak:
        raise BadPack(report.blocks)


def _pictures(subject: Subject) -> Iterator[tuple[Entry, bytes]]:
    members = subject.pack.stream(entry.member for entry in subject.entries)
    watched = current().watch(subject.entries, "auditing the data", len(subject.entries))
    return zip(watched, members, strict=True)


def _require_classes(entries: Sequence[Entry], subject: Subject) -> None:
    path = subject.pack.path
    for split in ("train", "val"):
        found = [entry for entry in entries if entry.split == split]
        if not found:
            raise BadPack(
                f"{path} has no readable picture in its {split} split: give more pictures, some "
                "of them for each split."
            )
        labels = {entry.label for entry in found} - {None}
        if not labels and subject.classes > 1:
            raise BadPack(
                f"No picture in the {split} split of {path} is labelled: a classifier needs to be "
                "told what each one shows."
            )
        if len(labels) < subject.classes:
            raise BadPack(
                f"The {split} split of {path} holds one class only: a classifier needs pictures "
                "of two at least to learn and to be measured."
            )

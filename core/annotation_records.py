"""What the annotation store takes and gives: worklists, films, readings, and how it says no."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from core.artefacts import Annotation

Status = Literal["to do", "draft", "submitted", "reviewed"]
STATUSES: tuple[Status, ...] = ("to do", "draft", "submitted", "reviewed")
MAX_NAME = 80  # characters of a reader's name and of a worklist's title
MAX_FILM_NAME = 200  # characters; what is longer loses its middle
MAX_REASON = 2000  # characters of a reviewer's reason


class StoreError(Exception):
    """What the store could not do; `reason` is one sentence: what is wrong and what to do."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Unreachable(StoreError):
    """The database is gone, locked, read-only or full. Keep the work and try again: nothing was
    stored, or (where the connection broke at the very end) the same call again finds it stored."""


class Refused(StoreError):
    """What was asked is against the rules; asking again does not help."""


class Conflict(StoreError):
    """Someone saved a newer revision, or another consensus. `current` is what the store has; it was
    left as it is."""

    def __init__(self, reason: str, current: Reading | Consensus) -> None:
        super().__init__(reason)
        self.current = current


def plain_line(text: str) -> str:
    """The text on one line: composed (NFC), without control characters, single blanks between."""
    shown = "".join(c if c.isprintable() else " " for c in unicodedata.normalize("NFC", text))
    return " ".join(shown.split())


@dataclass(frozen=True)
class Reader:
    """Who does something. verified: the sign-in says so; a typed name is never the same reader.

    name: made a plain line; the store refuses an empty one, and more than MAX_NAME characters.
    session: a short random id of the visit, for the log; readers are the same without it.
    """

    name: str
    verified: bool = False
    session: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", plain_line(self.name))
        object.__setattr__(self, "session", plain_line(self.session))


@dataclass(frozen=True)
class Worklist:
    """A list of films. code: random; who knows it can open the list. Times are in UTC.

    touched_at: when anything in it was changed or recorded, in whatever way.
    events, last_event: how many lines its log had when this was read, and the digest of the last.
    """

    id: int
    code: str
    title: str
    created_at: datetime
    created_by: Reader
    touched_at: datetime
    events: int = 0
    last_event: str = ""


@dataclass(frozen=True)
class NewFilm:
    """A film to be added. sha256: of the bytes that were uploaded, in hexadecimal: its identity.

    data: the clean copy that is kept, PNG or DICOM; name: only to show; shape: (height, width);
    spacing_mm: of rows and columns, or None.
    """

    sha256: str
    name: str
    data: bytes = field(repr=False)
    kind: Literal["png", "dicom"]
    shape: tuple[int, int]
    spacing_mm: tuple[float, float] | None = None


@dataclass(frozen=True)
class Film:
    """A film of a worklist; number: its place in it, from 1. See NewFilm for the others."""

    sha256: str
    name: str
    kind: Literal["png", "dicom"]
    shape: tuple[int, int]
    spacing_mm: tuple[float, float] | None
    added_at: datetime
    added_by: Reader
    number: int


@dataclass(frozen=True)
class Added:
    """already: these very bytes were in the list. namesake: so is another file of this name (R7),
    whose readings do not belong to this film."""

    film: Film
    already: bool
    namesake: bool


@dataclass(frozen=True)
class Reading:
    """One reader's annotation of one film in one worklist, as it is now.

    revision: counts the saves, 0 before the first. status: "to do" as long as nothing is said.
    blind: no change was made after its reader had looked at others' readings of the film.
    reviewed_by, reason: of the last review, None and "" before. sent_back: by that review, and not
    submitted since. damaged: what was stored cannot be read; the annotation given is empty, and
    only a restored revision is saved over it.
    """

    id: int
    sha256: str
    reader: Reader
    status: Status
    revision: int
    annotation: Annotation
    saved_at: datetime | None
    blind: bool = True
    reviewed_by: Reader | None = None
    reason: str = ""
    sent_back: bool = False
    damaged: bool = False


@dataclass(frozen=True)
class Summary:
    """A reading without what was drawn. strokes: how many, erasing ones too; comment: whether there
    is one; nothing: whether the reader says that the film has no artefact. See Reading for the
    others."""

    id: int
    sha256: str
    reader: Reader
    status: Status
    revision: int
    saved_at: datetime | None
    blind: bool
    reviewed_by: Reader | None
    reason: str
    sent_back: bool
    strokes: int
    comment: bool
    nothing: bool


@dataclass(frozen=True)
class Revision:
    """One save of a reading. annotation: None where it is damaged. restored_from: the number of the
    revision that it repeats, 0 for a fresh start over a damaged one, None for a plain save."""

    number: int
    saved_at: datetime
    annotation: Annotation | None
    restored_from: int | None
    session: str


@dataclass(frozen=True)
class Consensus:
    """What several readings of a film come to. of: (id, revision) of each; method: "majority",
    "staple"; figures: numbers and words that JSON can hold; annotation: None where damaged.

    current: whether each of the readings is still handed in as it then was. accepted: whether a
    reviewer has accepted all of them, besides.
    """

    sha256: str
    method: str
    annotation: Annotation | None
    made_by: Reader
    made_at: datetime
    of: tuple[tuple[int, int], ...]
    figures: dict
    current: bool
    accepted: bool


@dataclass(frozen=True)
class Fill:
    """A film whose mask was filled in. statement: of core.export, what was done; kind: of the file
    `data`, "png", "tiff" or "dicom"; mask_of: whose mask it was, in words.

    made_by, made_at are the store's to say: None in a fill that is given to it. data: empty where
    what was stored is damaged.
    """

    sha256: str
    kind: str
    data: bytes = field(repr=False)
    statement: dict
    mask_of: str
    made_by: Reader | None = None
    made_at: datetime | None = None

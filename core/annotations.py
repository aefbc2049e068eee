"""The annotation store: worklists of films, and what each reader says of them, in a database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from core.annotation_records import (
    MAX_FILM_NAME,
    MAX_NAME,
    MAX_REASON,
    STATUSES,
    Added,
    Conflict,
    Consensus,
    Fill,
    Film,
    NewFilm,
    Reader,
    Reading,
    Refused,
    Revision,
    Status,
    StoreError,
    Summary,
    Unreachable,
    Worklist,
)
from core.artefacts import Annotation

__all__ = [
    "MAX_FILM_NAME",
    "MAX_NAME",
    "MAX_REASON",
    "STATUSES",
    "Added",
    "Conflict",
    "Consensus",
    "Fill",
    "Film",
    "NewFilm",
    "Reader",
    "Reading",
    "Refused",
    "Revision",
    "Status",
    "Store",
    "StoreError",
    "Summary",
    "Unreachable",
    "Worklist",
]


class Store:
    """One database of worklists, in SQLite or PostgreSQL; for any number of threads and processes.

    What is written is on disk when a method returns. Every method raises Unreachable, within
    seconds, where the database does not answer or cannot be written, and Refused for a worklist,
    film or reading that is no longer there.
    """

    @classmethod
    def open(cls, url: str) -> Store:
        """Open the store at `url`, sqlite:///…, postgresql://… or postgresql+psycopg://…

        A new database gets its tables (and a new SQLite file its folder), an older one is carried
        over. Raises StoreError where that cannot be: unreachable, not a database, a database of
        something else, or one that a newer Lightbox wrote; it is left as it was.
        """
        raise NotImplementedError

    @property
    def where(self) -> str:
        """What it is, to say to readers: "SQLite on this server" or "PostgreSQL"."""
        raise NotImplementedError

    def close(self) -> None:
        """Let the connections go; a later call opens new ones."""
        raise NotImplementedError

    # Worklists

    def create_worklist(self, title: str, by: Reader) -> Worklist:
        """A new, empty worklist. Raises Refused for a title that is empty or over MAX_NAME."""
        raise NotImplementedError

    def worklist(self, code: str) -> Worklist:
        """The worklist of this code. Raises Refused where there is none."""
        raise NotImplementedError

    def worklists(self) -> list[Worklist]:
        """All of them, newest first."""
        raise NotImplementedError

    def delete_worklist(self, worklist: Worklist, by: Reader) -> None:
        """Delete it with all its films, readings, fills and its log. Raises Refused unless `by` made
        it."""
        raise NotImplementedError

    def expire(self, before: datetime) -> int:
        """Delete every worklist that was last touched before this time; returns how many."""
        raise NotImplementedError

    # Films

    def add_film(self, worklist: Worklist, film: NewFilm, by: Reader) -> Added:
        """Add a film, unless its bytes are in the list already."""
        raise NotImplementedError

    def films(self, worklist: Worklist) -> list[Film]:
        """The films in the order in which they were added."""
        raise NotImplementedError

    def film_data(self, worklist: Worklist, sha256: str) -> bytes:
        """The clean copy of a film."""
        raise NotImplementedError

    def remove_film(self, worklist: Worklist, sha256: str, by: Reader) -> None:
        """Delete a film with all readings and fills of it. Raises Refused unless `by` added it or
        made the list. The log goes on saying what was drawn on it."""
        raise NotImplementedError

    # Readings

    def begin(self, worklist: Worklist, sha256: str, reader: Reader) -> Reading:
        """The reader's own reading of a film: "to do" at revision 0 where there was none."""
        raise NotImplementedError

    def readings(self, worklist: Worklist) -> list[Summary]:
        """Every reading of every film, oldest first; those merely begun are "to do"."""
        raise NotImplementedError

    def save(
        self,
        reading: Reading | int,
        revision: int,
        annotation: Annotation,
        *,
        restored_from: int | None = None,
        by: Reader,
    ) -> Reading:
        """Store an annotation as the next revision, and return the reading as it then is.

        reading: it, or its id. revision: of the reading that the annotation was made from.
        restored_from: the earlier revision whose content this is, if it is one; 0 to start afresh.

        What is stored already is not stored again, whatever the revision: a call whose answer was
        lost can be repeated. Raises Conflict where another revision was saved since; Refused for
        someone else's reading, a submitted one, a damaged one unless `restored_from` says that it
        is to be replaced, and for more than can be kept.
        """
        raise NotImplementedError

    def revisions(self, reading: Reading | int) -> list[Revision]:
        """The last 20 revisions and every submitted one, newest first."""
        raise NotImplementedError

    def submit(self, reading: Reading | int, revision: int, by: Reader) -> Reading:
        """Hand it in: then it is not changed, and others may see it. Submitting again changes
        nothing. Raises Conflict as `save`, and Refused for an empty reading."""
        raise NotImplementedError

    def reopen(self, reading: Reading | int, by: Reader) -> Reading:
        """Make one's own submitted reading a draft again. Raises Refused once it is reviewed."""
        raise NotImplementedError

    # Review

    def submitted(
        self, worklist: Worklist, sha256: str, by: Reader, looking: bool = True
    ) -> list[Reading]:
        """The readings of a film that were submitted or reviewed, in the order of their readers'
        beginning.

        looking: `by` sees them. Where others' are among them, what `by` draws on this film from now
        on is not blind; and it is logged, once, unless `by` has submitted an own reading.
        """
        raise NotImplementedError

    def review(
        self,
        reading: Reading | int,
        by: Reader,
        accept: bool,
        reason: str = "",
        revision: int | None = None,
    ) -> Reading:
        """Accept a submitted reading, or send it back to its reader as a draft with a reason.

        revision: the one that was looked at, if it matters; raises Conflict where it is another.
        Raises Refused for one's own reading, one that is not submitted, and without a reason.
        """
        raise NotImplementedError

    def keep_consensus(
        self,
        worklist: Worklist,
        sha256: str,
        method: str,
        annotation: Annotation,
        of: Sequence[tuple[int, int]],
        figures: Mapping,
        by: Reader,
    ) -> Consensus:
        """Keep the consensus of a film, in place of an earlier one. See Consensus for the words."""
        raise NotImplementedError

    def consensus(self, worklist: Worklist, sha256: str) -> Consensus | None:
        """The consensus that was kept of a film."""
        raise NotImplementedError

    def give_back(self, worklist: Worklist, fill: Fill, by: Reader) -> Fill:
        """Keep a filled film beside the film; the very same file is kept once."""
        raise NotImplementedError

    def fills(self, worklist: Worklist, sha256: str) -> list[Fill]:
        """The filled films that were given back for a film, oldest first."""
        raise NotImplementedError

    # Log

    def record(self, worklist: Worklist, by: Reader, action: str, **facts: object) -> None:
        """Add a line to the worklist's log, such as "export" or "open". facts: what JSON can hold;
        hashes, counts and names of formats, never a name of a file, a comment or a reason."""
        raise NotImplementedError

    def events(self, worklist: Worklist) -> list[str]:
        """The worklist's log, a line of JSON an event; see core.events."""
        raise NotImplementedError

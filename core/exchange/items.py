"""Readings that are to leave a worklist, as one list: readers' own and the consensus of several."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Literal

from core.annotation_records import Consensus, Film, Reader, Reading, Summary, Worklist
from core.artefacts import Annotation

if TYPE_CHECKING:
    from core.annotations import Store

SENTENCE = "For research and teaching. Not for diagnosis."  # in every file that leaves
CONSENSUS = "consensus"  # the status of an item that is no reader's
Which = Literal["accepted", "submitted", "all", "mine"]


@dataclass(frozen=True)
class Item:
    """One reading of one film, or the readers' consensus (whose status is "consensus").

    data: gives the clean copy of the film's file, called when it is needed and not before, since
        a worklist's films are more than memory holds; None where the film is not at hand.
    """

    film: Film
    reader: str
    verified: bool
    status: str
    revision: int
    saved_at: datetime
    blind: bool
    annotation: Annotation
    data: Callable[[], bytes] | None = None


def gather(store: Store, worklist: Worklist, which: Which, reader: Reader) -> list[Item]:
    """The readings of a worklist that are to leave, by film and then by reader.

    which: "accepted" ones; all "submitted" ones (accepted ones too); "all", the reader's own drafts
        as well; or the reader's own alone, "mine". Nobody else's drafts leave, as nobody sees them.
        The consensus of a film comes with all but the last, as long as the readings that it was
        made of are handed in unchanged, and with "accepted" ones only where all those are accepted.

    Of a damaged draft the newest revision that is not damaged leaves; a damaged reading that was
    handed in does not: see `missing`.

    To take others' readings is to look at them: the store's log says so of each film that `reader`
    has not submitted an own reading of. Raises StoreError.
    """
    summaries = store.readings(worklist)
    items = []
    for film in store.films(worklist):
        wanted = [
            summary
            for summary in summaries
            if summary.sha256 == film.sha256 and _leaves(summary, which, reader)
        ]
        consensus = None if which == "mine" else _agreed(store, worklist, film, which, reader)
        if not wanted and not consensus:
            continue
        items += _of_film(store, worklist, film, which, wanted, consensus, reader)
    return items


def missing(
    store: Store, worklist: Worklist, which: Which, reader: Reader, items: Sequence[Item]
) -> list[Summary]:
    """The readings that were asked for and are not among the items that were gathered: they are
    damaged, or were handed in since. Raises StoreError."""
    there = {(item.film.sha256, item.reader, item.verified) for item in items}
    return [
        summary
        for summary in store.readings(worklist)
        if _leaves(summary, which, reader)
        and (summary.sha256, summary.reader.name, summary.reader.verified) not in there
    ]


def _agreed(
    store: Store, worklist: Worklist, film: Film, which: Which, reader: Reader
) -> Consensus | None:
    """The consensus of a film that is to leave; it was looked at only where it does."""
    found = store.consensus(worklist, film.sha256, reader, looking=False)
    if not (found and found.annotation and found.current):
        return None
    if which == "accepted" and not found.accepted:
        return None
    return store.consensus(worklist, film.sha256, reader)


def _leaves(summary: Summary | Reading, which: Which, reader: Reader) -> bool:
    own, status = summary.reader == reader, summary.status
    if which == "mine":
        return own and status != "to do"
    handed_in = status == "reviewed" or (status == "submitted" and which != "accepted")
    return handed_in or (which == "all" and own and status == "draft")


def _of_film(
    store: Store,
    worklist: Worklist,
    film: Film,
    which: Which,
    wanted: list[Summary],
    consensus: Consensus | None,
    reader: Reader,
) -> list[Item]:
    data = partial(store.film_data, worklist, film.sha256)
    others = any(summary.reader != reader for summary in wanted)
    handed_in = {
        reading.id: reading
        for reading in store.submitted(worklist, film.sha256, reader, looking=others)
        if not reading.damaged
    }
    items = []
    for summary in wanted:
        said = handed_in.get(summary.id)
        who = (summary.reader.name, summary.reader.verified)
        if said:
            if _leaves(said, which, reader):
                state = (said.status, said.revision, said.saved_at, said.blind)
                items.append(Item(film, *who, *state, said.annotation, data))
        elif summary.reader == reader and summary.status == "draft":
            for kept in store.revisions(summary.id):
                if kept.annotation is not None:
                    state = (summary.status, kept.number, kept.saved_at, summary.blind)
                    items.append(Item(film, *who, *state, kept.annotation, data))
                    break
    if consensus:
        name = f"Consensus ({consensus.method})"
        state = (CONSENSUS, 0, consensus.made_at, False)
        items.append(Item(film, name, False, *state, consensus.annotation, data))
    return items

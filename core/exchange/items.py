"""Readings that are to leave a worklist, as one list: readers' own and the consensus of several."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Literal

from core.annotation_records import Consensus, Film, Reader, Summary, Worklist
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
        The consensus of a film comes with all but the last. Of a damaged reading the newest
        revision that is not damaged leaves.

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
        consensus = None if which == "mine" else store.consensus(worklist, film.sha256)
        if not wanted and not consensus:
            continue
        items += _of_film(store, worklist, film, wanted, consensus, reader)
    return items


def _leaves(summary: Summary, which: Which, reader: Reader) -> bool:
    own, status = summary.reader == reader, summary.status
    if which == "mine":
        return own and status != "to do"
    handed_in = status == "reviewed" or (status == "submitted" and which != "accepted")
    return handed_in or (which == "all" and own and status == "draft")


def _of_film(
    store: Store,
    worklist: Worklist,
    film: Film,
    wanted: list[Summary],
    consensus: Consensus | None,
    reader: Reader,
) -> list[Item]:
    data = partial(store.film_data, worklist, film.sha256)
    others = bool(consensus) or any(summary.reader != reader for summary in wanted)
    handed_in = {
        reading.id: reading
        for reading in store.submitted(worklist, film.sha256, reader, looking=others)
        if not reading.damaged
    }
    items = []
    for summary in wanted:
        said = handed_in.get(summary.id)
        if said:
            revision, saved_at, annotation = said.revision, said.saved_at, said.annotation
        else:
            kept = [r for r in store.revisions(summary.id) if r.annotation is not None]
            if not kept:
                continue
            revision, saved_at, annotation = kept[0].number, kept[0].saved_at, kept[0].annotation
        who = (summary.reader.name, summary.reader.verified)
        state = (summary.status, revision, saved_at, summary.blind)
        items.append(Item(film, *who, *state, annotation, data))
    if consensus and consensus.annotation is not None:
        name = f"Consensus ({consensus.method})"
        state = (CONSENSUS, 0, consensus.made_at, False)
        items.append(Item(film, name, False, *state, consensus.annotation, data))
    return items

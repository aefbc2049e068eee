"""Where a reader marks the artefacts of one film, and every change is stored as it is made."""

from core.annotations import Film, Reader, Store, Worklist
from core.ui.film import Film as Shown


def desk(
    store: Store, worklist: Worklist, film: Film, shown: Shown, inverted: bool, reader: Reader
) -> None:
    """The reader's own reading of a film: drawing, comment, history, submitting.

    shown: the film's clean copy, decoded; its own hash is not used. inverted: whether it is shown
    turned from negative to positive or back. Never raises StoreError: what cannot be stored is
    said, stays in the session and in the reader's browser, and is stored when the store is back.

    The reading is opened anew with every run of the page; strokes rerun this part of it alone. When
    the reading's status changes the whole page is run again, so that its list may follow.
    """
    raise NotImplementedError

"""Review of one film: what its readers drew, how far they agree, and what is made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.annotations import Film, Reader, Store, Worklist
    from core.ui import film as shown_film


def review(
    store: Store, worklist: Worklist, film: Film, shown: shown_film.Film, reader: Reader
) -> None:
    """Compare the submitted readings of `film`, keep a consensus, accept or send back.

    shown: the same film, decoded from the clean copy. reader: who looks; one who has not submitted
    a reading of this film is warned before anything of the others' is shown. Never raises
    StoreError: what is wrong is said on the page.
    """

"""Filled films that were given back to a worklist, beside the film that they were made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.annotations import Film, Store, Worklist
    from core.ui import film as shown_film


def show(store: Store, worklist: Worklist, film: Film, shown: shown_film.Film) -> None:
    """Every fill of `film` beside it, called synthetic, with its statement; nothing where there is
    none. Never raises StoreError: what is wrong is said on the page.
    """

"""Annotations out of a worklist and into it: export, import, and a pack to train with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.annotations import Reader, Store, Worklist


def show(store: Store, worklist: Worklist, reader: Reader) -> None:
    """Choose an export and download it; import what was exported; hand masks to training.

    Never raises StoreError: what is wrong is said on the page.
    """

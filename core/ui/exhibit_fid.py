"""Pitfall: fid."""

from core.settings import Settings

TITLE = "A distance of 32 pictures"
QUESTION = "Is it so?"
SO_WHAT = "First. Second."


def show(settings: Settings) -> None:
    """The exhibit."""

"""Pitfall: swapped_class."""

from core.settings import Settings

TITLE = "Which class is positive?"
QUESTION = "Is it so?"
SO_WHAT = "First. Second."


def show(settings: Settings) -> None:
    """The exhibit."""

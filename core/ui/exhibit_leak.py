"""Pitfall: leak."""

from core.settings import Settings

TITLE = "A test set that was learned by heart"
QUESTION = "Is it so?"
SO_WHAT = "First. Second."


def show(settings: Settings) -> None:
    """The exhibit."""

"""Pitfall: majority_class."""

from core.settings import Settings

TITLE = "Seventy per cent, without looking"
QUESTION = "Is it so?"
SO_WHAT = "First. Second."


def show(settings: Settings) -> None:
    """The exhibit."""

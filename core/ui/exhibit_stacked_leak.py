"""Pitfall: stacked_leak."""

from core.settings import Settings

TITLE = "A second stage on leaked probabilities"
QUESTION = "Is it so?"
SO_WHAT = "First. Second."


def show(settings: Settings) -> None:
    """The exhibit."""

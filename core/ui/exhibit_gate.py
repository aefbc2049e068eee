"""Pitfall: a classifier without a gate answers whatever it is shown."""

from core.settings import Settings

TITLE = "The pipe that was fractured"
QUESTION = (
    "A network tells broken bones from whole ones: what does it say of a pipe, a page or a face?"
)
SO_WHAT = (
    "A classifier of two classes has no word for “neither”, and its probability does not sink "
    "because a picture makes no sense. Put a gate before it that knows what the training films "
    "look like, and say how many real films it stops by mistake."
)


def show(settings: Settings) -> None:
    """What every model says of a picture, and what the gate says."""

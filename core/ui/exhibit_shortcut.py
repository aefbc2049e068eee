"""Pitfall: metal means fracture."""

from core.settings import Settings

TITLE = "The metal that gives the answer away"
QUESTION = (
    "A network finds the fracture on nearly every film with a plate or screws: does it see the "
    "break, or the metal?"
)
SO_WHAT = (
    "Whatever goes along with the label in the training films is learned as the label: look for it "
    "before training, and report every score with and without the films that carry it. Then take "
    "it away and put it in, on films whose truth you know, and watch the probability."
)


def show(settings: Settings) -> None:
    """What every model says before and after metal is erased or drawn."""

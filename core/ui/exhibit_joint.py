"""Pitfall: grades that need no joint."""

from core.settings import Settings

TITLE = "The grade that needs no joint"
QUESTION = (
    "A network grades knees nearly as well as a reader: does it grade them by the joint space?"
)
SO_WHAT = (
    "A high agreement with readers does not show that a network looks where they look: hide what "
    "the grade is read from, and an honest one falls to chance. What is left of the score then was "
    "earned by something else on the film, and may be gone at the next hospital."
)


def show(settings: Settings) -> None:
    """What every grader says as more of the joint is hidden."""

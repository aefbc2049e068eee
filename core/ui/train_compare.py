"""The Compare view: runs of one trainer beside each other, and publishing one of them."""

from core.jobs import Launcher
from core.settings import Settings


def show(settings: Settings, launcher: Launcher) -> None:
    """A table of runs, the form that publishes one, and the models that were published here."""
    raise NotImplementedError

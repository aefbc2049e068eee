"""The Runs view: every training run, the queue, and one run as it goes, told anew by itself."""

from __future__ import annotations

from core import jobs
from core.settings import Settings


def show(settings: Settings, launcher: jobs.Launcher) -> None:
    """List the runs under `settings.runs` and show the chosen one, `?run=ID` in the address.

    While a run is queued or running the view follows it by itself. `launcher` starts, stops and
    deletes.
    """
    raise NotImplementedError

"""What a run tells whoever watches its folder, and where it learns that it is to stop."""

import csv
import io
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tqdm import tqdm

from core.jobs import records

REPORTS = 0.5  # seconds between two, at least
SKIPPED = "skipped.csv"
MEASURING = "measuring the model"  # that is published
# What torchrun and Fabric's launcher tell the processes of one training; absent in a lone one.
RANKS = ("LOCAL_RANK", "NODE_RANK", "GROUP_RANK", "RANK")


class Stopped(KeyboardInterrupt):
    """Someone asked the run to stop. It is a kind of Ctrl+C, not an error, so that whoever catches
    errors lets it pass."""


class TrialDone(Exception):
    """The trial is over; `trial.json` tells how long the whole will take."""


class TrainingFailed(RuntimeError):
    """Training cannot go on; the message is the reason in one sentence."""


def first_process() -> bool:
    """Is this the one of a training's processes that audits, writes and publishes?

    It can be asked before Fabric is launched, so that the others start when the audit is done.
    """
    return all(os.environ.get(rank, "0") == "0" for rank in RANKS)


class Progress:
    """Writes the `status.json` of a run's folder, at most twice a second, and obeys its `stop`.

    A folder without `status.json` is nobody's job: nothing is written there, but `stop` is obeyed.
    Of several processes the first one does both. `Progress(None)` does neither. With `only`, the
    phase is that, whatever begins.
    """

    def __init__(self, run: Path | None, only: str = "") -> None:
        self.run, self._only = run, only
        first = run is not None and first_process()
        self._tells = first and (run / "status.json").exists()
        self._obeys = first
        self._told = 0.0
        self._skipped: dict[str, str] = {}

    def asked_to_stop(self) -> bool:
        """Is there a `stop` in the folder?"""
        return self.run is not None and (self.run / "stop").exists()

    def check(self) -> None:
        """Raise Stopped where the run was asked to stop."""
        if self._obeys and self.asked_to_stop():
            raise Stopped("It was asked to stop.")

    def phase(self, name: str, **changes) -> None:
        """Tell what begins, with other fields of `records.Status`. Raises Stopped."""
        self.check()
        self.tell(**{"phase": self._only or name, "step": 0, "steps": 0} | changes)

    def tell(self, **changes) -> None:
        """Change fields of the status now."""
        if self._tells:
            records.write_status(self.run, **changes)
            self._told = time.monotonic()

    def due(self) -> bool:
        """Is the last report old enough for another?"""
        return self._tells and time.monotonic() - self._told >= REPORTS

    def watch(self, items: Iterable, name: str, total: int) -> Iterator:
        """The same items, with a progress bar and a phase of this name. Raises Stopped."""
        self.phase(name, steps=total)
        for done, item in enumerate(tqdm(items, name, total=total), 1):
            yield item
            self.check()
            if self.due():
                self.tell(step=done, steps=total)

    def skipped(self, found: Sequence[tuple[str, str]]) -> None:
        """List what could not be read, (name, reason), in `skipped.csv`, and count it."""
        self._skipped |= dict(found)
        if not (found and self._tells):
            return
        table = io.StringIO()
        writer = csv.writer(table, lineterminator="\n")
        writer.writerows([("name", "reason"), *self._skipped.items()])
        records.write_whole(self.run / SKIPPED, table.getvalue().encode())
        self.tell(skipped=len(self._skipped))


_current = Progress(None)


def current() -> Progress:
    """The progress of this process's job, for those who read much data; outside of a job it tells
    nobody."""
    return _current


@contextmanager
def of_job(run: Path, only: str = "") -> Iterator[None]:
    """Make the run in this folder the process's job."""
    global _current
    _current = Progress(run, only)
    try:
        yield
    finally:
        _current = Progress(None)

"""The log of a worklist: one line of JSON an event, each chained to the one before by its hash.

A line has no name of a film, no comment and no reason; it says who did what to which film, which
strokes a save took away and added, and the SHA-256 of all that was then stored.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.artefacts import Annotation


class BrokenLog(ValueError):
    """A log that is not as it was written. seq: of the first line that does not follow."""

    def __init__(self, seq: int, reason: str) -> None:
        super().__init__(reason)
        self.seq, self.reason = seq, reason


def verify_events(lines: Sequence[str], at_least: int = 0) -> None:
    """Raise BrokenLog where a line was changed, removed, added or moved.

    at_least: how many lines there were at some time (Worklist.events): lines that were cut off at
    the end leave a chain that is whole.
    """
    raise NotImplementedError


def replay(lines: Sequence[str]) -> dict[tuple[str, str, bool], Annotation]:
    """What each reader drew on each film at the end of the log, without the comments.

    Keys: SHA-256 of the film, name of the reader, and whether the name was verified. Films that
    were removed are left out. Raises BrokenLog where the log is not whole.
    """
    raise NotImplementedError

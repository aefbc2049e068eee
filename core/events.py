"""The log of a worklist: one line of JSON an event, each chained to the one before by its hash.

A line has no name of a film, no comment and no reason; it says who did what to which film, which
strokes a save took away and added, which program suggested those that are not drawn by hand, and
the SHA-256 of all that was then stored.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache

import numpy as np

from core.annotation_records import Reader
from core.artefacts import Annotation
from core.export import commit
from core.masks import Stroke

DRAWN = ("save", "restore")  # the actions whose lines say how the strokes changed
RESERVED = {  # what every line says
    *("ts", "seq", "actor", "verified", "session", "action", "app", "previous", "sha256"),
}
_SESSION = 8  # characters of the visit's id that are logged


class BrokenLog(ValueError):
    """A log that is not as it was written. seq: of the first line that does not follow."""

    def __init__(self, seq: int, reason: str) -> None:
        super().__init__(reason)
        self.seq, self.reason = seq, reason


def line(
    seq: int, previous: str, now: datetime, by: Reader, action: str, facts: Mapping[str, object]
) -> str:
    """The line of an event. seq: from 1; previous: the digest of the line before, "" for the first;
    facts: what JSON can hold; those that are None are left out. Raises ValueError where one of them
    is named as what every line says."""
    if taken := RESERVED & facts.keys():
        raise ValueError(f"{min(taken)!r} is what every line of the log says: name it otherwise.")
    told = {
        "ts": now.astimezone(UTC).isoformat(timespec="milliseconds"),
        "seq": seq,
        "actor": by.name,
        "verified": by.verified,
        "session": by.session[:_SESSION],
        "action": action,
        **{name: fact for name, fact in facts.items() if fact is not None},
        "app": _app(),
        "previous": previous,
    }
    return _dumped({**told, "sha256": digest(_dumped(told))})


def program() -> str:
    """The program that makes suggestions here, without a model: this one."""
    return f"Lightbox {_app()}"


def digest(text: str) -> str:
    """The SHA-256 of a line, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def delta(before: Sequence[dict], after: Sequence[dict]) -> dict:
    """How one list of strokes, as JSON has them, became another: so many `first` and `last` ones
    stayed, `between` them now lie these."""
    most = min(len(before), len(after))
    first = next((at for at in range(most) if before[at] != after[at]), most)
    rest = range(1, most - first + 1)
    last = next((at - 1 for at in rest if before[-at] != after[-at]), most - first)
    return {"first": first, "last": last, "between": list(after[first : len(after) - last])}


def verify_events(lines: Sequence[str], at_least: int = 0, last: str = "") -> None:
    """Raise BrokenLog where a line was changed, removed, added or moved.

    at_least, last: how many lines there were at some time, and the digest of the last of them
    (Worklist.events, .last_event). Without them a log that was cut off at its end, or whose chain
    was made anew from some line on, is whole.
    """
    _verified(lines)
    if len(lines) < at_least:
        raise BrokenLog(
            len(lines) + 1, f"The log ends at line {len(lines)} of {at_least}: lines were removed."
        )
    if last and digest(lines[at_least - 1]) != last:
        raise BrokenLog(
            at_least, f"Line {at_least} of the log is another than was written: it was made anew."
        )


def replay(lines: Sequence[str]) -> dict[tuple[str, str, bool], Annotation]:
    """What each reader drew on each film at the end of the log, without the comments.

    Keys: SHA-256 of the film, name of the reader, and whether the name was verified. Films that
    were removed are left out. Raises BrokenLog where the log is not whole.
    """
    drawn: dict[tuple[str, str, bool], tuple[list[dict], bool]] = {}
    for event in _verified(lines):
        try:
            if event["action"] == "remove":
                drawn = {key: held for key, held in drawn.items() if key[0] != event["image"]}
            elif event["action"] in DRAWN:
                key = (event["image"], event["actor"], event["verified"])
                strokes, change = drawn.get(key, ([], False))[0], event["delta"]
                stay = len(strokes) - change["last"]
                strokes = [*strokes[: change["first"]], *change["between"], *strokes[stay:]]
                drawn[key] = (strokes, event["nothing"])
        except (KeyError, TypeError):
            raise BrokenLog(
                event["seq"], f"Line {event['seq']} of the log is not one that this version reads."
            ) from None
    return {
        key: Annotation(tuple(_stroke(**held) for held in strokes), nothing=nothing)
        for key, (strokes, nothing) in drawn.items()
    }


def _verified(lines: Sequence[str]) -> list[dict]:
    """The events of a log. Raises BrokenLog at the first line that does not follow."""
    found, previous = [], ""
    for seq, text in enumerate(lines, 1):
        try:
            event = json.loads(text)
            told = {name: value for name, value in event.items() if name != "sha256"}
            # Written anew it must be the very same text, so that nothing hides in it.
            whole = _dumped({**told, "sha256": digest(_dumped(told))}) == text
            follows = event["seq"] == seq and event["previous"] == previous
        except (ValueError, KeyError, AttributeError, RecursionError):
            whole = follows = False
        if not whole:
            raise BrokenLog(seq, f"Line {seq} of the log was changed after it was written.")
        if not follows:
            raise BrokenLog(seq, f"Line {seq} of the log does not follow the line before it.")
        found.append(event)
        previous = digest(text)
    return found


def _stroke(points: list, **rest: object) -> Stroke:
    return Stroke(np.array(points, float), **rest)


def _dumped(told: dict) -> str:
    return json.dumps(told, separators=(",", ":"), allow_nan=False)


@cache
def _app() -> str:
    return commit() or "unknown"

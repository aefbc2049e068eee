"""One option of a trainer: what it may be, and what to say when it is not that."""

from __future__ import annotations

import math
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

SHOWN = 10  # names that are listed where none is near
KINDS = {int: "a whole number", float: "a number", str: "a text", Path: "a path", bool: "on or off"}


class BadOption(ValueError):
    """An option that cannot be; the message says which, why and what to give instead."""


@dataclass(frozen=True)
class Option:
    """One option of a trainer.

    `name` is its key in YAML and, with hyphens, its flag. `kind` is int, float, str, bool or Path;
    `low` and `high` bound numbers, both allowed. `many` takes a list. `group` is its heading.
    `model_of` is the task whose published models it names, where it names one. `first` options are
    those that matter: the page shows them at once and the others on demand; `hidden` ones belong to
    the command line alone.
    """

    name: str
    kind: type
    help: str
    group: str = "Learning"
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    many: bool = False
    required: bool = False
    first: bool = False
    hidden: bool = False
    model_of: str = ""

    @property
    def flag(self) -> str:
        """As it is written on the command line."""
        return "--" + self.name.replace("_", "-")

    @property
    def allowed(self) -> str:
        """What it may be, in words: "a whole number from 1 to 64"; "" where that is plain."""
        if self.choices:
            return f"{'some' if self.many else 'one'} of {', '.join(self.choices)}"
        if self.low is None:
            return ""
        form = "," if self.kind is int else "g"
        return f"{KINDS[self.kind]} from {self.low:{form}} to {self.high:{form}}"

    def checked(self, value: object) -> object:
        """The value as this option's kind (a list of them with `many`); None stays None.

        Numbers may come as text, as the command line and YAML's 1e-3 have them. Raises BadOption.
        """
        if value is None:
            return None
        if not self.many:
            return self._one(value)
        values = value if isinstance(value, list | tuple) else [value]
        if self.choices and not values:
            raise self._refused("nothing")
        return [self._one(each) for each in values]

    def _one(self, value: object) -> object:
        try:
            found = _converted(value, self.kind)
        except (ValueError, OverflowError):
            raise self._refused(value) from None
        if self.choices and found not in self.choices:
            raise self._refused(value)
        if self.low is not None and not self.low <= found <= self.high:
            raise self._refused(value)
        return found

    def _refused(self, value: object) -> BadOption:
        allowed = self.allowed or KINDS[self.kind]
        shown = str(value) if len(str(value)) <= 60 else f"{str(value)[:57]}..."
        return BadOption(f"{self.flag} must be {allowed}, not {shown!r}.")


def near(name: str, known: list[str]) -> str:
    """The names nearest to one that is not known, as the end of a sentence: "did you mean a or
    b?"; where none is near, some that are known."""
    found = get_close_matches(name, known, 3, 0.6)
    if found:
        return f"did you mean {' or '.join(found)}?"
    more = " and more" if len(known) > SHOWN else ""
    return f"known are {', '.join(known[:SHOWN])}{more}."


def _converted(value: object, kind: type) -> object:
    """Raises ValueError where the value is not of this kind."""
    if kind is bool:
        if not isinstance(value, bool):
            raise ValueError
        return value
    if isinstance(value, bool) or not isinstance(value, int | float | str | Path):
        raise ValueError
    if kind is int and isinstance(value, float) and value != int(value):
        raise ValueError
    if kind in (str, Path) and (not str(value).strip() or "\0" in str(value)):
        raise ValueError
    found = kind(str(value)) if kind in (str, Path) else kind(value)
    if kind is float and not math.isfinite(found):
        raise ValueError
    return found

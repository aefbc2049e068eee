"""What can be learned here: the trainers, their options, and what each option may be.

The command lines of `trainers` and the Train page are both made from this table. The values that
options have unless given lie in `trainers/configs/<trainer>.yaml`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from core.settings import CHECKOUT

CONFIGS = CHECKOUT / "trainers" / "configs"


class BadOption(ValueError):
    """An option that cannot be; the message says which, why and what to give instead."""


@dataclass(frozen=True)
class Option:
    """One option of a trainer.

    `name` is its key in YAML and, with hyphens, its flag. `kind` is int, float, str, bool or Path;
    `low` and `high` bound numbers, both allowed. `group` is its heading. `first` options are those
    that matter: the page shows them at once and the others on demand; `hidden` ones belong to the
    command line alone.
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

    def checked(self, value: object) -> object:
        """The value as this option's kind; None stays None. Raises BadOption."""
        raise NotImplementedError


@dataclass(frozen=True)
class Trainer:
    """One thing to learn.

    `name` is the module under `trainers`, `task` the folder of what it publishes, `title` and
    `summary` what a visitor reads, `data` what data it takes, in a sentence. `starts` are where its
    network can start: "scratch", "hub", "weights" (a file), "model" (a published one), "run".
    `measure` is the number of metrics.csv by which runs are compared.
    """

    name: str
    task: str
    title: str
    summary: str
    data: str
    starts: tuple[str, ...]
    measure: str
    higher_is_better: bool
    options: tuple[Option, ...]

    def option(self, name: str) -> Option:
        """One of the options, by name. Raises BadOption naming the nearest ones."""
        raise NotImplementedError

    @cached_property
    def defaults(self) -> Mapping[str, object]:
        """The values in the trainer's own YAML file, checked."""
        raise NotImplementedError


def read_config(trainer: Trainer, path: Path) -> dict[str, object]:
    """Options from a YAML file, checked. Raises BadOption."""
    raise NotImplementedError


TRAINERS: dict[str, Trainer] = {}

"""A trainer: one thing to learn and its options, as values, as a file and as a command line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import yaml

from core.jobs.records import write_whole
from core.options import BadOption, Option, near
from core.settings import CHECKOUT

CONFIGS = CHECKOUT / "trainers" / "configs"


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
        found = next((option for option in self.options if option.name == name), None)
        if found is None:
            known = [option.name for option in self.options]
            raise BadOption(f"{self.name} has no option {name!r}: {near(name, known)}")
        return found

    @cached_property
    def defaults(self) -> Mapping[str, object]:
        """Every option's value in the trainer's own YAML file, checked; None where it has none."""
        return dict.fromkeys(each.name for each in self.options) | read_config(
            self, CONFIGS / f"{self.name}.yaml"
        )


def read_config(trainer: Trainer, path: Path) -> dict[str, object]:
    """Options from a YAML file, checked; what it leaves out is not in the result. Raises
    BadOption."""
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        raise BadOption(f"{path} cannot be read: give the path of a YAML file.") from None
    except yaml.YAMLError as error:
        line = getattr(getattr(error, "problem_mark", None), "line", -1) + 1
        raise BadOption(
            f"{path} is not YAML (line {line}): write one `name: value` a line."
        ) from None
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise BadOption(f"{path} holds no options: write one `name: value` a line.")
    try:
        return {str(name): trainer.option(str(name)).checked(each) for name, each in found.items()}
    except BadOption as error:
        raise BadOption(f"{path}: {error}") from None


def write_config(trainer: Trainer, values: Mapping[str, object], path: Path) -> None:
    """Write every option of `values` (those of another name are left out) as YAML, which
    `read_config` reads back; whole or not at all."""

    def plain(value: object) -> object:
        if isinstance(value, list | tuple):
            return [plain(each) for each in value]
        return str(value) if isinstance(value, Path) else value

    told = {o.name: plain(values[o.name]) for o in trainer.options if o.name in values}
    write_whole(path, yaml.safe_dump(told, sort_keys=False, allow_unicode=True).encode())


def as_words(trainer: Trainer, values: Mapping[str, object]) -> tuple[str, ...]:
    """The words of the command line that give these values; what its own file says is left out.

    Paths are told from the root, so that the words mean the same wherever they are said. Raises
    BadOption for a value that an option cannot have.
    """
    said: list[str] = []
    for name, value in values.items():
        option = trainer.option(name)
        value = option.checked(value)
        if value in (None, trainer.defaults[name]):
            continue
        if option.kind is bool:
            said.append(option.flag if value else option.flag.replace("--", "--no-", 1))
            continue
        each = value if option.many else [value]
        each = [str(one.absolute() if option.kind is Path else one) for one in each]
        if not option.many and each[0].startswith("-"):  # which would be taken for another option
            said.append(f"{option.flag}={each[0]}")
        else:
            said += [option.flag, *each]
    return tuple(said)

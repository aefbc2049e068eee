"""Training runs beside each other: in what they differ, and the best that each came to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.trainer import Trainer

if TYPE_CHECKING:
    import pandas as pd

# Columns of metrics.csv by which no run is better than another: critics lose when painters win.
NO_MERIT = ("epoch", "seconds", "train_loss", "critics", "pleasing")
LOWER = ("loss", "reconstruction", "distance", "mae", "l1")  # how such columns begin
SILENT = "not stated"  # of an option that a run does not name


@dataclass(frozen=True)
class Best:
    """The best value of a measure, and the epoch that it is from."""

    value: float
    epoch: int


def lower_is_better(trainer: Trainer, measure: str) -> bool:
    """Whether a column of metrics.csv is better the lower it is."""
    if measure == trainer.measure:
        return not trainer.higher_is_better
    return measure.startswith(LOWER)


def bests(trainer: Trainer, rows: pd.DataFrame) -> dict[str, Best]:
    """The best of every measure in the rows of a run's metrics.csv, the trainer's own first.

    Measures that were never taken are left out; of equal values the first counts.
    """
    names = [name for name in rows if name not in NO_MERIT]
    found = {}
    for name in sorted(names, key=lambda name: name != trainer.measure):
        values = rows.set_index("epoch")[name].dropna()
        if len(values):
            epoch = values.idxmin() if lower_is_better(trainer, name) else values.idxmax()
            found[name] = Best(float(values[epoch]), int(epoch))
    return found


def differing(trainer: Trainer, configs: Iterable[Mapping[str, object]]) -> list[str]:
    """The options that are not the same in all configurations, in the trainer's own order.

    Where a run lies and what is published of it is told elsewhere, and left out. So is an empty
    configuration, as of a run that is still being checked: it says nothing, and differs from none.
    """
    configs = [config for config in configs if config]
    return [
        option.name
        for option in trainer.options
        if not option.hidden
        and len({repr(config.get(option.name, SILENT)) for config in configs}) > 1
    ]


def in_words(values: Iterable[object]) -> list[object]:
    """Settings of one option as cells of a column: numbers as they are where all are numbers."""
    values = list(values)
    if all(isinstance(each, int | float) and not isinstance(each, bool) for each in values):
        return values
    return [_word(each) for each in values]


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list | tuple):
        return ", ".join(map(_word, value))
    return "" if value is None else str(value)

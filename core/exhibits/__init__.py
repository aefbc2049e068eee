"""The numbers behind the exhibits of the Pitfalls page: from tables that `benchmarks.exhibits`
computed, and from the predictions that are published with the models."""

import csv
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

from core.models import ModelCard

NUMBERS = Path(__file__).with_name("numbers")


@cache
def table(name: str) -> dict[str, Sequence[str]]:
    """The columns of a committed table, as text."""
    with (NUMBERS / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {column: [row[column] for row in rows] for column in rows[0]}


def measured(name: str, cards: Sequence[ModelCard]) -> list[ModelCard]:
    """Of these models the very ones that a committed table was made with: another one that was
    published under the same name since has no numbers in it."""
    made_with = table(f"{name}_models")
    known = set(zip(made_with["model"], made_with["version"], strict=True))
    return [card for card in cards if (card.name, card.version) in known]


def floats(name: str, column: str) -> np.ndarray:
    """A column of a committed table as (N,) numbers."""
    return np.array(table(name)[column], float)

"""The labelled set that models are compared on: published validation films, or brought ones."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from core.labelled import LabelledSet
from core.labelled_cards import FILMS, from_cards, sharing
from core.models import ModelCard
from core.settings import Settings


@dataclass(frozen=True, eq=False)
class Subject:
    """A labelled set, whether a visitor brought it, and how its pictures come: `pictures` takes
    places in the set and gives a JPEG's bytes for each, or None where none is at hand."""

    labelled: LabelledSet
    own: bool
    pictures: Callable[[Sequence[int]], list[bytes | None]]


def validation(settings: Settings, cards: Sequence[ModelCard]) -> LabelledSet:
    """The validation films that all these models read. Raises BadSet."""
    table = settings.checkpoints / cards[0].task / FILMS
    stamp = table.stat().st_mtime_ns if table.exists() else 0
    return _validation(str(table), stamp, stamps(cards), list(cards), table)


def comparable(cards: Sequence[ModelCard]) -> list[str]:
    """The names of the models to begin with: see `core.labelled_cards.sharing`."""
    return _comparable(stamps(cards), list(cards))


def stamps(cards: Sequence[ModelCard]) -> tuple:
    """What changes whenever the predictions of one of the models do."""
    return tuple(
        (card.version, card.predictions.stat().st_mtime_ns if card.predictions else 0)
        for card in cards
    )


@st.cache_data(max_entries=12, show_spinner=False)
def _comparable(stamped: tuple, _cards: list[ModelCard]) -> list[str]:
    return [card.name for card in sharing(_cards)]


@st.cache_resource(max_entries=12, show_spinner=False)
def _validation(path: str, stamp: int, stamped: tuple, _cards, _table) -> LabelledSet:
    return from_cards(_cards, _table)

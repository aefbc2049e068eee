"""The published networks that a quiz is made with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from core.models import BadModel, Model, ModelCard, catalogue, open_model
from core.painters import Painter, open_painter
from core.sketchers import Sketcher, open_sketcher

Network = TypeVar("Network")
TASKS = {"fracture": "fracture", "grade": "severity"}  # question → the task whose models read it


class Networks:
    """The models published under `root`. Those that read films are opened one after the other, and
    let go of in between; those that make pictures when first wanted, and let go of with this
    object. `threads` is how many cores one prediction uses."""

    def __init__(self, root: Path, threads: int = 2) -> None:
        self._root, self._threads = root, threads

    def cards(self, question: str) -> list[ModelCard]:
        """Of the models that read films of a question, best first: none of "generated" and
        "fill"."""
        return catalogue(self._root, TASKS[question]) if question in TASKS else []

    def readers(self, question: str, first: str) -> Iterator[Model]:
        """The models of `cards` that can be opened, the one named `first` before all others. Raises
        BadModel where that one cannot; the Models page says what is wrong with others."""
        cards = sorted(self.cards(question), key=lambda card: card.name != first)
        found = self._opening(cards, open_model)
        model = next(found, None)
        if model is None or model.card.name != first:
            raise BadModel(f"The model {first} cannot be opened: choose another one.")
        yield model
        del model
        yield from found

    @cached_property
    def gatekeeper(self) -> Model | None:
        """The best model of knees that has a gate, if there is one."""
        cards = [card for card in self.cards("grade") if card.has_gate]
        return next(self._opening(cards, open_model), None)

    @cached_property
    def painters(self) -> list[Painter]:
        """The networks that fill holes, best first; without those that only fill a film's
        middle."""
        found = self._opening(catalogue(self._root, "inpaint"), open_painter)
        return [painter for painter in found if not painter.whole]

    @cached_property
    def sketcher(self) -> Sketcher:
        """The best generator of lesions. Raises BadModel where none can be opened."""
        found = next(self._opening(catalogue(self._root, "sketch"), open_sketcher), None)
        if found is None:
            raise BadModel(
                "No generator of lesions is published here: restore the folder checkpoints/sketch."
            )
        return found

    def _opening(
        self, cards: Sequence[ModelCard], opens: Callable[[ModelCard, int], Network]
    ) -> Iterator[Network]:
        for card in cards:
            with suppress(BadModel):
                yield opens(card, self._threads)

"""The published networks that a quiz is made with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from core.models import BadModel, Model, ModelCard, catalogue, open_model
from core.painters import Painter, open_painter
from core.sketchers import Sketcher, open_sketcher

Network = TypeVar("Network")
TASKS = {"fracture": "fracture", "grade": "severity"}  # question → the task whose models read it


class Networks:
    """The models published under `root`, each opened when it is first wanted, and let go of with
    this object. `threads` is how many cores one prediction uses."""

    def __init__(self, root: Path, threads: int = 2) -> None:
        self._root, self._threads = root, threads
        self._kept: dict[str, list] = {}

    def readers(self, question: str) -> list[Model]:
        """The models that read films of a question, best first: none of "generated" and "fill"."""
        return self._opened(TASKS[question], open_model) if question in TASKS else []

    def painters(self) -> list[Painter]:
        """The networks that fill holes, best first; without those that only fill a film's
        middle."""
        return [painter for painter in self._opened("inpaint", open_painter) if not painter.whole]

    def sketcher(self) -> Sketcher:
        """The best generator of lesions. Raises BadModel where none can be opened."""
        found = self._opened("sketch", open_sketcher)
        if not found:
            raise BadModel(
                "No generator of lesions is published here: restore the folder checkpoints/sketch."
            )
        return found[0]

    def _opened(self, task: str, opens: Callable[[ModelCard, int], Network]) -> list[Network]:
        """Those of a task that can be opened; the Models page says what is wrong with others."""
        if task not in self._kept:
            found = self._kept[task] = []
            for card in catalogue(self._root, task):
                try:
                    found.append(opens(card, self._threads))
                except BadModel:
                    continue
        return self._kept[task]

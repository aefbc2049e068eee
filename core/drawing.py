"""The history of one drawing: every change makes a new one, and can be undone and redone."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.masks import Stroke

STEPS = 200  # that can be undone


@dataclass(frozen=True)
class Drawing:
    """Strokes, in the order in which they paint and erase, with what came before and after them.

    past: the strokes before each change, latest last; future: those undone, next first.
    revision: changes so far, undoing and redoing too, so that a canvas knows it is out of date.
    """

    strokes: tuple[Stroke, ...] = ()
    past: tuple[tuple[Stroke, ...], ...] = ()
    future: tuple[tuple[Stroke, ...], ...] = ()
    revision: int = 0

    @property
    def can_undo(self) -> bool:
        return bool(self.past)

    @property
    def can_redo(self) -> bool:
        return bool(self.future)

    def added(self, strokes: Sequence[Stroke]) -> "Drawing":
        """The drawing with these strokes on top, in one step. None of them changes nothing."""
        return self.replaced((*self.strokes, *strokes))

    def replaced(self, strokes: Sequence[Stroke]) -> "Drawing":
        """The drawing with these strokes instead of its own, in one step. The same ones change
        nothing; none clear it."""
        if tuple(strokes) == self.strokes:
            return self
        past = (*self.past, self.strokes)[-STEPS:]
        return Drawing(tuple(strokes), past, (), self.revision + 1)

    def undone(self) -> "Drawing":
        """The drawing before its last change, or itself where there is none to undo."""
        if not self.past:
            return self
        return replace(
            self,
            strokes=self.past[-1],
            past=self.past[:-1],
            future=(self.strokes, *self.future),
            revision=self.revision + 1,
        )

    def redone(self) -> "Drawing":
        """The drawing before it was last undone, or itself where nothing was."""
        if not self.future:
            return self
        return replace(
            self,
            strokes=self.future[0],
            past=(*self.past, self.strokes),
            future=self.future[1:],
            revision=self.revision + 1,
        )

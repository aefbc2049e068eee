"""A drawing under way, in the visitor's session: what is laid into the picture, and what is live.

A stroke is first known to the widget alone. Laying it into the picture takes an empty widget, and
a stroke that is begun just then would be lost: so that happens only when something else changes.
"""

import secrets
from dataclasses import dataclass, field, replace

import numpy as np
import streamlit as st

from core.drawing import Drawing
from core.masks import BadMask, Stroke, from_json
from core.ui import fabric
from core.ui.drawable import drawn


@dataclass(frozen=True)
class Sheet:
    """`drawing` is laid into the picture, `live` was drawn over it since.

    view, erase: what the strokes that are live were drawn on and with. mount: the widget's
    number, random at first; a new one is an empty widget. recalled: whether the browser told what
    it kept, restored: the revision at which that became the drawing, refused: that it could not.
    """

    drawing: Drawing = field(default_factory=Drawing)
    live: tuple[Stroke, ...] = ()
    view: fabric.View | None = None
    erase: bool = False
    # A browser that finds the server restarted still tells what was on its old widgets.
    mount: int = field(default_factory=lambda: secrets.randbelow(2**40))
    recalled: bool = False
    restored: int | None = None
    refused: bool = False

    @property
    def whole(self) -> Drawing:
        """The drawing with what is live, each stroke a step of its own."""
        whole = self.drawing
        for stroke in self.live:
            whole = whole.added((stroke,))
        return whole

    @property
    def untouched(self) -> bool:
        """Whether the drawing is still what the browser had kept."""
        return self.restored is not None and self.restored == self.whole.revision

    def laid(self, drawing: Drawing) -> "Sheet":
        """The sheet with another drawing in its picture and an empty widget over it."""
        return replace(self, drawing=drawing, live=(), mount=self.mount + 1)

    def settled(self, view: fabric.View, erase: bool, gone: bool) -> "Sheet":
        """The sheet ready for its widget. What is live joins the picture where the widget that
        held it is `gone`, as another page was open, or shows another part or draws otherwise."""
        other = self.view not in (None, view)
        overdrawn = bool(self.live) and (gone or self.erase != erase)
        sheet = self.laid(self.whole) if other or overdrawn else self
        return replace(sheet, view=view, erase=erase)

    def recalling(self, kept: str | None, sha256: str, shape: tuple[int, int]) -> "Sheet":
        """The sheet with what the browser kept, unless something was drawn meanwhile or the text
        is no drawing of this film."""
        sheet = replace(self, recalled=True)
        if kept is None or sheet.whole.revision:
            return sheet
        try:
            found = from_json(kept)
        except BadMask:
            return replace(sheet, refused=True)
        if (found.sha256, *found.shape) != (sha256, *shape):
            return replace(sheet, refused=True)
        sheet = sheet.laid(Drawing(found.strokes))
        return replace(sheet, restored=sheet.drawing.revision)


def of(key: str, sha256: str) -> Sheet:
    """The sheet of a film at canvas `key`, with what its widget told since."""
    sheet = st.session_state.get(_name(key, sha256), Sheet())
    told = drawn(widget(key, sha256, sheet))
    if sheet.view is None or told is None:
        return sheet
    live = fabric.strokes(told, sheet.view)
    if not _goes_on(sheet.live, live):
        # No widget takes a stroke back: the browser has built this one anew, empty.
        sheet = replace(sheet, drawing=sheet.whole)
    return replace(sheet, live=live)


def _goes_on(before: tuple[Stroke, ...], now: tuple[Stroke, ...]) -> bool:
    """Whether the strokes of a widget are those it had, and perhaps more."""
    return len(before) <= len(now) and all(
        np.array_equal(one.points, other.points) for one, other in zip(before, now, strict=False)
    )


def keep(key: str, sha256: str, sheet: Sheet) -> None:
    """Keep the sheet for the next run."""
    st.session_state[_name(key, sha256)] = sheet


def widget(key: str, sha256: str, sheet: Sheet) -> str:
    """The key of the sheet's widget."""
    return f"{key}-canvas-{sha256}-{sheet.mount}"


def _name(key: str, sha256: str) -> str:
    return f"{key}-sheet-{sha256}"

"""The reading that is on the desk: what is drawn and written there, and the way into the store."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import streamlit as st

from core.annotations import Film, Reader, Store, StoreError, Worklist
from core.artefacts import Annotation
from core.drawing import Drawing
from core.ui import annotate_work, browser_unsaved, easel, sheet
from core.ui.annotate_work import Strokes, Work
from core.ui.film import Film as Shown

STALE = "annotate-stale"  # whether the page lists a status that is not so any more


@dataclass(frozen=True, eq=False)
class Bench:
    """One reader's reading of one film, open in this session. Its methods never raise StoreError.

    shown, inverted: the film as it is looked at. work: what of the reading is stored.
    """

    store: Store
    worklist: Worklist
    film: Film
    shown: Shown
    inverted: bool
    reader: Reader
    work: Work

    @property
    def key(self) -> str:
        """What the session's keys of this reading begin with."""
        return f"annotate-{self.work.reading.id}"

    @property
    def comment_key(self) -> str:
        """Of the comment's widget, which another session does not share."""
        return f"{self.key}-comment-{self.work.session}"

    @property
    def memory_key(self) -> str:
        """Of what the browser keeps: a new session hears anew what that is."""
        return f"{self.key}-unsaved-{self.work.session}"

    @property
    def room(self) -> str:
        """The reading's name in the browser."""
        return f"{self.worklist.code}-{self.work.reading.id}"

    @property
    def grey(self) -> np.ndarray:
        """(H, W) uint8: the film as it is looked at."""
        return self.shown.shown(self.inverted)

    def told(self) -> browser_unsaved.Told | None:
        """What the browser said of itself and of what it keeps; None before it did."""
        return browser_unsaved.told(self.memory_key, self.film.sha256)

    def drawing(self) -> Drawing:
        """What is drawn, up to the last stroke that reached the server."""
        return easel.current(self.key, self.film.sha256)

    def content(self) -> Annotation:
        """What is on the desk. Before the comment's widget is shown."""
        now = sheet.of(self.key, self.film.sha256)
        if not now.recalled:
            return self.work.stored  # nothing was laid on the desk yet
        sheet.keep(self.key, self.film.sha256, now)  # the widget may not be shown again
        strokes = now.whole.strokes
        written = st.session_state.get(self.comment_key, self.work.comment)
        comment = self.work.follow(strokes, written)
        if comment != written:
            st.session_state[self.comment_key] = comment
        return annotate_work.said(strokes, comment)

    def save(self) -> None:
        """Store what is on the desk, if it is not; before anything of it is shown."""
        self._act(self.work.save)

    def submit(self) -> None:
        """Store what is on the desk and hand it in."""
        self._act(self.work.submit)

    def _act(self, act: Callable[[Store, Annotation, Reader], None]) -> None:
        closed = self.work.closed
        content = self.content()
        act(self.store, content, self.reader)
        if self.work.refusal:
            try:
                current = self.store.begin(self.worklist, self.film.sha256, self.reader)
            except StoreError:
                pass  # the refusal says it already
            else:
                self.work.meet(current, content)
        if self.work.closed != closed:
            st.session_state[STALE] = True

    def reopen(self) -> None:
        """Make the submitted reading a draft again, and store what was not stored before."""
        self.work.reopen(self.store, self.reader)
        st.session_state[STALE] = True
        self.save()

    def put(self, strokes: Strokes, comment: str | None = None) -> None:
        """Lay other strokes on the desk, and another comment where it is given, as one step."""
        now = sheet.of(self.key, self.film.sha256)
        whole = now.whole
        drawing = whole.replaced(strokes)
        sheet.keep(self.key, self.film.sha256, now.laid(drawing))
        written = st.session_state.get(self.comment_key, self.work.comment)
        comment = written if comment is None else comment
        self.work.replaced((whole.strokes, written), (drawing.strokes, comment))
        st.session_state[self.comment_key] = comment

    def lay(self, annotation: Annotation) -> None:
        """Lay an annotation on the desk in place of what is there, as one step."""
        self.put(annotate_work.strokes_of(annotation), annotation.comment)


def clock(when: datetime | None) -> str:
    """A time as the reader's clock shows it, with the day where that is not today."""
    if when is None:
        return "never"
    try:
        zone = ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        zone = ZoneInfo("UTC")
    there = when.astimezone(zone)
    today = datetime.now(zone).date()
    return f"{there:%H:%M:%S}" if there.date() == today else f"{there:%d %b %Y, %H:%M}"

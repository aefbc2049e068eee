"""The drawing canvas of the pages that store nothing: an easel, and a draft in the browser."""

import numpy as np
import streamlit as st

from core.drawing import Drawing
from core.masks import keepable, to_json
from core.ui import browser_memory, easel, sheet
from core.ui.browser_memory import Report
from core.ui.sheet import Sheet
from core.ui.subject import FILM, Subject
from core.ui.words import plain

LOST = {  # why the browser does not keep a drawing
    "full": "This browser's storage has no room for it",
    "blocked": "This browser's storage is closed to this site",
    "long": "It has more strokes than can be read back, so take the PNG",
}


def canvas(
    ground: np.ndarray, sha256: str, name: str, key: str, subject: Subject = FILM
) -> Drawing:
    """Draw on a film, as `easel` does, on a drawing that the visitor's browser keeps."""
    shape = ground.shape[:2]
    memory = browser_memory.key(key)
    report = browser_memory.report(memory, name)
    now = sheet.of(key, sha256)
    if report.film == sha256 and not now.recalled:
        sheet.keep(key, sha256, now.recalling(report.drawing, sha256, shape))

    def beneath(now: Sheet) -> None:
        if report.film == sha256:
            _draft(key, sha256, name, shape, now, report, subject)
        keep, strokes = "", now.whole.strokes
        if strokes:
            keep = to_json(strokes, shape, sha256) if keepable(strokes, shape) else None
        browser_memory.remember(memory, key, sha256, name, keep if now.recalled else None)

    return easel.easel(ground, sha256, name, key, subject, report, beneath=beneath)


def _draft(
    key: str,
    sha256: str,
    name: str,
    shape: tuple[int, int],
    now: Sheet,
    report: Report,
    subject: Subject,
) -> None:
    """What became of the draft that the browser keeps."""
    drawn, of_it = subject.drawn, f"{subject.drawn} of {plain(name)}" if name else subject.drawn
    if browser_memory.forgotten():
        st.caption(
            f":material/delete: This browser has forgotten your {drawn}s and keeps none until you "
            "reload the page: download the one you see before you leave."
        )
        return
    if now.untouched:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            said = f"Your {of_it} was restored from this browser."
            st.caption(f":material/history: {said}", width="content")
            st.button(
                "Discard it",
                key=f"{key}-discard",
                type="tertiary",
                on_click=easel.take,
                args=(key, sha256, easel.cleared),
            )
    if report.namesake and not now.whole.strokes:
        st.caption(
            f":material/info: This browser keeps a {drawn} for another film named {plain(name)}: "
            "it is not used here, because the two files differ."
        )
    if now.refused and not now.whole.strokes:
        st.caption(
            f":material/warning: The {of_it} that this browser kept cannot be read "
            "any more: draw it anew, or upload the one you downloaded."
        )
    problem = report.problem if keepable(now.whole.strokes, shape) else "long"
    if problem:
        st.caption(
            f":material/warning: A reload loses this {drawn}: download it before you leave. "
            f"{LOST.get(problem, LOST['blocked'])}."
        )
    with st.popover("What this browser keeps", icon=":material/lock:", type="tertiary"):
        st.markdown(
            f"So that a reload does not lose a {drawn}, this browser keeps {subject.kept}. The "
            f"first visit after {browser_memory.MOST_DAYS} days drops it. No pixels are kept, and "
            "nothing on the server."
        )
        st.button(
            f"Forget my {drawn}s on this browser",
            icon=":material/delete_forever:",
            key=f"{key}-forget",
            help="Removes all that was drawn here, on every page, but what worklists have stored "
            "on the server. What is on the screen stays until you leave.",
            on_click=browser_memory.forget,
        )

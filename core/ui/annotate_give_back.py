"""A film that was filled on the Inpaint page, given back to the worklist that it came from."""

import streamlit as st

from core.annotations import Fill, StoreError
from core.ui import fill_result, worklist_films
from core.ui.cached_fills import Hole
from core.ui.fill_result import Result
from core.ui.source import Start

GIVEN, SAID = "inpaint-given", "inpaint-given-said"


def offer(result: Result, data: bytes, start: Start | None) -> None:
    """The button, and what became of its press. data: the worklist's copy of the film; start: the
    mask that was begun with."""
    given = (result.image.sha256, result.key) in st.session_state.get(GIVEN, ())
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            "Give it back to the worklist",
            icon=":material/assignment_return:",
            key="inpaint-give-back",
            type="primary",
            disabled=given,
            on_click=_give,
            args=(result, data, start),
            help="Stores the filled film beside the film, at its own depth, with the corner mark "
            "and with the statement of what was done.",
        )
        if given:
            st.caption("This fill lies in the worklist, beside its film.", width="content")
    if sentence := st.session_state.pop(SAID, ""):
        st.error(sentence, icon=":material/error:")


def _give(result: Result, data: bytes, start: Start | None) -> None:
    try:
        here = worklist_films.opened()
        films = {film.sha256: film for film in here.store.films(here.worklist)}
        if result.image.sha256 not in films:
            st.session_state[SAID] = (
                "This film is no longer in the worklist, so the fill was not stored: download it."
            )
            return
        kind = films[result.image.sha256].kind
        fill = Fill(
            result.image.sha256,
            kind,
            fill_result.film_file(result, kind, True, data),
            fill_result.film_statement(result, True, data),
            whose(result.hole, start),
        )
        here.store.give_back(here.worklist, fill, here.reader)
    except StoreError as error:
        st.session_state[SAID] = error.reason
        return
    name = (result.image.sha256, result.key)
    st.session_state[GIVEN] = (*st.session_state.get(GIVEN, ()), name)


def whose(hole: Hole, start: Start | None) -> str:
    """Whose mask was filled in, in words: the worklist's, where it is that to the pixel."""
    if start and Hole.of(start.mask).sha256 == hole.sha256:
        return start.whose
    return "drawn on the Inpaint page"

"""Mark artefacts on the films of a worklist, alone or with other readers, and lose nothing."""

import streamlit as st

from core.images import BadImage
from core.ui import (
    annotate_desk,
    annotate_export_view,
    annotate_fills,
    annotate_films,
    annotate_lists,
    annotate_log,
    annotate_person,
    annotate_review,
    annotate_store,
    annotate_worklist,
    identity,
    rooms,
    verdict,
)
from core.ui.annotate_worklist import READ, REVIEW
from core.ui.choices import OPEN

EXPORT, LOG = "Export", "Log"

rooms.enter()
annotate_lists.follow_link()

with st.container(gap=None):
    head = st.container(horizontal=True, vertical_alignment="center", gap="small")
    head.title("Annotate", anchor=False, width="content")
    heard = identity.mount()
if not heard:
    st.stop()  # until the browser has told who reads here: a moment

annotate_store.failure()
with annotate_store.told():
    store = annotate_store.store()
    reader = identity.reader()
    if reader is None:
        annotate_lists.introduce()
        annotate_person.ask()
        st.stop()
    with head:
        opened = annotate_lists.choose(store, reader)
    if opened is None:
        annotate_lists.ways_in(store, reader)
        st.session_state.pop(OPEN, None)
        annotate_lists.write_link()
        st.stop()
    worklist = opened.worklist
    st.session_state[OPEN] = worklist.code, reader.name, reader.verified
    films = store.films(worklist)
    with opened.views:
        view = st.segmented_control(
            "What to do",
            [READ, REVIEW, EXPORT, LOG],
            default=READ,
            required=True,
            key="annotate-view",
            persist_state="session",
            label_visibility="collapsed",
        )
    if view == EXPORT:
        annotate_lists.write_link()
        annotate_export_view.show(store, worklist, reader)
        st.stop()
    if view == LOG:
        annotate_lists.write_link()
        annotate_log.log(store, worklist, films, reader)
        st.stop()
    with st.container():  # a place that is always taken, so that the canvas below stays
        annotate_films.news(worklist)
    if not films:
        annotate_lists.write_link()
        st.markdown("This worklist has no films yet. Add some, or send its link to who has them.")
        annotate_films.add(store, worklist, reader)
        st.stop()
    rows = annotate_worklist.rows(films, store.readings(worklist), reader)
    film, about, more = annotate_worklist.choose(rows, view)
    annotate_lists.write_link(film.sha256)
    shown = annotate_films.shown(store, worklist, film)
    with about:
        if not isinstance(shown, BadImage):
            inverted = verdict.invert(shown)
            verdict.film_notes(shown, inverted)
        annotate_films.remove(store, worklist, film, reader)
    with more:
        annotate_films.add(store, worklist, reader)
    if isinstance(shown, BadImage):
        st.error(shown.reason, icon=":material/broken_image:")
    elif view == READ:
        annotate_desk.desk(store, worklist, film, shown, inverted, reader)
        annotate_fills.show(store, worklist, film, shown)
    else:
        annotate_review.review(store, worklist, film, shown, reader)

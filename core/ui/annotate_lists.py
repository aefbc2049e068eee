"""Which worklist is open, and the ways to open one."""

from typing import NamedTuple

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.annotation_records import MAX_NAME, Reader, Refused, Worklist
from core.annotations import Store
from core.settings import Settings
from core.ui import annotate_films, annotate_store, identity, link
from core.ui.annotate_person import person
from core.ui.words import plain

OPEN, FILM = "annotate-worklist", "annotate-film"  # its code; the SHA-256, or how it begins
_GONE, _RECORDED = "annotate-gone", "annotate-recorded"
_CHOSEN, _CODE, _TITLE = "annotate-chosen", "annotate-code", "annotate-title"
_ANOTHER = "Another worklist …"


def follow_link() -> None:
    """Open what the address asks for, before anything of the page is shown."""
    asked = link.asked("annotate", _now())
    if "worklist" in asked:
        to_open(asked["worklist"][:MAX_NAME], asked.get("film", ""))


def write_link(sha256: str = "") -> None:
    """Make the page's address reopen the worklist, and the film where one is open."""
    shown = {"worklist": st.session_state.get(OPEN), "film": sha256[:12]}
    link.write("annotate", {name: text or None for name, text in shown.items()}, _now())


def to_open(code: str, film: str = "") -> None:
    """Open a worklist with the run that follows, at its first film or at the one that is named by
    its SHA-256 or how that begins; "" closes the open one."""
    st.session_state[OPEN], st.session_state[FILM] = code, film


class Opened(NamedTuple):
    """The worklist that is open, and room for the views of it beside its name."""

    worklist: Worklist
    views: DeltaGenerator


def choose(store: Store, reader: Reader) -> Opened | None:
    """The open worklist, if there is one, its chooser, and who reads; in the row at the top.

    Raises StoreError.
    """
    worklist = _open(store, reader)
    if worklist is None:
        person(reader)
        return None
    views = st.container(width="content")
    known = offered(store)
    # Set anew each time: a widget that was away, on a run that stopped before it, forgets.
    st.session_state[_CHOSEN] = worklist.code
    st.selectbox(
        "Worklist",
        [*known, ""],
        format_func=lambda code: known[code] if code else _ANOTHER,
        key=_CHOSEN,
        on_change=lambda: to_open(st.session_state[_CHOSEN]),
        label_visibility="collapsed",
        width=240,
    )
    with st.popover(
        "About it", icon=":material/info:", help="The worklist: its link, what is kept"
    ):
        _about(store, worklist, reader)
    person(reader)
    return Opened(worklist, views)


def offered(store: Store) -> dict[str, str]:
    """The title of every worklist that may be chosen here, by its code."""
    known = {one.code: one.title for one in identity.worklists()}
    if Settings.from_environment().listed:
        known = {one.code: one.title for one in store.worklists()} | known
    return known


def _open(store: Store, reader: Reader) -> Worklist | None:
    """The worklist that was asked for last, unless it is gone."""
    if not (code := st.session_state.get(OPEN)):
        return None
    try:
        worklist = store.worklist(code)
    except Refused as error:
        identity.left(code)
        to_open("")
        st.session_state[_GONE] = error.reason
        write_link()  # the address asks for it no longer
        st.rerun()  # so that the browser, too, is told
    if identity.opened(code, worklist.title):
        st.rerun()
    if code not in (recorded := st.session_state.setdefault(_RECORDED, set())):
        store.record(worklist, reader, "open")
        recorded.add(code)
    return worklist


def introduce() -> None:
    """What the page is for, in two sentences."""
    st.markdown(
        "Mark on many films what does not belong to the patient, alone or with other readers. "
        "Every change is stored as you make it."
    )


def ways_in(store: Store, reader: Reader) -> None:
    """The ways to open a worklist, where none is open. Raises StoreError."""
    known = offered(store)
    introduce()
    st.markdown("A worklist holds films and all their readings: open one, or make one.")
    if reason := st.session_state.pop(_GONE, ""):
        st.warning(reason, icon=":material/link_off:")
    there, fresh, samples = st.columns(3, border=True)
    with there:
        st.markdown("**Open one**")
        if known:
            st.session_state[_CHOSEN] = None
            st.selectbox(
                "Opened before in this browser, or listed here",
                list(known),
                format_func=known.__getitem__,
                placeholder="Choose a worklist",
                key=_CHOSEN,
                on_change=lambda: to_open(st.session_state[_CHOSEN]),
            )
        with st.form("annotate-open", border=False):
            st.text_input(
                "Its code" if not known else "Or its code",
                key=_CODE,
                max_chars=MAX_NAME,
                help="The last part of a worklist's link, after worklist=.",
            )
            st.form_submit_button("Open", on_click=_open_by_code)
    with fresh:
        st.markdown("**Make a new one**")
        with st.form("annotate-new", border=False):
            st.text_input(
                "Its title",
                key=_TITLE,
                max_chars=MAX_NAME,
                placeholder="Knees with hardware",
                help="No names of patients: everybody who opens the worklist reads it.",
            )
            st.form_submit_button(
                "Make it",
                type="primary",
                on_click=annotate_store.attempt,
                args=(_make, store, reader),
            )
    with samples:
        st.markdown("**Try it first**")
        st.markdown(annotate_films.SAMPLES_ABOUT)
        st.button(
            "Try with sample films",
            icon=":material/science:",
            on_click=annotate_store.attempt,
            args=(_make_samples, store, reader),
        )
    st.caption(privacy(store))


def _make(store: Store, reader: Reader) -> None:
    to_open(store.create_worklist(st.session_state[_TITLE], reader).code)


def _make_samples(store: Store, reader: Reader) -> None:
    worklist = store.create_worklist(annotate_films.SAMPLES_TITLE, reader)
    annotate_films.want_samples(worklist)
    to_open(worklist.code)


def _open_by_code() -> None:
    if code := st.session_state[_CODE].strip():
        to_open(code.rpartition("worklist=")[2].partition("&")[0])


def _about(store: Store, worklist: Worklist, reader: Reader) -> None:
    """Its link, what is kept of it and where, and how to delete it."""
    st.markdown(
        f"**{plain(worklist.title)}**, made by {plain(worklist.created_by.name)} on "
        f"{worklist.created_at:%d %B %Y}. Whoever has this link can read and annotate its films:"
    )
    st.code(_address(worklist.code), language=None, wrap_lines=True)
    if identity.blocked():
        st.caption(
            ":material/warning: Keep this link: this browser's storage is full or closed to this "
            "site, so that it forgets the worklist, and who you are, with a reload."
        )
    st.caption(privacy(store))
    st.markdown("**Delete it**")
    if reader != worklist.created_by:
        st.markdown(f"Only {plain(worklist.created_by.name)}, who made it, can delete it.")
        return
    st.markdown(
        "Its films, all readings of every reader, their history and its log go, for good: export "
        "first what is to stay."
    )
    sure = st.checkbox("I want all of it deleted", key=f"annotate-sure-{worklist.code}")
    st.button(
        "Delete this worklist",
        icon=":material/delete_forever:",
        disabled=not sure,
        on_click=annotate_store.attempt,
        args=(_delete, store, worklist, reader),
    )


def _delete(store: Store, worklist: Worklist, reader: Reader) -> None:
    films = store.films(worklist)
    store.delete_worklist(worklist, reader)
    for film in films:
        annotate_films.forget(film)
    identity.left(worklist.code)
    to_open("")


def privacy(store: Store) -> str:
    """What is kept, where and for how long, in sentences."""
    hours = Settings.from_environment().keep_hours
    until = "somebody deletes them"
    if hours is not None:
        until = f"the worklist was left alone for {hours:g} hours, or somebody deletes them"
    return (
        f"{annotate_films.PRIVACY} They stay, with the names of their files and what is drawn on "
        f"them, in {store.where}, until {until}."
    )


def _address(code: str) -> str:
    return f"{(st.context.url or '').partition('?')[0]}?worklist={code}"


def _now() -> tuple:
    return st.session_state.get(OPEN), st.session_state.get(FILM)

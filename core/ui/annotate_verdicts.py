"""Accept a reading, or send it back with a reason; one's own is another's to judge."""

from collections.abc import Sequence

import streamlit as st

from core.annotations import MAX_REASON, Reader, Reading, Store, StoreError, Summary
from core.ui.words import plain

SAID = "annotate-review-said"  # what became of the last press, until it was shown


def say(sentence: str, done: bool) -> None:
    """Keep what became of a press for the run that follows: in a callback."""
    st.session_state[SAID] = (sentence, done)


def news() -> None:
    """Say what became of the last press, once."""
    sentence, done = st.session_state.pop(SAID, ("", True))
    if sentence:
        (st.success if done else st.error)(sentence)


def section(
    store: Store,
    readings: Sequence[Reading],
    summaries: Sequence[Summary],
    names: dict[int, str],
    reader: Reader,
) -> None:
    """A line for each submitted reading, and one for each that was sent back and is not submitted
    again. names: of the readers, by the readings' ids."""
    st.subheader("Accept or send back", anchor=False)
    for reading in readings:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{names[reading.id]}**", width="content")
            if reading.reader == reader:
                st.caption("Your own reading: somebody else reviews it.", width="content")
            elif reading.status == "reviewed":
                by = plain(reading.reviewed_by.name) if reading.reviewed_by else "a reviewer"
                st.caption(f":material/check_circle: Accepted by {by}.", width="content")
            else:
                _buttons(store, reading, reader)
    for each in summaries:
        if each.sent_back:
            by = plain(each.reviewed_by.name) if each.reviewed_by else "a reviewer"
            st.caption(
                f":material/undo: {plain(each.reader.name)}'s reading was sent back by {by}: "
                f"{plain(each.reason)}"
            )


def _buttons(store: Store, reading: Reading, reader: Reader) -> None:
    key = f"annotate-reason-{reading.id}-{reading.revision}"
    st.button(
        "Accept",
        icon=":material/check:",
        key=f"annotate-accept-{reading.id}",
        on_click=_judge,
        args=(store, reading, reader, True, key),
    )
    with st.popover("Send back", icon=":material/undo:"):
        st.text_area(
            "What should change",
            key=key,
            max_chars=MAX_REASON,
            help="The reader sees it beside the film; it is not in the log.",
        )
        st.button(
            "Send it back",
            key=f"annotate-send-back-{reading.id}",
            on_click=_judge,
            args=(store, reading, reader, False, key),
        )


def _judge(store: Store, reading: Reading, reader: Reader, accept: bool, key: str) -> None:
    reason = "" if accept else st.session_state.get(key, "").strip()
    whose = plain(reading.reader.name)
    try:
        store.review(reading.id, reader, accept, reason, reading.revision)
    except StoreError as error:
        say(error.reason, done=False)
    else:
        what = "was accepted" if accept else "went back, with your reason"
        say(f"{whose}'s reading {what}.", done=True)

"""Where a reader marks the artefacts of one film, and every change is stored as it is made."""

import streamlit as st

from core.annotations import Film, Reader, Store, StoreError, Worklist
from core.artefacts import LABELS, MAX_COMMENT, Annotation
from core.drawing import Drawing
from core.ui import (
    annotate_bench,
    annotate_conflict,
    annotate_history,
    annotate_tools,
    annotate_work,
    browser_memory,
    browser_unsaved,
    canvas_picture,
    connection,
    easel,
    labels,
    sheet,
)
from core.ui.annotate_bench import Bench, clock
from core.ui.annotate_work import Work
from core.ui.browser_memory import Report
from core.ui.film import Film as Shown
from core.ui.sheet import Sheet
from core.ui.words import plain

DESK = "annotate-desk"  # the container that rests while there is no connection
LOST = {  # why the browser does not keep what is not stored
    "full": "this browser's storage has no room for it",
    "blocked": "this browser's storage is closed to this site",
    "forgotten": "this browser was asked to forget what is drawn",
}


def desk(
    store: Store, worklist: Worklist, film: Film, shown: Shown, inverted: bool, reader: Reader
) -> None:
    """The reader's own reading of a film: drawing, comment, history, submitting.

    shown: the film's clean copy, decoded; its own hash is not used. inverted: whether it is shown
    turned from negative to positive or back. Never raises StoreError: what cannot be stored is
    said, stays in the session and in the reader's browser, and is stored when the store is back.

    The reading is opened anew with every run of the page; strokes rerun this part of it alone. When
    the reading's status changes the whole page is run again, so that its list may follow.
    """
    name = f"annotate-work-{worklist.code}-{film.sha256}-{int(reader.verified)}-{reader.name}"
    work, met = st.session_state.get(name), None
    try:
        met = store.begin(worklist, film.sha256, reader)
    except StoreError as error:
        if work is None:
            st.error(error.reason, icon=":material/error:")
            return
    if work is None:
        work = st.session_state[name] = Work.begin(met)
    bench = Bench(store, worklist, film, shown, inverted, reader, work)
    if met and work.meet(met, bench.content()):
        bench.lay(met.annotation)
        work.notice = (
            f"This reading was saved elsewhere at {clock(met.saved_at)}: that is shown now. Undo "
            "brings back what was here."
        )
    with st.container(gap=None):
        above = st.container()
        with st.container(key=DESK):
            _desk(bench)
    with above:
        connection.watch(f"{DESK}-connection", DESK)


@st.fragment
def _desk(bench: Bench) -> None:
    _open(bench)
    annotate_tools.work(bench)
    bench.save()
    work, content = bench.work, bench.content()
    told = bench.told()
    report = told.report if told else Report()
    # Places that are always taken: a canvas that moves in the page is built anew by the browser.
    with st.container():
        _news(bench)
    above = st.container()
    drawn_on, beside = st.columns([3, 2], gap="medium")
    with drawn_on:
        if work.closed or work.reading.damaged:
            drawing = _picture(bench, report)
            label = next(iter(LABELS))
        else:
            with above:
                label = labels.choose(DESK)
            drawing = easel.easel(
                bench.grey,
                bench.film.sha256,
                bench.film.name,
                bench.key,
                labels.ARTEFACTS,
                report,
                label,
                tools=DESK,
                changed=bench.save,
            )
    with beside:
        _state(bench, content, report)
        _beside(bench, drawing, content, label)
        annotate_history.history(bench)
    with drawn_on:  # whose width it measures
        _keep(bench, content)
    labels.forget()
    if st.session_state.pop(annotate_bench.STALE, False):
        st.rerun()  # only now: a run that shows nothing of the desk could take it away


def _open(bench: Bench) -> None:
    """Lay on the desk what is stored, once the browser has told what it kept; then that."""
    sha256, work = bench.film.sha256, bench.work
    now, told = sheet.of(bench.key, sha256), bench.told()
    if told and not now.recalled:
        strokes = annotate_work.strokes_of(work.reading.annotation)
        sheet.keep(bench.key, sha256, Sheet(Drawing(strokes), recalled=True))
        drafts = (
            annotate_work.from_text(name, text, bench.film.shape, sha256)
            for name, text in told.drafts
        )
        work.drafts = tuple(draft for draft in drafts if draft)
    if work.drafts and not work.unsaved(bench.content()) and (draft := work.adopt()):
        bench.lay(draft.annotation)
        bench.save()
        work.notice = (
            "This browser had kept changes that were not stored: they are on the desk again. Undo "
            "takes them back."
        )


def _news(bench: Bench) -> None:
    """What the reader must know before drawing."""
    work, reading = bench.work, bench.work.reading
    if reading.sent_back and not work.closed:
        st.warning(
            f"Sent back by {plain(reading.reviewed_by.name)}: {plain(reading.reason)}",
            icon=":material/undo:",
        )
    if reading.damaged:
        st.error(
            "The newest revision of this reading cannot be read any more: restore an earlier one "
            "from its history, or start afresh.",
            icon=":material/broken_image:",
        )
        st.button("Start afresh", key=f"{bench.key}-afresh", on_click=_start_afresh, args=(bench,))


def _start_afresh(bench: Bench) -> None:
    bench.work.restored_from = 0
    bench.lay(Annotation())
    bench.save()


def _picture(bench: Bench, report: Report) -> Drawing:
    """The film and what is marked on it, to be looked at."""
    sha256, shape = bench.film.sha256, bench.film.shape
    drawing = bench.drawing()
    place, looks = st.container(), st.container()
    with looks:
        view, window = easel.look(bench.grey, sha256, bench.key, labels.ARTEFACTS, report, drawing)
    marks = labels.marks(drawing.strokes, shape)
    picture = canvas_picture.layered(
        bench.grey, labels.layers(marks.masks), labels.tags(marks.regions), view, window
    )
    place.image(picture, width=view.size[0], alt=f"X-ray film {bench.film.name}, as you read it")
    return drawing


def _state(bench: Bench, content: Annotation, report: Report) -> None:
    """Whether what is on the desk is stored, and what is done about it where it is not."""
    work, reading = bench.work, bench.work.reading
    if work.conflict:
        annotate_conflict.ask(bench, content)
    elif work.problem:
        st.warning(
            f"**Not saved yet.** {work.problem} {_kept(report)} It is tried again every "
            f"{connection.EVERY_S} seconds.",
            icon=":material/cloud_off:",
        )
        connection.ask_again(f"{DESK}-again")
    elif work.refusal:
        st.error(f"**Not saved.** {work.refusal} {_kept(report)}", icon=":material/error:")
    elif work.closed and (work.unsaved(content) or work.drafts):
        st.warning(
            "There are changes that were not stored before this reading was submitted: reopen it "
            f"to use them. {_kept(report)}",
            icon=":material/cloud_off:",
        )
        st.button("Discard them", key=f"{bench.key}-discard", on_click=_discard, args=(bench,))
    elif reading.revision:
        st.caption(
            f":material/cloud_done: Saved {clock(reading.saved_at)} · revision {reading.revision} "
            f"· {bench.store.where}"
        )
    else:
        st.caption(f":material/cloud_done: Every change is saved at once · {bench.store.where}")
    if work.notice:
        st.caption(f":material/info: {work.notice}")


def _discard(bench: Bench) -> None:
    work = bench.work
    work.adopted += tuple(draft.name for draft in work.drafts)
    work.drafts = ()
    bench.lay(work.stored)


def _kept(report: Report) -> str:
    """Where what is not stored lies meanwhile."""
    problem = "forgotten" if browser_memory.forgotten() else report.problem
    if not problem:
        return "It stays on this page and in this browser."
    return f"It stays on this page alone, so leave it open: {LOST.get(problem, LOST['blocked'])}."


def _beside(bench: Bench, drawing: Drawing, content: Annotation, label: str) -> None:
    """What is marked, in words; the tools, the comment, and handing in."""
    work = bench.work
    regions = labels.marks(drawing.strokes, bench.film.shape).regions
    labels.table(regions, bench.film.spacing_mm)
    if content.nothing:
        st.success("You say that this film has no artefact.", icon=":material/check_circle:")
    elif not regions:
        st.caption("What you mark is listed here: number, label, size and place.")
    if work.closed or work.reading.damaged:
        if content.comment:
            st.markdown(f"**Comment**: {plain(content.comment)}")
        _handed_in(bench)
        return
    annotate_tools.tools(bench, label)
    st.session_state.setdefault(bench.comment_key, work.comment)
    # A text area would have room for more, and tells nothing while one types.
    st.text_input(
        "Comment",
        max_chars=MAX_COMMENT,
        key=bench.comment_key,
        live="500ms",
        placeholder="For the reviewer and other readers",
        help="Saved as you type.",
    )
    st.button(
        "Submit",
        type="primary",
        icon=":material/send:",
        width="stretch",
        key=f"{bench.key}-submit",
        disabled=content.empty,
        help="Draw or write something first, or say that there is no artefact."
        if content.empty
        else "Hands your reading in: others may see it then, and it is not changed any more.",
        on_click=bench.submit,
    )


def _handed_in(bench: Bench) -> None:
    """What became of a reading that was handed in, and the way back."""
    reading = bench.work.reading
    if reading.status == "reviewed":
        reason = f": {plain(reading.reason)}" if reading.reason else "."
        st.success(
            f"Accepted by {plain(reading.reviewed_by.name)}{reason}", icon=":material/verified:"
        )
    elif reading.status == "submitted":
        st.info("Submitted: it can be looked at, not changed.", icon=":material/lock:")
        st.button(
            "Reopen",
            icon=":material/lock_open:",
            key=f"{bench.key}-reopen",
            help="Makes it a draft again, until you submit it anew.",
            on_click=bench.reopen,
        )


def _keep(bench: Bench, content: Annotation) -> None:
    """Let the browser keep what is not stored, and forget what is by now."""
    work, text, drop = bench.work, None, ()
    if sheet.of(bench.key, bench.film.sha256).recalled:
        text = ""
        if work.unsaved(content):
            revision = work.reading.revision
            text = annotate_work.to_text(content, revision, bench.film.shape, bench.film.sha256)
        elif not work.conflict:
            drop = work.adopted
    browser_unsaved.keep(bench.memory_key, bench.room, work.session, text, drop)

"""Two revisions of one reading, made from the same older one: the reader chooses or joins."""

import streamlit as st

from core.annotations import Reading
from core.artefacts import Annotation
from core.masks import BadMask
from core.ui import annotate_history, annotate_work
from core.ui.annotate_bench import Bench, clock
from core.ui.words import plain

SIDE = 168  # px of each picture on its longer side


def ask(bench: Bench, mine: Annotation) -> None:
    """Show both, and offer to keep either or to join them."""
    other = bench.work.conflict
    st.warning(
        f"This reading was saved elsewhere at {clock(other.saved_at)}, as revision "
        f"{other.revision}, after the one you went on from. Nothing is lost: yours is kept here "
        "and in this browser until you choose.",
        icon=":material/call_split:",
    )
    with st.container(horizontal=True, gap="small"):
        _show(bench, "Mine, on this page", mine)
        _show(bench, f"The other, revision {other.revision}", other.annotation)
    with st.container(horizontal=True, gap="small"):
        for label, help, answer in (
            ("Keep mine", "The other stays in the history.", _keep),
            ("Take the other", "Mine is saved first, so that it stays in the history.", _take),
            ("Join both", "Marks what either of the two marks, and keeps both comments.", _join),
        ):
            st.button(
                label,
                help=help,
                key=f"{bench.key}-conflict-{label}",
                on_click=answer,
                args=(bench, other),
            )


def _show(bench: Bench, title: str, annotation: Annotation) -> None:
    with st.container(width=SIDE, gap="xsmall"):
        said = annotate_history.told(annotation, bench)
        st.markdown(f"**{title}**: {said}")
        picture = annotate_history.picture(bench, annotation, SIDE)
        st.image(picture, width="stretch", alt=f"{title}: {said}")
        if annotation.comment:
            st.caption(f"Comment: {plain(annotation.comment)}")


def _keep(bench: Bench, _: Reading) -> None:
    bench.work.keep_mine()
    bench.save()


def _take(bench: Bench, other: Reading) -> None:
    _keep(bench, other)
    if not (bench.work.problem or bench.work.refusal or bench.work.conflict):
        bench.work.restored_from = other.revision
        bench.lay(other.annotation)
        bench.save()


def _join(bench: Bench, other: Reading) -> None:
    mine = bench.content()
    try:
        joined = annotate_work.join(other.annotation, mine, bench.film.shape)
    except BadMask as error:
        bench.work.notice = error.reason
        return
    bench.work.keep_mine()
    bench.lay(joined)
    bench.save()

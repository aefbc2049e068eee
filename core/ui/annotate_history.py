"""What a reading was before: every revision that is kept, to be looked at and restored."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import streamlit as st

from core.annotations import Revision, StoreError
from core.artefacts import Annotation, label_masks, regions
from core.ui import canvas_picture, fabric, labels, pictures
from core.ui.annotate_bench import Bench, clock
from core.ui.words import plain

THUMB, LARGE = 112, 420  # px of screen on the longer side


def history(bench: Bench) -> None:
    """A list of the revisions that opens; looking reads from the store, restoring is one step."""
    work = bench.work
    with st.expander(
        "History",
        icon=":material/history:",
        key=f"{bench.key}-history",
        expanded=work.reading.damaged,
        on_change="rerun",
    ) as opened:
        if not opened.open:
            return
        try:
            revisions = bench.store.revisions(work.reading.id)
        except StoreError as error:
            st.error(error.reason, icon=":material/error:")
            return
        if not revisions:
            st.caption("Nothing was stored yet.")
            return
        st.caption("The last 20 revisions are kept, and all that were submitted. Look at any.")
        _list(bench, revisions)
        number = st.session_state.get(_looked(bench))
        for revision in revisions:
            if revision.number == number:
                _look(bench, revision)


def _looked(bench: Bench) -> str:
    return f"{bench.key}-looked"


def _list(bench: Bench, revisions: Sequence[Revision]) -> None:
    height = 330 if len(revisions) > 6 else "content"
    with st.container(horizontal=True, gap="small", height=height):
        for revision in revisions:
            with st.container(width=THUMB + 16, gap="xxsmall"):
                name = f"Revision {revision.number}"
                if revision.annotation is None:
                    st.caption(f":material/broken_image: {name} is damaged.")
                    continue
                st.image(
                    _thumbnail(bench, revision),
                    width=THUMB,
                    alt=f"{name}: {told(revision.annotation, bench)}",
                )
                st.button(
                    f"{revision.number} · {clock(revision.saved_at)}",
                    key=f"{bench.key}-look-{revision.number}",
                    help=f"Look at revision {revision.number}",
                    type="tertiary",
                    on_click=_see,
                    args=(bench, revision.number),
                )


def _see(bench: Bench, number: int) -> None:
    st.session_state[_looked(bench)] = number


def _look(bench: Bench, revision: Revision) -> None:
    said = f"Revision {revision.number}, {clock(revision.saved_at)}"
    if revision.restored_from:
        said += f", restored from revision {revision.restored_from}"
    if revision.annotation is None:
        return
    st.markdown(f"**{said}**: {told(revision.annotation, bench)}")
    st.image(
        picture(bench, revision.annotation, LARGE),
        width=LARGE,
        alt=f"{said}: {told(revision.annotation, bench)}",
    )
    if revision.annotation.comment:
        st.caption(f"Comment: {plain(revision.annotation.comment)}")
    if not bench.work.closed:
        st.button(
            f"Restore revision {revision.number}",
            icon=":material/settings_backup_restore:",
            key=f"{bench.key}-restore",
            help="Puts it on the desk and stores it as a new revision. Undo takes that back.",
            on_click=_restore,
            args=(bench, revision),
        )


def _restore(bench: Bench, revision: Revision) -> None:
    bench.work.restored_from = revision.number
    bench.lay(revision.annotation)
    bench.save()
    bench.work.notice = f"Revision {revision.number} is on the desk again: Undo takes that back."


def told(annotation: Annotation, bench: Bench) -> str:
    """What an annotation says, in a few words."""
    if annotation.nothing:
        return "no artefact"
    scale = min(1.0, 512 / max(bench.film.shape))
    marked = len(regions(*_scaled(annotation, bench.film.shape, scale)))
    return f"{marked} region{'s' * (marked != 1)}" if marked else "nothing marked"


def picture(bench: Bench, annotation: Annotation, longer: int) -> bytes:
    """JPEG bytes of the film under an annotation, `longer` px on its longer side."""
    scale = longer / max(bench.film.shape)
    grey = pictures.scaled(bench.grey, scale)
    strokes, shape = _scaled(annotation, bench.film.shape, scale)
    view = fabric.View(grey.shape, 0, 0, grey.shape[1], grey.shape[0], 1.0, margin=0)
    large = longer >= LARGE
    found = labels.layers(label_masks(strokes, shape), labels.LINE if large else 1)
    tags = labels.tags(regions(strokes, shape)) if large else ()
    return canvas_picture.layered(grey, found, tags, view)


def _thumbnail(bench: Bench, revision: Revision) -> bytes:
    key = (bench.room, revision.number, str(revision.saved_at), bench.inverted)
    return _kept(key, bench, revision)


@st.cache_data(max_entries=64, scope="session", show_spinner=False)
def _kept(key: tuple, _bench: Bench, _revision: Revision) -> bytes:
    return picture(_bench, _revision.annotation, THUMB)


def _scaled(
    annotation: Annotation, shape: tuple[int, int], scale: float
) -> tuple[tuple, tuple[int, int]]:
    """The strokes on a film of `scale` times the (height, width) `shape`, and its shape."""
    height, width = (max(1, round(side * scale)) for side in shape)
    ratio = np.array([width / shape[1], height / shape[0]])
    strokes = tuple(
        replace(stroke, points=stroke.points * ratio, width=stroke.width * scale)
        for stroke in annotation.strokes
    )
    return strokes, (height, width)

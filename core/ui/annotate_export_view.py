"""Annotations out of a worklist and into it: export, import, and a pack to train with."""

from datetime import UTC, datetime

import streamlit as st

from core.annotations import Reader, Store, StoreError, Worklist
from core.exchange.items import gather, missing
from core.exchange.outgoing import FORMATS, export
from core.ui import annotate_import_view, annotate_training_view, annotate_zips
from core.ui.annotate_zips import Made, size

WHICH = {
    "accepted": "Accepted readings",
    "submitted": "All submitted readings",
    "all": "All submitted readings, and my drafts",
    "mine": "My own readings",
}
USUAL = ("json", "masks", "coco", "csv")


def show(store: Store, worklist: Worklist, reader: Reader) -> None:
    """Choose an export and download it; import what was exported; hand masks to training.

    Never raises StoreError: what is wrong is said on the page.
    """
    try:
        _export(store, worklist, reader)
        annotate_import_view.show(store, worklist, reader)
        annotate_training_view.show(store, worklist, reader)
    except StoreError as error:
        st.error(error.reason, icon=":material/error:")


def _export(store: Store, worklist: Worklist, reader: Reader) -> None:
    st.subheader("Export", anchor=False)
    which = st.selectbox(
        "Which readings",
        list(WHICH),
        index=1,
        format_func=WHICH.get,
        key="annotate-export-which",
        persist_state="session",
        help="The consensus of a film comes along with all but your own.",
    )
    formats = st.pills(
        "Formats",
        list(FORMATS),
        selection_mode="multi",
        default=USUAL,
        format_func=FORMATS.get,
        key="annotate-export-formats",
        persist_state="session",
    )
    with st.container(horizontal=True, gap="medium"):
        images = st.toggle(
            "With the films",
            key="annotate-export-images",
            persist_state="session",
            help="Their copies without DICOM identifiers and other metadata. DICOM segmentations "
            "bring their films in any case.",
        )
        names = st.toggle(
            "Original file names",
            key="annotate-export-names",
            persist_state="session",
            help="File names often hold a patient's. Without this, files are named after their "
            "contents' SHA-256, and the worklist's title stays here.",
        )
        log = st.toggle(
            "With the log",
            key="annotate-export-log",
            persist_state="session",
            disabled=which == "mine",
            help="Who did what and when: hash-chained lines, without comments and reasons. They "
            "hold what every reader drew, drafts too: to take them counts as looking at every "
            "film. They do not come with your own readings alone.",
        )
    if names:
        st.warning(
            "Names of files leave with this zip: be sure that they name no patient.",
            icon=":material/badge:",
        )
    if which != "mine":
        st.caption(
            ":material/visibility: Others' readings come along. Where you have not submitted your "
            "own, that counts as looking: the log says so, and your reading is not blind."
        )
    order = (which, tuple(sorted(formats)), images, names, log and which != "mine")

    def make() -> Made:
        return _made(store, worklist, reader, *order)

    if not formats:
        st.info("Choose a format at least.", icon=":material/info:")
        return
    annotate_zips.offer(
        "annotate-export",
        worklist.code,
        order,
        "Make the zip",
        f"lightbox-annotations-{which}.zip",
        make,
    )


def _made(
    store: Store,
    worklist: Worklist,
    reader: Reader,
    which: str,
    formats: tuple[str, ...],
    images: bool,
    names: bool,
    log: bool,
) -> Made:
    """Raises StoreError, and ValueError where there is nothing to export."""
    now = datetime.now(UTC)
    items = gather(store, worklist, which, reader)
    left_out = missing(store, worklist, which, reader, items)
    data = export(
        items,
        worklist.title,
        images=images,
        original_names=names,
        formats=set(formats),
        events=store.take_events(worklist, reader) if log else (),
        left_out=left_out,
        now=now,
    )
    films = len({item.film.sha256 for item in items})
    store.record(
        worklist, reader, "export", readings=len(items), films=films, formats=sorted(formats)
    )
    said = f"{_count(len(items), 'reading')} of {_count(films, 'film')}, as of {now:%H:%M} UTC; "
    said += f"{size(data)}."
    if left_out:
        said += f" {_count(len(left_out), 'reading')} left out: damaged, or handed in just now."
    return Made(data, said)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + "s" * (number != 1)

"""Review of one film: what its readers drew, how far they agree, and what is made of it."""

from collections.abc import Sequence

import streamlit as st

from core.annotations import Film, Reader, Reading, Store, StoreError, Summary, Worklist
from core.artefacts import LABELS
from core.ui import annotate_consensus, annotate_fills, annotate_verdicts, cached_readings, verdict
from core.ui.annotate_compare import compare
from core.ui.cached_readings import Ground
from core.ui.film import Film as Shown
from core.ui.words import SPACE, plain

DONE = ("submitted", "reviewed")
LOOKING = "annotate-review-looking"


def review(store: Store, worklist: Worklist, film: Film, shown: Shown, reader: Reader) -> None:
    """Compare the submitted readings of `film`, keep a consensus, accept or send back.

    shown: the same film, decoded from the clean copy. reader: who looks; one who has not submitted
    a reading of this film is warned before anything of the others' is shown. Never raises
    StoreError: what is wrong is said on the page.
    """
    try:
        _review(store, worklist, film, shown, reader)
    except StoreError as error:
        st.error(error.reason, icon=":material/error:")


def _review(store: Store, worklist: Worklist, film: Film, shown: Shown, reader: Reader) -> None:
    annotate_verdicts.news()
    summaries = [each for each in store.readings(worklist) if each.sha256 == film.sha256]
    if not any(each.status in DONE for each in summaries):
        _nothing_yet(summaries)
        return
    own = next((each for each in summaries if each.reader == reader), None)
    if not (own and own.status in DONE) and not _looks(worklist, film):
        return
    found = store.submitted(worklist, film.sha256, reader, looking=True)
    readings = [reading for reading in found if not reading.damaged]
    if len(readings) < len(found):
        st.warning(
            f"{len(found) - len(readings)} of {len(found)} readings cannot be read any more and "
            "are left out: ask their readers to restore an earlier revision.",
            icon=":material/broken_image:",
        )
    names = letters(readings)
    inverted = verdict.is_inverted(shown.sha256, shown.negative)
    ground = Ground(shown.shown(inverted), f"{film.sha256} {inverted}")
    if readings:
        _table(readings, names, film)
        compare(readings, names, film, ground)
    annotate_verdicts.section(store, readings, summaries, names, reader)
    if len(readings) > 1:
        annotate_consensus.section(store, worklist, film, readings, names, ground, reader)
    elif readings:
        st.info(
            "One reader has submitted so far: agreement and a consensus take two.",
            icon=":material/group:",
        )
    annotate_fills.show(store, worklist, film, shown, everybodys=True)


def letters(readings: Sequence[Reading]) -> dict[int, str]:
    """A letter and the name by the id of a reading; maps and tables tell readers by the letter."""
    return {
        reading.id: f"{chr(ord('A') + at)} · {who(reading.reader)}"
        for at, reading in enumerate(readings)
    }


def who(reader: Reader) -> str:
    """A reader's name for Markdown; one who signed in is told from one who typed the same name."""
    return plain(reader.name) + " (signed in)" * reader.verified


def _nothing_yet(summaries: Sequence[Summary]) -> None:
    drafts = sum(each.status == "draft" for each in summaries)
    so_far = {0: "nobody has begun one", 1: "one is a draft"}.get(drafts, f"{drafts} are drafts")
    st.info(
        f"No reading of this film has been submitted yet ({so_far}): submit yours under Read, or "
        "choose a film that somebody has submitted.",
        icon=":material/hourglass_empty:",
    )


def _looks(worklist: Worklist, film: Film) -> bool:
    """Whether a reader who has not submitted goes on, after what that means was said."""
    key = f"{LOOKING}-{worklist.id}-{film.sha256}"
    if st.session_state.get(key):
        return True
    st.warning(
        "You have not submitted a reading of this film. If you look at the others' now, the log "
        "records it, and what you draw on this film later is marked as not blind.",
        icon=":material/visibility:",
    )
    st.button(
        "Look at the readings",
        key="annotate-look",
        icon=":material/visibility:",
        on_click=st.session_state.update,
        args=({key: True},),
    )
    return False


def _table(readings: Sequence[Reading], names: dict[int, str], film: Film) -> None:
    rows = []
    for reading in readings:
        found = cached_readings.said(reading, film)
        labels = [
            f"{LABELS[label]} {pixels:,}{SPACE}px"
            for label, pixels in found.pixels.items()
            if label
        ]
        rows.append(
            {
                "Reader": names[reading.id],
                "Marked": ", ".join(labels) or "No artefact",
                "Regions": f"{found.regions['']:,}",
                "Area": area(found.pixels[""], film.spacing_mm),
                "Read": "blind" if reading.blind else "after looking at others'",
                "Status": reading.status,
            }
        )
    st.table(rows, hide_index=True, alt="The submitted readings of this film")
    for reading in readings:
        if reading.annotation.comment:
            st.markdown(f"**{names[reading.id]}** comments: {plain(reading.annotation.comment)}")


def area(pixels: int, spacing_mm: tuple[float, float] | None) -> str:
    """An area in pixels, and in mm² where the film tells how large a pixel is."""
    if not spacing_mm:
        return f"{pixels:,}{SPACE}px"
    return f"{pixels:,}{SPACE}px, {pixels * spacing_mm[0] * spacing_mm[1]:,.1f}{SPACE}mm²"

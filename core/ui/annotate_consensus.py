"""One annotation out of several readings: by majority or by STAPLE, and kept in the worklist."""

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from core.annotations import Consensus, Film, Reader, Reading, Store, StoreError, Worklist
from core.artefacts import LABELS
from core.masks import BadMask
from core.ui import annotate_verdicts, cached_readings
from core.ui.annotate_compare import drawn
from core.ui.cached_readings import MAJORITY, STAPLE, Agreed, Ground
from core.ui.words import SPACE, plain, score

METHODS = {MAJORITY: "Majority", STAPLE: "STAPLE"}
ABOUT = {
    MAJORITY: "What more than half of the readers marked. Of two readers that is what both marked: "
    "a tie is left out.",
    STAPLE: "The likeliest truth, by how reliable each reader seems to be (Warfield and others "
    "2004). Of two readers who differ, it cannot tell well who is right.",
}


def section(
    store: Store,
    worklist: Worklist,
    film: Film,
    readings: Sequence[Reading],
    names: dict[int, str],
    ground: Ground,
    reader: Reader,
) -> None:
    """Work out the consensus of two or more readings, show what it holds, and keep it.

    Raises StoreError.
    """
    st.subheader("Consensus", anchor=False)
    before = store.consensus(worklist, film.sha256, reader)
    _kept(before, readings)
    method = st.segmented_control(
        "Made by",
        list(METHODS),
        default=MAJORITY,
        required=True,
        format_func=METHODS.get,
        key="annotate-consensus-method",
        persist_state="session",
        help="Each label is decided by itself.",
    )
    st.caption(ABOUT[method])
    try:
        found = cached_readings.agreed(readings, film, method)
    except BadMask as error:
        st.warning(error.reason, icon=":material/error:")
        return
    told, shown = st.columns([3, 2], gap="medium")
    with told:
        _told(store, worklist, film, found, readings, names, reader, before)
    with shown:
        place = cached_readings.compared(readings, film, "").around
        key = (method, cached_readings.names(readings))
        labels = [label for label, pixels in found.pixels.items() if pixels]
        drawn(ground, found.annotation, key, labels, place, "the consensus", film)
        st.caption(f"{METHODS[method]}, around the marks")


def _told(
    store: Store,
    worklist: Worklist,
    film: Film,
    found: Agreed,
    readings: Sequence[Reading],
    names: dict[int, str],
    reader: Reader,
    before: Consensus | None,
) -> None:
    """The consensus in numbers, and the button that keeps it."""
    _table(found, readings, names, film)
    if found.annotation.empty:
        st.info(
            "Nothing is left: the readers marked different places. Choose the other method, or "
            "send a reading back.",
            icon=":material/info:",
        )
    elif found.annotation.nothing:
        st.info("More than half of the readers found no artefact.", icon=":material/info:")
    st.button(
        "Keep as consensus",
        icon=":material/handshake:",
        key="annotate-consensus-keep",
        disabled=found.annotation.empty,
        on_click=_keep,
        args=(store, worklist, film, found, readings, reader, before and before.made_at),
        help="It replaces the one kept before. Exports, training packs and the Inpaint page can "
        "then use it.",
    )


def _kept(kept: Consensus | None, readings: Sequence[Reading]) -> None:
    if kept is None:
        return
    if kept.annotation is None:
        st.warning("The consensus that was kept cannot be read any more: keep a new one.")
        return
    method = METHODS.get(kept.method, kept.method)
    st.markdown(
        f":material/handshake: Kept: **{plain(method)}** of {len(kept.of)} readings, by "
        f"{plain(kept.made_by.name)}, {kept.made_at:%Y-%m-%d %H:%M} UTC."
    )
    if set(kept.of) != {(reading.id, reading.revision) for reading in readings}:
        st.warning(
            "The submitted readings are no longer those that it was made of: keep it anew.",
            icon=":material/update:",
        )


def _table(found: Agreed, readings: Sequence[Reading], names: dict[int, str], film: Film) -> None:
    if not found.pixels:
        return
    rows = []
    for label, pixels in found.pixels.items():
        row = {"Label": LABELS[label], "Consensus": f"{pixels:,}{SPACE}px"}
        for reading, rates in zip(readings, found.rates.get(label, ()), strict=False):
            # Of a label that is not in the consensus, the estimate has next to nothing to go by.
            both = f"{_rate(rates.sensitivity)} / {_rate(rates.specificity)}"
            row[names[reading.id]] = both if pixels else "n/a"
        rows.append(row)
    st.table(rows, hide_index=True, alt="The consensus by label")
    if found.method == STAPLE and not found.rates:
        st.caption(
            "Of two readers the masks alone cannot tell how reliable each of them is: no rates are "
            "given, and three readers are better."
        )
    elif found.method == STAPLE:
        height, width = film.shape
        st.caption(
            "Estimated sensitivity / specificity of each reader, where positive is artefact; "
            f"n = {height * width:,} pixels of this one film. Specificity is near 1 on every film "
            "with little metal."
        )


def _rate(rate: float | None) -> str:
    return "n/a" if rate is None else score(rate)


def _keep(
    store: Store,
    worklist: Worklist,
    film: Film,
    found: Agreed,
    readings: Sequence[Reading],
    reader: Reader,
    instead: datetime | None,
) -> None:
    try:
        store.keep_consensus(
            worklist,
            film.sha256,
            found.method,
            found.annotation,
            tuple((reading.id, reading.revision) for reading in readings),
            figures(found, readings),
            reader,
            instead,
        )
    except StoreError as error:
        annotate_verdicts.say(error.reason, done=False)
    else:
        annotate_verdicts.say("The consensus is kept in this worklist.", done=True)


def figures(found: Agreed, readings: Sequence[Reading]) -> dict:
    """What is known of a consensus, for JSON: readers by the ids of their readings, no names."""
    return {
        "pixels": found.pixels,
        "rates": {
            label: {str(r.id): vars(rate) for r, rate in zip(readings, rates, strict=True)}
            for label, rates in found.rates.items()
        },
    }

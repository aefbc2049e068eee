"""Films of the worklist that a visitor has open under Annotate, with a mask to begin with."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import streamlit as st

from core.annotations import Film, Reader, Store, StoreError, Worklist
from core.artefacts import LABELS, Annotation, label_masks
from core.ui import annotate_store
from core.ui.choices import OPEN, WORKLIST
from core.ui.fill_desk import USE
from core.ui.source import Entry, Start
from core.ui.words import plain

CHOSEN, WHOSE, USED = "inpaint-worklist", "inpaint-worklist-whose", "inpaint-worklist-labels"
NOBODYS, OWN, CONSENSUS = "No mask", "Your reading", "The consensus"
DONE = ("submitted", "reviewed")
GONE = (
    "This film is no longer in the worklist, or the annotation store does not answer: choose "
    "another film, or try again in a moment."
)


@dataclass(frozen=True, eq=False)
class Opened:
    """A worklist that is open, and who reads it."""

    store: Store
    worklist: Worklist
    reader: Reader

    def data(self, sha256: str) -> bytes:
        """The clean copy of a film. Raises OSError where there is none any more."""
        try:
            return self.store.film_data(self.worklist, sha256)
        except StoreError as error:
            raise OSError(error.reason) from error


def opened() -> Opened:
    """The worklist that is open. Raises StoreError."""
    code, name, verified = st.session_state[OPEN]
    store = annotate_store.store()
    reader = Reader(name, verified, st.session_state.get("annotate-session", ""))
    return Opened(store, store.worklist(code), reader)


def bring(sha256: str) -> None:
    """Let the Inpaint page open with this film of the worklist: in a callback."""
    st.session_state["source"] = WORKLIST
    st.session_state[CHOSEN] = sha256


def choose() -> Entry | None:
    """Let the visitor choose a film of the open worklist, and the mask to begin with; None, and a
    sentence, where there is no film."""
    try:
        here = opened()
        films = {film.sha256: film for film in here.store.films(here.worklist)}
        if not films:
            st.info("The worklist has no films yet: add some under Annotate.")
            return None
        if st.session_state.get(CHOSEN) not in films:
            if st.session_state.get(CHOSEN):
                st.warning("The film is no longer in this worklist: another one is shown.")
            st.session_state[CHOSEN] = next(iter(films))
        sha256 = st.selectbox(
            "Film of the worklist",
            list(films),
            format_func=lambda sha256: f"{films[sha256].number}. {films[sha256].name}",
            key=CHOSEN,
            persist_state="session",
            help=f"Of “{plain(here.worklist.title)}”, which is open under Annotate.",
        )
        with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
            start = _start(here, films[sha256])
        return Entry(
            f"worklist-{sha256}",
            films[sha256].name,
            partial(here.data, sha256),
            sha256=sha256,
            gone=GONE,
            start=start,
        )
    except StoreError as error:
        st.error(error.reason, icon=":material/error:")
        return None


def _start(here: Opened, film: Film) -> Start | None:
    """The mask that is chosen of the own reading or of the consensus. Raises StoreError."""
    own = next(
        (
            each
            for each in here.store.readings(here.worklist)
            if each.sha256 == film.sha256 and each.reader == here.reader
        ),
        None,
    )
    read = own is not None and own.status in DONE
    consensus = here.store.consensus(here.worklist, film.sha256, here.reader, looking=False)
    offered = [NOBODYS]
    if own and own.strokes:
        offered.append(OWN)
    if consensus and consensus.current and consensus.annotation and consensus.annotation.strokes:
        offered.append(CONSENSUS)
    if len(offered) == 1:
        st.caption("You have drawn nothing on this film under Annotate: draw the mask here.")
        return None
    key = f"{WHOSE}-{film.sha256}"
    if st.session_state.get(key) not in offered:
        # Others' marks are shown to those alone who have submitted their own, or ask for them.
        st.session_state[key] = offered[-1] if read or CONSENSUS not in offered else offered[-2]
    whose = st.segmented_control(
        "Mask to begin with",
        offered,
        required=True,
        format_func=lambda name: name + " (looking is logged)" * (name == CONSENSUS and not read),
        key=key,
        persist_state="session",
        help="It is laid onto a film on which nothing is drawn yet; on others press the button "
        f"“{USE}”." + (not read) * " You have not submitted a reading of this film: if you look "
        "at the consensus before, the log says so, and what you draw on it later is not blind.",
    )
    if whose == NOBODYS:
        return None
    if whose == OWN:
        reading = here.store.begin(here.worklist, film.sha256, here.reader)
        whose = f"{here.reader.name}'s reading, revision {reading.revision}"
        return _chosen(reading.annotation, film, whose)
    if not here.store.consensus(here.worklist, film.sha256, here.reader):
        return None
    return _chosen(consensus.annotation, film, f"the consensus by {consensus.method}")


def _chosen(annotation: Annotation, film: Film, whose: str) -> Start | None:
    """The labels of an annotation that are chosen, all of them to begin with, as one mask."""
    found = label_masks(annotation.strokes, film.shape)
    labels = list(found)
    if len(found) > 1:
        labels = st.pills(
            "Labels to fill in",
            list(found),
            selection_mode="multi",
            default=list(found),
            format_func=LABELS.get,
            key=f"{USED}-{film.sha256}-{'-'.join(found)}",
            persist_state="session",
        )
    if not labels:
        return None
    if len(labels) < len(found):
        whose += f": {', '.join(LABELS[label].lower() for label in labels)} alone"
    return Start(np.logical_or.reduce([found[label] for label in labels]), whose)

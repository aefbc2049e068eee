"""The cases of a quiz that is being put together: kept in the visitor's session until it is
made."""

from __future__ import annotations

import math
import secrets
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from core.images import BadImage
from core.models import BadModel
from core.quiz_cases import ANSWERS, Draft
from core.quiz_networks import Networks
from core.quiz_own import check_size
from core.quiz_pictures import thumbnail
from core.quiz_records import MAX_CASES, QUESTIONS

_KEPT = tuple(f"quiz-make-{name}" for name in ("drafts", "added", "edits", "rows", "pictures"))
_DRAFTS, _SAID, _EDITS, _ROWS, _PICTURES = _KEPT
FILES = "quiz-make-files"  # what was uploaded, opened
_ORDER, _SEED, _TABLE = "quiz-make-order", "quiz-make-seed", "quiz-make-table"
LISTED, SHUFFLED, NUMBERED = "As listed", "Shuffled", "By number"
_ROW_PX, _HEADING_PX, _MOST_PX = 56, 40, 570


def kept() -> tuple[Draft, ...]:
    """All that were added, ticked or not."""
    return st.session_state.get(_DRAFTS, ())


def add(drafts: Sequence[Draft], networks: Networks) -> None:
    """Put cases behind those that are there; each is there once, and no more than a quiz holds.
    Raises BadCase where their files are too large together."""
    before = kept()
    keys = {draft.key for draft in before}
    new = [
        draft for draft in {draft.key: draft for draft in drafts}.values() if draft.key not in keys
    ]
    taken = new[: MAX_CASES - len(before)]
    check_size(sum(draft.size for draft in (*before, *taken)))
    left_out = []
    if len(new) > len(taken):
        left_out.append(
            f"a quiz holds at most {MAX_CASES} cases, so {len(new) - len(taken)} stay out"
        )
    if len(new) < len(drafts):
        left_out.append(f"{len(drafts) - len(new)} are in the list already")
    added = f"{len(taken)} case{'s' * (len(taken) != 1)} added"
    st.session_state[_SAID] = f"{'; '.join([added, *left_out])}."
    pictures = st.session_state.setdefault(_PICTURES, {})
    pictures |= {draft.key: _thumbnail(draft, networks) for draft in taken}
    _keep((*before, *taken))


def _thumbnail(draft: Draft, networks: Networks) -> str | None:
    """What the case shows, small; None where it cannot be shown, which making the quiz will say."""
    try:
        return thumbnail(draft.pixels(networks))
    except (BadImage, BadModel, OSError):
        return None


def empty() -> None:
    """Forget all cases: in a callback, or once the quiz was made."""
    for name in (*_KEPT, FILES):
        st.session_state.pop(name, None)


def _keep(drafts: tuple[Draft, ...]) -> None:
    """The table begins anew with what was changed in it: its rows must not change under it."""
    edits = st.session_state.get(_EDITS, {})
    rows = [
        {
            "Ask": edits.get(draft.key, (True, 0))[0],
            "No.": edits.get(draft.key, (True, at))[1],
            "Picture": st.session_state[_PICTURES][draft.key],
            "Case": draft.name,
            "Question": QUESTIONS[draft.question],
            "Truth": _truth(draft),
        }
        for at, draft in enumerate(drafts, 1)
    ]
    version = st.session_state.get(_ROWS, (0, None))[0] + 1
    st.session_state[_DRAFTS], st.session_state[_ROWS] = drafts, (version, pd.DataFrame(rows))


def _truth(draft: Draft) -> str:
    if draft.truth is None:
        return "measured when the quiz is made"
    return "grade " * (draft.question == "grade") + ANSWERS[draft.question][draft.truth]


def choose() -> list[Draft]:
    """The list, to tick and to order: returns the cases to ask, in their order."""
    if said := st.session_state.get(_SAID):
        st.caption(said)
    drafts = kept()
    if not drafts:
        st.info("No case yet: add some above.", icon=":material/playlist_add:")
        return []
    version, rows = st.session_state[_ROWS]
    table = st.data_editor(
        rows,
        key=f"{_TABLE}-{version}",
        hide_index=True,
        disabled=["Picture", "Case", "Question", "Truth"],
        column_config={
            "Ask": st.column_config.CheckboxColumn(help="Untick a case to leave it out."),
            "No.": st.column_config.NumberColumn(
                min_value=1,
                step=1,
                help="Its place in the quiz, where the order is “By number”.",
            ),
            "Picture": st.column_config.ImageColumn(help="Click it to see it larger."),
            "Truth": st.column_config.TextColumn(help="Students see it when you reveal it."),
        },
        row_height=_ROW_PX,
        height=min(_MOST_PX, _ROW_PX * len(drafts) + _HEADING_PX),
        alt=f"The {len(drafts)} cases of the quiz to be made, with their truth",
    )
    chosen = [(bool(ask), number) for ask, number in zip(table["Ask"], table["No."], strict=True)]
    st.session_state[_EDITS] = {draft.key: edit for draft, edit in zip(drafts, chosen, strict=True)}
    _count([draft for draft, (ask, _) in zip(drafts, chosen, strict=True) if ask], len(drafts))
    order = _order()
    asked = [(draft, number) for draft, (ask, number) in zip(drafts, chosen, strict=True) if ask]
    seed = st.session_state.setdefault(_SEED, secrets.randbelow(2**32))
    return arranged(asked, order, seed)


def arranged(asked: Sequence[tuple[Draft, float | None]], order: str, seed: int) -> list[Draft]:
    """The cases that are asked, each with its number, in one of the orders; a number that was
    deleted (NaN or None) counts as the last. `seed` is of the order by chance."""
    if order == NUMBERED:
        asked = sorted(asked, key=lambda case: math.inf if pd.isna(case[1]) else case[1])
    if order == SHUFFLED:
        asked = [asked[at] for at in np.random.default_rng(seed).permutation(len(asked))]
    return [draft for draft, _ in asked]


def _count(asked: Sequence[Draft], of: int) -> None:
    """How many cases will be asked, by question."""
    counts = Counter(QUESTIONS[draft.question] for draft in asked)
    each = "; ".join(f"{question} {count}" for question, count in counts.items())
    st.caption(f"{len(asked)} of {of} cases will be asked. {each}")


def _order() -> str:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        order = st.segmented_control(
            "Order",
            [LISTED, SHUFFLED, NUMBERED],
            default=LISTED,
            required=True,
            key=_ORDER,
            persist_state="session",
            help="Of the cases in the quiz: as in the table, by chance, or by their “No.”, which "
            "you can change.",
        )
        st.button(
            "Empty the list", icon=":material/delete_sweep:", key="quiz-make-empty", on_click=empty
        )
    return order

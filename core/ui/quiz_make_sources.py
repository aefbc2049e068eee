"""What to ask, and where the films come from."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path

import streamlit as st

from core.film_packs import Film, Pack
from core.quiz_cases import BadCase, Draft
from core.quiz_films import PACKS, real, synthetic, val_films
from core.quiz_generated import LesionPack, knees, lesion_pack, lesions
from core.quiz_networks import Networks
from core.quiz_records import MAX_CASES, QUESTIONS, Question
from core.settings import Settings
from core.ui import presses, quiz_make_list, quiz_make_own
from core.ui.words import plain

SHORT = {
    "fracture": "Fracture",
    "grade": "Grade",
    "generated": "Real or generated",
    "fill": "Best filling",
}
SAMPLES, REAL, OWN = "Synthetic samples", "Real films", "Your own files"
LESIONS, KNEES = "Skin lesions", "Filled knees"
_WHERE = {
    SAMPLES: "Films drawn by a program: they show no patient, and their truth is known exactly.",
    REAL: "Films of the validation split, from which no model here learned, with their labels.",
    LESIONS: "Half are real pictures of HAM10000, half were drawn by a network from the outline of "
    "another real lesion; all of them are shown at the 128 pixels that it paints.",
    KNEES: "Half are untouched; in the others a hole in the shape of an implant was cut, and a "
    "network filled it.",
    OWN: "You say the truth of each, or the folders of a zip do.",
}
_SEEDS = 1_000_000
_ASKED = "quiz-make-add-asked"


@st.cache_resource(ttl="10m", show_spinner="Looking for real films")
def val(data: Path, question: Question) -> tuple[Pack, list[Film]] | None:
    """The real films for a question, where a pack is at hand."""
    return val_films(data, question)


@st.cache_resource(ttl="10m", show_spinner="Looking for real pictures")
def real_lesions(data: Path, checkpoints: Path) -> LesionPack | None:
    """The real lesions, where a pack is at hand."""
    return lesion_pack(data, checkpoints)


def missing(pack: str) -> str:
    """What is to be said where a pack of real films is not at hand."""
    return (
        f"There are no real films here: put the pack {pack}.zip into the folder that "
        "LIGHTBOX_DATA names, or bring your own files."
    )


def seed() -> int:
    """Another one each time."""
    return secrets.randbelow(_SEEDS)


def drawn(settings: Settings, question: Question, where: str, count: int, but=()) -> list[Draft]:
    """`count` cases by chance from a source that is not the teacher's own, without those whose key
    is in `but`. Raises BadCase where its pack is not at hand."""
    if where == SAMPLES:
        return synthetic(question, count, seed(), but)
    if where == LESIONS:
        found = real_lesions(settings.data, settings.checkpoints)
        if found is None:
            raise BadCase(missing("lesion"))
        return lesions(found, count, seed(), but)
    found = val(settings.data, "grade" if where == KNEES else question)
    if found is None:
        raise BadCase(missing(PACKS.get(question, "knee")))
    return (
        knees(found, count, seed(), but)
        if where == KNEES
        else real(question, found, count, seed(), but)
    )


def show(settings: Settings) -> None:
    """Choose a question and films, and add them to the list."""
    question = st.segmented_control(
        "What to ask",
        list(SHORT),
        format_func=SHORT.get,
        default="fracture",
        required=True,
        key="quiz-make-question",
        persist_state="session",
        width="stretch",
        help="A quiz may mix questions: add cases of one, then of another.",
    )
    st.caption(QUESTIONS[question])
    where = st.segmented_control(
        "Films",
        [LESIONS, KNEES, OWN] if question == "generated" else [SAMPLES, REAL, OWN],
        default=LESIONS if question == "generated" else SAMPLES,
        required=True,
        key=f"quiz-make-where-{question}",
        persist_state="session",
        width="stretch",
    )
    st.caption(_WHERE[where] if question != "fill" or where != OWN else _WHOLE)
    bring = quiz_make_own.ask(question) if where == OWN else _count(settings, question, where)
    st.button(
        "Add to the quiz",
        icon=":material/playlist_add:",
        key="quiz-make-add",
        disabled=bring is None,
        on_click=presses.press,
        args=(_ASKED, "quiz"),
    )
    added = False
    for _ in presses.waiting(_ASKED, "quiz"):
        with presses.doing(_ASKED, "quiz"), st.spinner("Choosing the cases"):
            added = _add(settings, bring)
    if added:
        st.rerun()  # what was uploaded is in the list now, so another uploader takes its place


_WHOLE = "A hole is cut into each; so it must be whole where the hole lies, best without any metal."


def _count(settings: Settings, question: Question, where: str) -> Callable[[], list[Draft]]:
    count = st.number_input(
        "How many",
        1,
        MAX_CASES,
        10,
        key="quiz-make-count",
        persist_state="session",
        width=160,
        help="Chosen by chance, of each answer as many as of the others.",
    )
    but = {draft.key for draft in quiz_make_list.kept()}
    return lambda: drawn(settings, question, where, count, but)


def _add(settings: Settings, bring: Callable[[], list[Draft]] | None) -> bool:
    """Whether it worked; where not, a sentence says why."""
    if bring is None:
        return False
    try:
        quiz_make_list.add(bring(), Networks(settings.checkpoints, settings.threads))
    except BadCase as error:
        st.error(plain(error.reason), icon=":material/error:")
        return False
    return True

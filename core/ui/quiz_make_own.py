"""A teacher's own films, and what is true of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd
import streamlit as st

from core.film_zip import BadZip, unpack
from core.quiz_cases import ANSWERS, BadCase, Draft
from core.quiz_own import AGAINST_FILLS, AGAINST_LESIONS, AS_TOLD, films, labels, own
from core.quiz_records import MAX_CASES, Question
from core.ui import quiz_make_list
from core.ui.source import ENDINGS
from core.ui.words import plain

_AGAINST = {
    AS_TOLD: "Some are real, some are generated: I say which",
    AGAINST_LESIONS: "They are real photos of skin lesions: add as many by our generator",
    AGAINST_FILLS: "They are real knee films: fill a hole in every second one",
}
_PRIVACY = (
    "Remove names and other identifiers first, also from the pixels. The quiz keeps a smaller copy "
    "of each film, without what its file says besides, in the database of this server, until you "
    "delete the quiz."
)


def ask(question: Question) -> Callable[[], list[Draft]] | None:
    """Let the teacher choose files and say their truth; what is returned makes cases of them, and
    raises BadCase where that cannot be done. None, and a sentence, where the files are refused."""
    against = AS_TOLD
    if question == "generated":
        against = st.radio(
            "What they are", list(_AGAINST), format_func=_AGAINST.get, key="quiz-make-against"
        )
    told = question != "fill" and against == AS_TOLD
    uploads = st.file_uploader(
        "Films: PNG, JPEG, TIFF, BMP or DICOM (.dcm), or a zip of them, up to 64 MB each",
        type=[*ENDINGS, "zip"],
        accept_multiple_files=True,
        # Another one once its films were added, so that they are not added twice.
        key=f"quiz-make-files-{question}-{len(quiz_make_list.kept())}",
        help=_FOLDERS.get(question) if told else None,
    )
    st.caption(_PRIVACY)
    try:
        files, truths = _opened({file.name: file.getvalue() for file in uploads}, question, told)
    except (BadCase, BadZip) as error:
        st.error(plain(error.reason), icon=":material/error:")
        return None
    if told:
        truths |= _table(question, [name for name in files if name not in truths])
    return lambda: own(question, files, truths, against)


_FOLDERS = {
    "fracture": "In a zip, a film's folder may say its truth: fractured or not fractured.",
    "grade": "In a zip, a film's folder may say its truth: 0 to 4.",
    "generated": "In a zip, a picture's folder may say its truth: real or generated.",
}


def _opened(
    uploads: Mapping[str, bytes], question: Question, told: bool
) -> tuple[dict[str, bytes], dict[str, int]]:
    """The films by name, and the truth of those in zips. Raises BadCase and BadZip."""
    files, truths = {}, {}
    for name, data in uploads.items():
        if not name.lower().endswith(".zip"):
            files[name] = data
            continue
        inside = films(unpack(data, name))
        if told:
            truths |= labels(list(inside), question)
        files |= inside
    if len(files) > MAX_CASES:
        raise BadCase(
            f"A quiz holds at most {MAX_CASES} cases, but these are {len(files)} films: choose "
            "fewer of them."
        )
    return files, truths


def _table(question: Question, names: list[str]) -> dict[str, int]:
    """Ask for the truth of films by name: those that were said."""
    if not names:
        return {}
    answers = ANSWERS[question]
    rows = pd.DataFrame({"Film": names, "Truth": pd.Series([None] * len(names), dtype="object")})
    table = st.data_editor(
        rows,
        key=f"quiz-make-truths-{question}-{'|'.join(names)}",
        hide_index=True,
        disabled=["Film"],
        column_config={
            "Truth": st.column_config.SelectboxColumn(options=list(answers), required=True)
        },
        alt=f"The truth of your {len(names)} films",
    )
    said = zip(names, table["Truth"], strict=True)
    return {name: answers.index(truth) for name, truth in said if truth in answers}

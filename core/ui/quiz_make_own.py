"""A teacher's own films, and what is true of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Container, Mapping, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

import pandas as pd
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.film_zip import BadZip, unpack
from core.quiz_cases import ANSWERS, BadCase, Draft
from core.quiz_own import (
    AGAINST_FILLS,
    AGAINST_LESIONS,
    AS_TOLD,
    check_film,
    check_size,
    films,
    labels,
    own,
)
from core.quiz_records import MAX_CASES, Question
from core.settings import Settings
from core.ui import quiz_make_list
from core.ui.source import ENDINGS
from core.ui.words import plain

_AGAINST = {
    AS_TOLD: "Some are real, some are generated: I say which",
    AGAINST_LESIONS: "They are real photos of skin lesions: add as many by our generator",
    AGAINST_FILLS: "They are real knee films: fill a hole in every second one",
}
_TRUTHS = "quiz-make-truths"  # of files by their SHA-256, and the rows of the table


class _Files(NamedTuple):
    """The films that were uploaded by name, their SHA-256, the truth that the folders of zips tell,
    and sentences about what they do not tell."""

    films: dict[str, bytes]
    digests: dict[str, str]
    truths: dict[str, int]
    notes: list[str]


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
    st.caption(
        "Remove names and other identifiers first, also from the pixels. The quiz keeps a smaller "
        "copy of each film, without what its file says besides, in the database of this server, "
        f"until {until()}."
    )
    try:
        files = _kept(uploads, question, told)
    except (BadCase, BadZip) as error:
        st.error(plain(error.reason), icon=":material/error:")
        return None
    truths = dict(files.truths)
    for note in files.notes:
        st.info(plain(note), icon=":material/folder_off:")
    if told:
        asked = {name: one for name, one in files.digests.items() if name not in truths}
        truths |= _table(question, asked)
    return lambda: own(question, files.films, truths, against)


def until() -> str:
    """When what a quiz keeps is deleted."""
    hours = Settings.from_environment().keep_hours
    alone = "" if hours is None else f", or nobody has done anything in it for {hours:g} hours"
    return f"you delete the quiz{alone}"


_FOLDERS = {
    "fracture": "In a zip, a film's folder may say its truth: fractured or not fractured.",
    "grade": "In a zip, a film's folder may say its truth: 0 to 4.",
    "generated": "In a zip, a picture's folder may say its truth: real or generated.",
}


def _kept(uploads: Sequence[UploadedFile], question: Question, told: bool) -> _Files:
    """What was uploaded, opened once and not at every tick of the table."""
    key = (question, told, tuple(file.file_id for file in uploads))
    if st.session_state.get(quiz_make_list.FILES, ("",))[0] != key:
        st.session_state.pop(quiz_make_list.FILES, None)  # before others are opened beside them
        with st.spinner("Reading the films"):
            found = _opened([(file.name, file.getvalue()) for file in uploads], question, told)
        st.session_state[quiz_make_list.FILES] = (key, found)
    return st.session_state[quiz_make_list.FILES][1]


def _opened(uploads: Sequence[tuple[str, bytes]], question: Question, told: bool) -> _Files:
    """Raises BadCase and BadZip."""
    found = _Files({}, {}, {}, [])
    for name, data in uploads:
        inside, truths, note = {name: data}, {}, ""
        if name.lower().endswith(".zip"):
            inside = films(unpack(data, name))
            if told:
                truths, note = labels(list(inside), question)
        found.notes.extend([note] if note else [])
        for path, film in inside.items():
            check_film(film, path)
            own_name = _another(path, found.films)
            found.films[own_name] = film
            found.digests[own_name] = hashlib.sha256(film).hexdigest()
            if path in truths:
                found.truths[own_name] = truths[path]
        check_size(sum(map(len, found.films.values())))
    if len(found.films) > MAX_CASES:
        raise BadCase(
            f"A quiz holds at most {MAX_CASES} cases, but these are {len(found.films)} films: "
            "choose fewer of them."
        )
    return found


def _another(name: str, taken: Container[str]) -> str:
    """The name, counted up where another film has it: many devices name all films alike."""
    path, number = PurePosixPath(name), 1
    while name in taken:
        number += 1
        name = str(path.with_stem(f"{path.stem} ({number})"))
    return name


def _table(question: Question, asked: Mapping[str, str]) -> dict[str, int]:
    """Ask for the truth of films, name → SHA-256: those that were said. What was said of a film
    stays when others come and go."""
    if not asked:
        return {}
    answers, key = ANSWERS[question], f"{_TRUTHS}-{question}-{'|'.join(asked.values())}"
    said, before, rows = st.session_state.get(_TRUTHS, ({}, "", None))
    if before != key:  # its rows must not change under a table
        known = [said.get((question, digest)) for digest in asked.values()]
        rows = pd.DataFrame({"Film": list(asked), "Truth": pd.Series(known, dtype="object")})
    table = st.data_editor(
        rows,
        key=key,
        hide_index=True,
        disabled=["Film"],
        column_config={
            "Truth": st.column_config.SelectboxColumn(options=list(answers), required=True)
        },
        alt=f"The truth of your {len(asked)} films",
    )
    chosen = dict(zip(asked, table["Truth"], strict=True))
    said |= {(question, asked[name]): truth for name, truth in chosen.items()}
    st.session_state[_TRUTHS] = (said, key, rows)
    return {name: answers.index(truth) for name, truth in chosen.items() if truth in answers}

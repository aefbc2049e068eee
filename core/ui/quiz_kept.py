"""The quizzes as the pages hold them: opened once a server, and read once for a whole class.

Forty students ask the same at the same moment. What never changes, cases and pictures, is kept for
all of them together; what does, the pulse of a quiz, is asked of the database five times a second
at most.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import streamlit as st

from core.annotation_records import StoreError, Unreachable
from core.quiz_records import Case, Given, Picture, Quiz, Student
from core.quizzes import Pulse, Quizzes
from core.settings import Settings
from core.ui import connection

PULSE_S = 0.2  # how old a pulse may be
_REFUSED = "quiz-refused"
Done = TypeVar("Done")


def store(settings: Settings) -> Quizzes:
    """The quizzes of this server's database. Raises StoreError."""
    found = _opened(settings.database_url)
    if settings.keep_hours is not None:
        _tidied(settings.database_url, settings.keep_hours, found)
    return found


def pulse(quizzes: Quizzes, code: str) -> Pulse:
    """Where a quiz stands, at most PULSE_S old. Raises StoreError, where it was deleted too."""
    found = _pulse(code, quizzes)
    if isinstance(found, Unreachable):
        raise Unreachable(found.reason)
    return found


def case(quizzes: Quizzes, quiz: Quiz, position: int) -> Case:
    """A case of a quiz. Raises StoreError."""
    return _case(quiz.code, position, quizzes, quiz)


def picture(quizzes: Quizzes, quiz: Quiz, position: int, number: int) -> Picture:
    """A picture of a case: `number` counts from 0. Raises StoreError."""
    return _picture(quiz.code, position, number, quizzes, quiz)


def given(quizzes: Quizzes, quiz: Quiz, position: int, version: int) -> Sequence[Given]:
    """What was answered to a case by when the quiz had this version, or soon after. Raises
    StoreError."""
    return _given(quiz.code, position, version, quizzes, quiz)


def everything(
    quizzes: Quizzes, quiz: Quiz, version: int
) -> tuple[Sequence[Student], Sequence[Given]]:
    """Who had joined, and what was answered to all cases, by when the quiz had this version, or
    soon after. Raises StoreError."""
    return _everything(quiz.code, version, quizzes, quiz)


def delete(quizzes: Quizzes, quiz: Quiz) -> bool:
    """Delete a quiz from the database, and from the memory of this server: True where it is gone.
    Raises StoreError."""
    quizzes.delete(quiz)
    for kept in (_pulse, _case, _picture, _given, _everything):
        kept.clear()
    return True


@contextmanager
def told() -> Iterator[None]:
    """Say in a sentence what goes wrong with the store in this block; where it is away, ask again
    by itself."""
    try:
        yield
    except StoreError as error:
        st.error(error.reason, icon=":material/error:")
        if isinstance(error, Unreachable):
            st.caption(f"It is tried again every {connection.EVERY_S} seconds.")
            connection.ask_again("quiz-store-again")


def attempt(act: Callable[..., Done], *given: object) -> Done | None:
    """Do something with the store in a callback and return what it returns; None where it does
    not work, and `refusal` then says why."""
    try:
        return act(*given)
    except StoreError as error:
        st.session_state[_REFUSED] = error.reason
        return None


def refusal() -> None:
    """Say once why what was pressed did not work."""
    with st.container():  # its place is always taken
        if reason := st.session_state.pop(_REFUSED, ""):
            st.error(reason, icon=":material/error:")


@st.cache_resource(max_entries=2, on_release=Quizzes.close, show_spinner=False)
def _opened(url: str) -> Quizzes:
    return Quizzes.open(url)


@st.cache_resource(ttl="1h", max_entries=2, show_spinner=False)
def _tidied(url: str, keep_hours: float, _quizzes: Quizzes) -> int:
    return _quizzes.expire(datetime.now(UTC) - timedelta(hours=keep_hours))


@st.cache_resource(ttl=PULSE_S, max_entries=256, show_spinner=False)
def _pulse(code: str, _quizzes: Quizzes) -> Pulse | Unreachable:
    # Kept, too: forty pages would else wait in turn for a database that is away.
    try:
        return _quizzes.pulse(code)
    except Unreachable as error:
        return error


@st.cache_resource(ttl="1h", max_entries=512, show_spinner=False)
def _case(code: str, position: int, _quizzes: Quizzes, _quiz: Quiz) -> Case:
    return _quizzes.case(_quiz, position)


@st.cache_resource(ttl="1h", max_entries=96, show_spinner=False)
def _picture(code: str, position: int, number: int, _quizzes: Quizzes, _quiz: Quiz) -> Picture:
    return _quizzes.picture(_quiz, position, number)


@st.cache_resource(ttl="1h", max_entries=64, show_spinner=False)
def _given(
    code: str, position: int, version: int, _quizzes: Quizzes, _quiz: Quiz
) -> Sequence[Given]:
    return _quizzes.given(_quiz, position)


@st.cache_resource(ttl="1h", max_entries=4, show_spinner=False)
def _everything(
    code: str, version: int, _quizzes: Quizzes, _quiz: Quiz
) -> tuple[Sequence[Student], Sequence[Given]]:
    return _quizzes.students(_quiz), _quizzes.given(_quiz)

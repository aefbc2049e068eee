"""The rules of the store of quizzes, on SQLite and on PostgreSQL."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.quiz_records import (
    MAX_CASES,
    MAX_NICKNAME,
    MAX_TITLE,
    Answer,
    Case,
    ModelReading,
    Picture,
)
from core.quiz_store import answers, rows
from core.quizzes import CODE_LENGTH, Pulse, Quizzes, Refused

SAID = ModelReading("cnn", "A model", Answer(1, (0.5, 0.25)), (0.25, 0.75), 0.4, heat=1)
FILM = Case(
    0,
    "fracture",
    "Film 1",
    ("not fractured", "fractured"),
    truth=1,
    pictures=1,
    boxes=((0.1, 0.2, 0.3, 0.4),),
    readings=(SAID,),
    told="Drawn by Lightbox.",
)
KNEE = Case(1, "grade", "Knee 2", tuple("01234"), truth=3, pictures=1)
SHOWN, HEAT = Picture(b"film", "A film"), Picture(b"heat", "A heatmap")
CASES = [(FILM, [SHOWN, HEAT]), (KNEE, [SHOWN])]
YES, NO = Answer(1, (0.2, 0.3)), Answer(0)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def quizzes(request, tmp_path_factory):
    """A store of quizzes: a test runs once with each kind of database. It is made once, and holds
    what other tests left in it."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('quizzes')}/a.sqlite"
    else:
        url = request.getfixturevalue("postgres").empty_database()
    opened = Quizzes.open(url)
    yield opened
    opened.close()


@pytest.fixture
def quiz(quizzes):
    return quizzes.create("Fractures", "led", CASES)


@pytest.fixture
def ada(quizzes, quiz):
    return quizzes.join(quiz.code, "Ada")


def test_a_quiz_comes_back_as_it_was_made(quizzes, quiz):
    assert (quiz.title, quiz.pace, quiz.cases) == ("Fractures", "led", 2)
    assert (quiz.position, quiz.phase, quiz.ended, quiz.version) == (0, "read", False, 0)
    assert abs(quiz.created_at - datetime.now(UTC)) < timedelta(minutes=5)
    assert quizzes.by_key(quiz.key) == quizzes.by_code(quiz.code) == quiz
    assert quizzes.cases(quiz) == [FILM, KNEE]
    assert [quizzes.case(quiz, at) for at in range(2)] == [FILM, KNEE]
    assert [quizzes.picture(quiz, 0, at) for at in range(2)] == [SHOWN, HEAT]
    assert quizzes.picture(quiz, 1, 0) == SHOWN


def test_a_case_or_picture_that_was_never_there_is_a_mistake_of_the_caller(quizzes, quiz):
    for act in (
        lambda: quizzes.case(quiz, 2),
        lambda: quizzes.picture(quiz, 0, 2),
        lambda: quizzes.picture(quiz, 2, 0),
        lambda: quizzes.lead(quiz, 2, "read"),
        lambda: quizzes.lead(quiz, 1, "model"),
    ):
        with pytest.raises(ValueError, match=r"no (case|picture|phase)"):
            act()


def test_a_code_is_forgiving_and_has_no_look_alikes(quizzes, quiz):
    code = quiz.code
    assert len(code) == CODE_LENGTH and not set(code) & set("0O1IL5S2ZB")
    for typed in (code.lower(), f" {code[:3]}-{code[3:]} ", "\u2013".join(code)):
        assert quizzes.by_code(typed).key == quiz.key
        assert quizzes.pulse(typed).phase == "read"
        assert quizzes.join(typed, typed).quiz_id == quiz.id


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("", "Type the code"),
        (" -\0", "Type the code"),
        ("abc-def", "No quiz has the code ABCDEF: check it with your teacher."),
        ("%%%%%%", "Type the code"),
        ("\ud800", "Type the code"),
        ("膝" * 4, "No quiz has the code 膝膝膝膝: check"),
        ("x" * 1000, "A code has 6 letters and digits"),
    ],
)
def test_a_wrong_code_is_told(quizzes, quiz, typed, told):
    for act in (quizzes.by_code, lambda code: quizzes.join(code, "Ada")):
        with pytest.raises(Refused, match=told):
            act(typed)
    assert quizzes.students(quiz) == []


def test_keys_open_only_what_they_belong_to(quizzes, quiz, ada):
    for key in ("", "nothing", quiz.code, ada.key, quiz.key.swapcase(), "\0", "\ud800"):
        with pytest.raises(Refused, match="link is not complete"):
            quizzes.by_key(key)
    for key in ("", "nothing", quiz.code, quiz.key, "\0", "\ud800"):
        with pytest.raises(Refused, match="link is not complete"):
            quizzes.student(key)
    found, of = quizzes.student(ada.key)
    assert found == ada and of == quizzes.by_code(quiz.code)


@pytest.mark.parametrize(
    ("title", "cases", "told"),
    [
        ("", CASES, "Give the quiz a title"),
        (" \0\n", CASES, "Give the quiz a title"),
        ("x" * (MAX_TITLE + 1), CASES, "at most 80 characters"),
        ("Q", [], "at least one case"),
        ("Q", [(replace(KNEE, position=at), [SHOWN]) for at in range(MAX_CASES + 1)], "at most 60"),
    ],
)
def test_a_quiz_needs_a_title_and_cases(quizzes, title, cases, told):
    with pytest.raises(Refused, match=told):
        quizzes.create(title, "led", cases)


def test_pictures_have_an_end(quizzes, monkeypatch):
    monkeypatch.setattr(rows, "MAX_BYTES", 11)
    with pytest.raises(Refused, match="choose fewer films"):
        quizzes.create("Q", "led", CASES)
    quizzes.create("Q", "led", CASES[:1])


def test_all_quizzes_together_have_an_end(quizzes, monkeypatch):
    pictures = sum(len(one.data) for _, shown in CASES for one in shown)
    quizzes.expire(datetime.now(UTC) + timedelta(days=1))  # what other tests left
    first = quizzes.create("Q", "led", CASES)
    monkeypatch.setattr(rows, "MAX_TOTAL", 2 * pictures)
    quizzes.check_room()
    quizzes.create("Q", "led", CASES)
    for act in (quizzes.check_room, lambda: quizzes.create("Q", "led", CASES[:1])):
        with pytest.raises(Refused, match="All quizzes on this server"):
            act()
    quizzes.delete(first)
    quizzes.check_room()
    quizzes.create("Q", "led", CASES)


@pytest.mark.parametrize(
    "wrong",
    [
        {"position": 1},
        {"question": "lesion"},
        {"answers": ("fractured",), "readings": ()},
        {"truth": 2},
        {"pictures": 0},
        {"pictures": 3},
        {"pictures": 2},  # the heatmap would be shown with the film
        {"readings": (replace(SAID, heat=2),)},
        {"readings": (replace(SAID, answer=Answer(2)),)},
        {"readings": (replace(SAID, probabilities=(1.0,)),)},
    ],
)
def test_a_case_that_cannot_be_is_a_mistake_of_the_caller(quizzes, wrong):
    with pytest.raises(ValueError):
        quizzes.create("Q", "led", [(replace(FILM, **wrong), [SHOWN, HEAT])])


def test_any_text_can_be_given_and_comes_back_clean(quizzes):
    strange = "Zoë\0 \ud800<b>ﬁ</b>\n 膝 \u202e"
    case = replace(FILM, title=strange, told=strange, answers=(strange, "b"))
    made = quizzes.create(strange, "own", [(case, [Picture(b"", strange), HEAT])])
    assert made.title == quizzes.picture(made, 0, 0).alt == "Zoë <b>ﬁ</b> 膝"
    assert quizzes.cases(made) == [case]
    assert quizzes.join(made.code, strange).nickname == made.title


def test_students_join_under_a_nickname_of_their_own(quizzes, quiz, ada):
    bob = quizzes.join(quiz.code, " Bob\n the builder ")
    assert (bob.nickname, bob.quiz_id) == ("Bob the builder", quiz.id)
    assert quizzes.students(quiz) == [ada, bob]
    assert bob.key != ada.key
    for taken in ("Ada", "ADA ", "\uff21da", "Ada\u3164", "A\u034fda"):
        with pytest.raises(Refused, match="has this nickname already"):
            quizzes.join(quiz.code, taken)
    other = quizzes.create("Another", "own", CASES)
    assert quizzes.join(other.code, "Ada").key != ada.key
    assert quizzes.students(quiz) == [ada, bob]


@pytest.mark.parametrize(
    ("nickname", "told"),
    [
        ("", "Choose a nickname"),
        (" \0", "Choose a nickname"),
        *((unseen, "Choose a nickname") for unseen in "\u2800\u3164\u115f\ufe0f\u0301"),
        ('=HYPERLINK("http://x.y")', "cannot begin with"),
        *((f"{first}Ada", "cannot begin with") for first in "+-@\uff1d"),
        ("Toy (Model)", "looks like a model"),
        ("Class, by majority", "looks like a model or the class"),
        ("x" * (MAX_NICKNAME + 1), "at most"),
    ],
)
def test_a_nickname_says_something_and_is_short(quizzes, quiz, nickname, told):
    with pytest.raises(Refused, match=told):
        quizzes.join(quiz.code, nickname)
    for fine in ("x" * MAX_NICKNAME, "😀", "Zoë-1", "膝", "Modela", "नेहा"):
        assert quizzes.join(quiz.code, fine).nickname == fine


def test_a_quiz_can_be_full(quizzes, quiz, ada, monkeypatch):
    monkeypatch.setattr(answers, "MAX_STUDENTS", 2)
    quizzes.join(quiz.code, "Bob")
    with pytest.raises(Refused, match="full: 2 students"):
        quizzes.join(quiz.code, "Eve")


def test_the_first_answer_counts_at_each_stage(quizzes, quiz, ada):
    blind = quizzes.answer(ada, 0, "blind", YES)
    assert (blind.student_id, blind.position, blind.stage, blind.answer) == (
        ada.id,
        0,
        "blind",
        YES,
    )
    for again in (YES, NO):
        with pytest.raises(Refused, match="your first answer counts"):
            quizzes.answer(ada, 0, "blind", again)
    quizzes.lead(quiz, 0, "model")
    changed = quizzes.answer(ada, 0, "changed", NO)
    with pytest.raises(Refused, match="your first answer counts"):
        quizzes.answer(ada, 0, "changed", YES)
    with pytest.raises(Refused, match="your first answer counts"):
        quizzes.answer(ada, 0, "blind", YES)
    assert quizzes.given_by(ada) == quizzes.given(quiz) == [blind, changed]


def test_answers_are_those_of_one_student_or_of_one_case_too(quizzes, quiz, ada):
    bob, other = quizzes.join(quiz.code, "Bob"), quizzes.create("Another", "own", CASES)
    first, second = (quizzes.answer(who, 0, "blind", YES) for who in (bob, ada))
    quizzes.lead(quiz, 1, "read")
    third = quizzes.answer(ada, 1, "blind", Answer(4))
    assert quizzes.given(quiz) == [first, second, third]
    assert quizzes.given(quiz, 0) == [first, second]
    assert quizzes.given(quiz, 1) == [third]
    assert quizzes.given_by(ada) == [second, third]
    assert quizzes.given(other) == []


@pytest.mark.parametrize("at", [(0, "model"), (0, "truth"), (1, "read"), (1, "truth")])
def test_a_blind_answer_is_taken_while_its_case_is_read(quizzes, quiz, ada, at):
    quizzes.lead(quiz, *at)
    with pytest.raises(Refused, match="the class is at another step"):
        quizzes.answer(ada, 0, "blind", YES)
    assert quizzes.given(quiz) == []


@pytest.mark.parametrize("at", [(0, "read"), (0, "truth"), (1, "read"), (1, "truth")])
def test_a_change_is_taken_while_the_models_reading_is_shown(quizzes, quiz, ada, at):
    quizzes.answer(ada, 0, "blind", YES)
    quizzes.lead(quiz, *at)
    with pytest.raises(Refused, match="the class is at another step"):
        quizzes.answer(ada, 0, "changed", NO)
    assert len(quizzes.given(quiz)) == 1


def test_who_saw_the_model_first_has_no_blind_answer_to_change(quizzes, quiz, ada):
    quizzes.lead(quiz, 0, "model")
    with pytest.raises(Refused, match="before the model's was shown"):
        quizzes.answer(ada, 0, "changed", YES)


def test_a_case_that_no_model_read_is_answered_once(quizzes, quiz, ada):
    quizzes.lead(quiz, 1, "read")
    quizzes.answer(ada, 1, "blind", Answer(3))
    with pytest.raises(Refused, match="No model has read this case"):
        quizzes.answer(ada, 1, "changed", Answer(2))


@pytest.mark.parametrize(
    "answer",
    [
        Answer(2),
        Answer(-1),
        Answer(0.5),
        Answer(1, (1.01, 0.5)),
        Answer(1, (0.5, -0.01)),
        Answer(1, (0.5, float("nan"))),
        Answer(1, (0.5,)),
    ],
)
def test_an_answer_is_one_of_the_cases(quizzes, quiz, ada, answer):
    with pytest.raises(Refused, match="none of the answers"):
        quizzes.answer(ada, 0, "blind", answer)
    quizzes.answer(ada, 0, "blind", Answer(1, (1.0, 0.0)))


def test_alone_each_goes_at_an_own_pace(quizzes):
    own = quizzes.create("Alone", "own", CASES)
    ada, bob = (quizzes.join(own.code, name) for name in ("Ada", "Bob"))
    with pytest.raises(Refused, match="before the model's was shown"):
        quizzes.answer(ada, 0, "changed", NO)
    for who, position, stage in (
        *((ada, 0, "blind"), (bob, 1, "blind"), (ada, 0, "changed"), (ada, 1, "blind")),
        *((bob, 0, "blind"), (bob, 0, "changed")),
    ):
        quizzes.answer(who, position, stage, YES)
    assert len(quizzes.given(own)) == 6
    with pytest.raises(Refused, match="nothing to lead"):
        quizzes.lead(own, 0, "truth")


def test_the_teacher_leads_forward_only(quizzes, quiz):
    steps = [(0, "model"), (0, "truth"), (1, "read"), (1, "truth")]
    for at, step in enumerate(steps):
        led = quizzes.lead(quiz, *step)
        assert (led.position, led.phase, led.version) == (*step, at + 1)
        assert quizzes.lead(quiz, *step) == led, "being there already is no error"
        for behind in [(0, "read"), *steps[:at]]:
            with pytest.raises(Refused, match="gone past"):
                quizzes.lead(quiz, *behind)
    assert quizzes.pulse(quiz.code) == Pulse(4, 1, "truth", False)


def test_an_ended_quiz_stays_ended(quizzes, quiz, ada):
    kept = quizzes.answer(ada, 0, "blind", YES)
    assert quizzes.end(quiz).ended and quizzes.end(quiz).ended
    assert quizzes.by_code(quiz.code).ended and quizzes.student(ada.key)[1].ended
    for act in (
        lambda: quizzes.join(quiz.code, "Bob"),
        lambda: quizzes.answer(ada, 0, "blind", NO),
        lambda: quizzes.lead(quiz, 1, "read"),
    ):
        with pytest.raises(Refused, match="This quiz has ended"):
            act()
    assert quizzes.given(quiz) == [kept] and quizzes.students(quiz) == [ada]


def test_the_pulse_rises_with_all_that_anybody_sees(quizzes, quiz):
    def beat():
        return quizzes.pulse(quiz.code).version

    assert beat() == 0
    ada = quizzes.join(quiz.code, "Ada")
    assert beat() == 1
    quizzes.answer(ada, 0, "blind", YES)
    assert beat() == 2
    with pytest.raises(Refused):
        quizzes.answer(ada, 0, "blind", YES)
    assert beat() == 2
    quizzes.lead(quiz, 0, "model")
    quizzes.end(quiz)
    assert quizzes.pulse(quiz.code) == Pulse(4, 0, "model", True)


def test_a_deleted_quiz_is_gone_with_all_its_answers(quizzes, quiz, ada):
    other = quizzes.create("Another", "own", CASES)
    eve = quizzes.join(other.code, "Eve")
    quizzes.answer(eve, 0, "blind", YES)
    quizzes.answer(ada, 0, "blind", YES)
    quizzes.delete(quiz)
    quizzes.delete(quiz)
    for act in (
        lambda: quizzes.by_code(quiz.code),
        lambda: quizzes.by_key(quiz.key),
        lambda: quizzes.pulse(quiz.code),
        lambda: quizzes.cases(quiz),
        lambda: quizzes.case(quiz, 0),
        lambda: quizzes.picture(quiz, 0, 0),
        lambda: quizzes.students(quiz),
        lambda: quizzes.student(ada.key),
        lambda: quizzes.given(quiz),
        lambda: quizzes.given_by(ada),
        lambda: quizzes.join(quiz.code, "Bob"),
        lambda: quizzes.answer(ada, 0, "blind", NO),
        lambda: quizzes.lead(quiz, 0, "truth"),
        lambda: quizzes.end(quiz),
    ):
        with pytest.raises(Refused, match=r"was deleted|No quiz has the code"):
            act()
    assert len(quizzes.given(other)) == 1 and quizzes.picture(other, 0, 0) == SHOWN


def test_nothing_of_a_deleted_quiz_stays_in_the_files_of_sqlite(tmp_path):
    quizzes = Quizzes.open(f"sqlite:///{tmp_path}/a.sqlite")
    secret = b"knee of somebody" * 1000
    quiz = quizzes.create("Q", "own", [(FILM, [Picture(secret, "A film"), HEAT])])
    quizzes.join(quiz.code, "Nightingale")

    def stored(words):
        return any(words in Path(path).read_bytes() for path in tmp_path.iterdir())

    assert stored(secret[:64]) and stored(b"Nightingale")
    quizzes.delete(quiz)
    assert not stored(secret[:16]) and not stored(b"Nightingale")
    quizzes.close()


def test_quizzes_expire_that_nobody_touched(quizzes):
    before = datetime.now(UTC)
    quizzes.expire(before)
    quiz = quizzes.create("Fractures", "led", CASES)
    idle = quizzes.create("Idle", "led", CASES)
    then = datetime.now(UTC)
    quizzes.join(quiz.code, "Ada")
    assert quizzes.expire(before) == 0
    assert quizzes.expire(then) == 1
    assert quizzes.by_code(quiz.code)
    with pytest.raises(Refused):
        quizzes.by_code(idle.code)


def test_of_answers_at_one_moment_each_students_first_is_stored(quizzes, quiz):
    students = [quizzes.join(quiz.code, f"Student {at}") for at in range(8)]
    start, refused = threading.Barrier(16), []

    def press(student, value):
        start.wait()
        try:
            quizzes.answer(student, 0, "blind", Answer(value))
        except Refused as error:
            refused.append(error.reason)

    presses = [threading.Thread(target=press, args=(s, v)) for s in students for v in (0, 1)]
    for thread in presses:
        thread.start()
    for thread in presses:
        thread.join()
    assert sorted(given.student_id for given in quizzes.given(quiz)) == [s.id for s in students]
    assert refused == [answers._TWICE] * 8
    assert quizzes.pulse(quiz.code).version == 16


def test_a_nickname_is_given_once_also_at_one_moment(quizzes, quiz):
    start, joined, refused = threading.Barrier(6), [], []

    def join():
        start.wait()
        try:
            joined.append(quizzes.join(quiz.code, "Ada"))
        except Refused as error:
            refused.append(error.reason)

    threads = [threading.Thread(target=join) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert quizzes.students(quiz) == joined and len(refused) == 5

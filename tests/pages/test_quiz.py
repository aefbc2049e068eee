"""The quiz page without a browser: joining, answering, leading, results, and who is sent away."""

import json
from dataclasses import replace

import numpy as np
import pytest

from core import samples
from core.annotation_records import Unreachable
from core.quiz_records import Answer, Case, ModelReading, Picture
from core.quizzes import Quizzes
from core.ui import quiz_kept, quiz_look, quiz_readers
from core.ui.quiz_look import Drawn
from tests.pages.test_start import texts

ANSWERS = ("not fractured", "fractured")
BOX = (0.4, 0.3, 0.6, 0.5)
TRUTH = "Drawn for this quiz"
SAYS = ModelReading("toy", "Toy", Answer(1, (0.5, 0.4)), (0.17, 0.83), 0.5, heat=1)
FRACTURED = Case(0, "fracture", "Film 1", ANSWERS, 1, 1, (BOX,), (SAYS,), TRUTH)
SOUND = Case(1, "fracture", "Film 2", ANSWERS, 0, 1, readings=(replace(SAYS, heat=None),))
GRADE = Case(0, "grade", "Knee", tuple("01234"), 3, 1)
FILL = Case(0, "fill", "Hole", ("Telea", "Membrane"), 1, 3)


def picture(seed: int) -> Picture:
    return Picture(samples.png(np.full((12, 8), 40 + seed, np.uint8)), f"Picture {seed}")


def with_pictures(*cases: Case) -> list:
    return [
        (
            replace(case, position=at),
            [picture(seed) for seed in range(case.pictures + any(r.heat for r in case.readings))],
        )
        for at, case in enumerate(cases)
    ]


@pytest.fixture
def quizzes(tmp_path, monkeypatch):
    """The quizzes of the page, for what others do meanwhile."""
    monkeypatch.setenv("LIGHTBOX_HOME", str(tmp_path / "home"))
    for variable in ("DATABASE_URL", "KEEP_HOURS"):
        monkeypatch.delenv(f"LIGHTBOX_{variable}", raising=False)
    found = Quizzes.open(f"sqlite:///{tmp_path / 'home' / 'annotations.sqlite'}")
    yield found
    found.close()


@pytest.fixture
def made(quizzes):
    """A quiz of these cases, at its first."""

    def made(*cases: Case, pace="led"):
        return quizzes.create("Bones", pace, with_pictures(*(cases or (FRACTURED, SOUND))))

    return made


@pytest.fixture
def at(visit):
    """The page at an address; nothing on it may be a traceback."""
    return lambda **query: checked(visit("quiz", **query))


def checked(app):
    assert not app.exception
    return app


def press(app, key: str):
    return checked(app.button(key=key).click().run())


def later(app):
    """The page once it has asked where the quiz stands, as it does by itself in a browser."""
    quiz_kept._pulse.clear()
    return checked(app.run())


def said(app) -> str:
    kinds = ("title", "subheader", "markdown", "caption", "info", "warning", "error", "success")
    return " / ".join(texts(app.get(kind)) for kind in kinds).replace("\\", "")


def keys(app) -> set[str]:
    return {button.key for button in app.button if button.key}


def shown(app) -> list[dict]:
    """What the page's own components are given to show."""
    return [json.loads(part.proto.json) for part in app.get("bidi_component")]


def bars(app) -> dict[str, tuple]:
    """The histogram: answer → how many blind, after the model, and what is written beside."""
    (found,) = (data["bars"] for data in shown(app) if "bars" in data)
    return {bar["name"]: (bar["first"], bar["then"], bar["notes"]) for bar in found}


def joined(at, quiz, nickname="Ann"):
    app = at(quiz=quiz.code)
    app.text_input(key="quiz-nickname").set_value(nickname)
    return press(app, "quiz-join")


def test_a_code_and_a_nickname_lead_to_the_first_case(at, made, quizzes):
    quiz = made()
    app = at()
    assert app.title[0].value == "Quiz"
    app.text_input(key="quiz-code").set_value(f" {quiz.code[:3].lower()}-{quiz.code[3:]}")
    app.text_input(key="quiz-nickname").set_value("Ann")
    press(app, "quiz-join")
    (student,) = quizzes.students(quiz)
    assert app.query_params["student"] in (student.key, [student.key])
    assert "case 1 of 2" in said(app) and keys(app) >= {"quiz-answer-0", "quiz-answer-1"}


@pytest.mark.parametrize(
    "code, nickname, why",
    [
        ("XXXXXX", "Bo", "No quiz has the code XXXXXX: check it with your teacher."),
        ("", "Bo", "Type the code of the quiz: your teacher has it."),
        (None, "", "Choose a nickname to join with."),
        (None, "aNN", "Somebody in this quiz has this nickname already: choose another."),
    ],
)
def test_who_cannot_join_is_told_why(at, made, quizzes, code, nickname, why):
    quiz = made()
    quizzes.join(quiz.code, "Ann")
    app = at()
    app.text_input(key="quiz-code").set_value(quiz.code if code is None else code)
    app.text_input(key="quiz-nickname").set_value(nickname)
    press(app, "quiz-join")
    assert [one.value for one in app.error] == [why]
    assert "student" not in app.query_params and len(quizzes.students(quiz)) == 1


@pytest.mark.parametrize(
    "query, why",
    [
        ({"quiz": "XXXXXX"}, "No quiz has the code XXXXXX"),
        ({"quiz": "XXXXXX", "student": "nobody"}, "join again with your teacher's code"),
        ({"lead": "nobody"}, "make a new one"),
    ],
)
def test_a_link_to_nothing_says_so(at, quizzes, query, why):
    assert why in said(at(**query))


@pytest.mark.parametrize(
    "method, query",
    [("by_code", {"quiz": "X"}), ("student", {"student": "X"}), ("by_key", {"lead": "X"})],
)
def test_a_store_that_is_away_is_told_and_asked_again(at, quizzes, monkeypatch, method, query):
    def away(*_):
        raise Unreachable("The store is away.")

    monkeypatch.setattr(Quizzes, method, away)
    app = at(**query)
    assert [one.value for one in app.error] == ["The store is away."]
    assert any("seconds" in data for data in shown(app))


def test_a_quiz_that_has_ended_takes_nobody(at, made, quizzes):
    quiz = quizzes.end(made())
    assert "has ended" in said(at(quiz=quiz.code))


def test_a_student_reads_blind_keeps_or_changes_and_sees_the_truth(at, made, quizzes):
    quiz = made()
    app = press(joined(at, quiz), "quiz-answer-0")
    assert "You said: **Not fractured**" in said(app)
    assert not {"quiz-answer-0", "quiz-answer-1"} & keys(app)
    assert "Toy" not in said(app) and TRUTH not in said(app)
    quizzes.lead(quiz, 0, "model")
    later(app)
    assert "**Toy** says: **Fractured**" in said(app) and TRUTH not in said(app)
    assert {"quiz-keep", "quiz-answer-1"} <= keys(app) and "quiz-answer-0" not in keys(app)
    press(app, "quiz-keep")
    assert "you keep that" in said(app)
    quizzes.lead(quiz, 0, "truth")
    later(app)
    assert "Wrong: it is **Fractured**" in said(app)
    assert bars(app) == {
        "Not fractured": (1, 1, ["○ you"]),
        "Fractured": (0, 0, ["✓ true", "◇ the model"]),
    }
    (given, changed) = quizzes.given(quiz)
    assert (given.stage, given.answer) == ("blind", Answer(0))
    assert (changed.stage, changed.answer) == ("changed", Answer(0))


def test_a_fracture_is_asked_for_its_place_once(at, made, quizzes):
    quiz = made()
    app = press(joined(at, quiz), "quiz-answer-1")
    assert "Where?" in said(app) and not quizzes.given(quiz)
    press(app, "quiz-answer-1")
    assert [one.answer for one in quizzes.given(quiz)] == [Answer(1)]


@pytest.mark.parametrize(
    "told, place",
    [([0.5, 0.4], (0.5, 0.4)), (None, None), ([0.5], None), ([2, 0.4], None), ("here", None)],
)
def test_the_place_that_was_pointed_at_is_kept_with_the_answer(at, made, quizzes, told, place):
    quiz = made()
    app = joined(at, quiz)
    app.session_state["quiz-place-blind-0"] = {"place": told}
    press(app, "quiz-answer-1")
    if place is None:
        app.session_state["quiz-place-blind-0"] = {"place": told}
        press(app, "quiz-answer-1")
    assert [one.answer for one in quizzes.given(quiz)] == [Answer(1, place)]


def test_a_second_answer_is_refused_in_a_sentence(at, made, quizzes):
    quiz = made()
    app = joined(at, quiz)
    (student,) = quizzes.students(quiz)
    quizzes.answer(student, 0, "blind", Answer(0))  # from another tab
    press(app, "quiz-answer-0")
    assert [one.value for one in app.error] == [
        "You have answered this case already: your first answer counts."
    ]
    assert len(quizzes.given(quiz)) == 1


def test_a_press_that_comes_too_late_is_told_at_once(at, made, quizzes):
    quiz = made()
    app = joined(at, quiz)
    quizzes.end(quiz)
    quiz_kept._pulse.clear()
    press(app, "quiz-answer-0")
    assert "The quiz has ended" in said(app)
    assert ["This quiz has ended" in one.value for one in app.error] == [True]
    assert not later(app).error


def test_a_fracture_that_is_kept_is_not_asked_for_its_place_again(at, made, quizzes):
    quiz = made()
    app = joined(at, quiz)
    for _ in range(2):  # without a place
        press(app, "quiz-answer-1")
    quizzes.lead(quiz, 0, "model")
    later(app)
    assert "Tap another place" not in json.dumps(shown(app))  # there is no mark to move
    press(app, "quiz-keep")
    assert "Where?" not in said(app)
    assert [one.answer for one in quizzes.given(quiz)] == [Answer(1), Answer(1)]


def test_who_was_on_another_page_goes_on_as_before(at, made, quizzes):
    quiz = made()
    app = joined(at, quiz)
    app.query_params.clear()
    assert app.run().button(key="quiz-go-on").label == "Go on as Ann: Bones"
    press(app, "quiz-go-on")
    assert "case 1 of 2" in said(app) and len(quizzes.students(quiz)) == 1
    quizzes.end(quiz)
    app.query_params.clear()
    assert "quiz-go-on" not in keys(checked(app.run()))


def test_who_comes_late_looks_on_until_the_next_case(at, made, quizzes):
    quiz = made()
    quizzes.lead(quiz, 0, "model")
    app = joined(at, quiz)
    assert "no answer before the model's" in said(app)
    assert not {key for key in keys(app) if key.startswith(("quiz-answer", "quiz-keep"))}


@pytest.mark.parametrize(
    "case, offered, after",
    [
        (GRADE, "Grade 3: moderate", "Grade 3: moderate"),
        (FILL, "Filling B", "Filling B: Membrane"),
    ],
)
def test_answers_have_names_that_do_not_tell_the_truth(at, made, quizzes, case, offered, after):
    quiz = made(case)
    app = joined(at, quiz)
    button = app.button(key=f"quiz-answer-{case.truth}")
    assert button.label == offered
    press(app, button.key)
    quizzes.lead(quiz, 0, "truth")
    later(app)
    assert f"Right: **{after}**" in said(app)


def test_alone_a_student_goes_through_all_cases_and_a_reload_loses_nothing(at, made, quizzes):
    quiz = made(SOUND, GRADE, pace="own")
    app = press(joined(at, quiz), "quiz-answer-0")
    assert "**Toy** says" in said(app)
    press(app, "quiz-keep")
    assert "Right: **Not fractured**" in said(app)
    press(app, "quiz-next")
    press(app, "quiz-answer-3")
    app = at(student=app.query_params["student"], quiz=quiz.code)
    assert "Right: **Grade 3: moderate**" in said(app)
    press(app, "quiz-next")
    assert "That was the last case" in said(app)
    assert "You were right in **1 of 1**, Toy in **0 of 1**." in said(app)
    quizzes.end(quiz)
    later(app)
    assert "The quiz has ended" in said(app) and "- You: right" in said(app)


def test_alone_too_ones_own_answer_is_counted_at_once(at, made, quizzes):
    quiz = made(GRADE, pace="own")
    bo = quizzes.join(quiz.code, "Bo")
    quizzes.answer(bo, 0, "blind", Answer(3))
    app = joined(at, quiz)
    later(at(student=bo.key))  # what was answered by now is kept for all
    press(app, "quiz-answer-3")
    assert bars(app)["Grade 3: moderate"][0] == 2


def test_answers_are_read_anew_only_where_there_are_more(at, made, quizzes, monkeypatch):
    quiz = made(GRADE, pace="own")
    ann = quizzes.join(quiz.code, "Ann")
    asked, given = [], Quizzes.given
    monkeypatch.setattr(Quizzes, "given", lambda *of: asked.append(of) or given(*of))
    app = at(lead=quiz.key)
    later(app)
    assert len(asked) == 1
    quizzes.answer(ann, 0, "blind", Answer(3))
    assert "1 of 1 have answered everything" in said(later(app)) and len(asked) == 2


def test_a_class_asks_a_store_that_is_away_once(made, quizzes, monkeypatch):
    quiz, asked = made(), []

    def away(*of):
        asked.append(of)
        raise Unreachable("The store is away.")

    monkeypatch.setattr(Quizzes, "pulse", away)
    for _ in range(3):
        with pytest.raises(Unreachable, match="away"):
            quiz_kept.pulse(quizzes, quiz.code)
    assert len(asked) == 1


@pytest.mark.parametrize(
    "shown, after_s, missed",
    [("", 9, False), (None, 9, False), ("own", 9, False), ("old", 9, True), ("old", 1, False)],
)
def test_a_page_that_shows_an_older_run_has_missed_one(shown, after_s, missed, monkeypatch):
    drawn = Drawn("own", at=100)
    monkeypatch.setattr(quiz_look.time, "monotonic", lambda: 100 + after_s)
    assert drawn.missed(shown) == missed


def test_the_teacher_leads_through_a_case_and_tells_nothing_too_early(at, made, quizzes):
    quiz = made()
    ann, bo = (quizzes.join(quiz.code, name) for name in ("Ann", "<b>Bo"))
    quizzes.answer(ann, 0, "blind", Answer(0))
    app = at(lead=quiz.key)
    assert quiz.code in said(app) and "1 of 2 have answered" in said(app)
    assert "✓ Ann · … \\<b\\>Bo" in texts(app.caption)
    assert "Toy" not in said(app) and TRUTH not in said(app)
    assert not any("bars" in data for data in shown(app))  # Bo reads blind
    app.toggle(key="quiz-live").set_value(True).run()
    assert bars(app) == {"Not fractured": (1, None, []), "Fractured": (0, None, [])}
    app.toggle(key="quiz-live").set_value(False).run()
    quizzes.answer(bo, 0, "blind", Answer(1, (0.2, 0.9)))
    assert bars(later(app)) == {"Not fractured": (1, None, []), "Fractured": (1, None, [])}
    press(app, "quiz-show-model")
    quizzes.answer(ann, 0, "changed", Answer(1))
    later(app)
    assert "**Toy** says: **Fractured**" in said(app) and TRUTH not in said(app)
    assert "1 of 2 have decided" in said(app)
    assert bars(app) == {
        "Not fractured": (1, 0, []),
        "Fractured": (1, 2, ["◇ the model"]),
    }
    assert not any(data.get("boxes") for data in shown(app))
    press(app, "quiz-reveal")
    assert TRUTH in said(app)
    (film,) = (data for data in shown(app) if data.get("boxes"))
    assert "● where the class points, after the model" in film["caption"]
    assert (film["boxes"], film["crowd"], film["model"]) == ([list(BOX)], [[0.2, 0.9]], [0.5, 0.4])
    press(app, "quiz-next")
    assert "case 2 of 2" in said(app) and quizzes.by_code(quiz.code).position == 1


def test_results_are_counted_and_everything_can_be_deleted(at, made, quizzes):
    quiz = made()
    ann, bo = (quizzes.join(quiz.code, name) for name in ("Ann", "Bo"))
    quizzes.answer(ann, 0, "blind", Answer(1, (0.5, 0.4)))
    quizzes.answer(bo, 0, "blind", Answer(0))
    quizzes.lead(quiz, 0, "model")
    quizzes.answer(ann, 0, "changed", Answer(1, (0.5, 0.4)))
    quizzes.answer(bo, 0, "changed", Answer(1, (0.9, 0.9)))
    app = at(lead=quiz.key)
    press(app, "quiz-end")
    table = app.dataframe[0].value.set_index("Reader")
    assert list(table.index) == ["Class, together", "Class, all answers", "Model: Toy"]
    app.toggle(key="quiz-each").set_value(True).run()
    table = app.dataframe[0].value.set_index("Reader")
    assert list(table.index[2:]) == ["Model: Toy", "Ann", "Bo"]
    assert table.loc["Ann", "Sensitivity"].startswith("100")
    assert table.loc["Bo", "Sensitivity"].startswith("0")
    assert table.loc["Ann", "Place found"].endswith(", 1 of 1")
    assert (table.loc["Bo", "Turned wrong"], table.loc["Bo", "Turned right"]) == ("0", "1")
    assert "**1 wrong answer right**" in said(app)
    assert "2 of 4 blind answers, and 2 after the model's reading" in said(app)
    press(app, "quiz-delete")
    assert not app.error and "lead" not in app.query_params
    app.query_params["lead"] = quiz.key
    assert "This quiz was deleted" in said(later(app))


@pytest.mark.parametrize(
    "question, how",
    [("grade", "the median of its grades"), ("fill", "most chose"), ("fracture", "what most did")],
)
def test_it_is_told_how_the_class_answers_together(question, how):
    assert how in quiz_readers.explained(question)


def test_a_quiz_that_nobody_answered_still_ends_in_words(at, made, quizzes):
    quiz = quizzes.end(made())
    assert "0 students, 2 cases, 0 of 0 blind answers" in said(at(lead=quiz.key))

"""The exhibits that ask models: what moves when their controls do, and what they say without."""

import shutil

import numpy as np
import pytest

from core.exhibits import no_gate, shortcut
from core.models import ModelCard
from core.ui import exhibit_changes, exhibit_gate, exhibit_joint, exhibit_shortcut
from tests.bad_files import encoded
from tests.toy_models import publish, publish_graded

NONE = {  # where no model is published
    "shortcut": "No fracture model is published here",
    "no-gate": "No fracture model is published here",
    "joint-hidden": "No model that grades knees is published here",
}


@pytest.fixture
def models(checkpoints, gate):
    """Two models of fractures, one named as a published one and with a gate that stops nothing,
    and a grader."""
    publish(checkpoints, "simple_cnn", lean=1.0, title="Simple CNN")
    publish_graded(checkpoints)
    gate(opened=True)


@pytest.fixture
def measured(monkeypatch):
    """The tables were made with the toys."""
    monkeypatch.setattr("core.exhibits.measured", lambda name, cards: cards)


def charts(app, words: str) -> list[str]:
    """The alt texts of the figures that begin so."""
    assert not app.exception
    alts = [chart.proto.alt for chart in app.get("plotly_chart")]
    return [alt for alt in alts if alt.startswith(words)]


def drawn(app) -> str:
    """The figure of what every model says of the film before and after."""
    specs = {chart.proto.alt: chart.proto.spec for chart in app.get("plotly_chart")}
    (found,) = [spec for alt, spec in specs.items() if alt.startswith("Probability of a fracture")]
    return found


def pictures(app) -> list[tuple[str, str]]:
    """Alt text and address of every picture; the address changes with what is drawn."""
    images = [image for element in app.get("image") for image in element.proto.imgs]
    return [(image.alt, image.url) for image in images]


def texts(elements) -> str:
    return " / ".join(str(element.value) for element in elements)


def table(app, alt: str):
    (found,) = [each.value for each in app.table if each.proto.alt.startswith(alt)]
    return found


@pytest.mark.parametrize("slug", NONE)
def test_without_a_model_the_numbers_are_still_told(visit, checkpoints, slug):
    shutil.rmtree(checkpoints / "fracture")
    app = visit("pitfalls", exhibit=slug)
    assert not app.exception and not app.error
    assert NONE[slug] in texts(app.info)
    assert app.get("plotly_chart")


def test_metal_is_erased_and_drawn_and_every_model_asked_again(visit, models):
    app = visit("pitfalls", exhibit="shortcut")
    (told,) = charts(app, "Probability of a fracture")
    assert "Toy" in told and "Simple CNN" in told
    (whole, first), (erased, second) = pictures(app)
    assert (whole, erased) == ("The film as it is", "The film with the metal erased")
    assert first != second
    before = drawn(app)

    app.segmented_control(key="shortcut-what").set_value(exhibit_shortcut.ELSEWHERE).run()
    assert drawn(app) != before
    assert pictures(app)[1][0] == "The film with as much erased elsewhere"

    app.segmented_control(key="shortcut-way").set_value(exhibit_shortcut.DRAW).run()
    before = drawn(app)
    app.slider(key="shortcut-place").set_value(4).run()
    assert drawn(app) != before
    assert pictures(app)[1][0] == "The film with drawn metal (screws)"
    assert "Of 2 models, the probability rises with" in texts(app.markdown)


@pytest.mark.parametrize(
    ("shifts", "told"),
    [
        (
            [(0.4, 0.6), (0.6, 0.4), (0.7, 0.705)],
            ["**1** and falls with **1**", "verdict of **2**"],
        ),
        ([(0.4, 0.45)], ["Of 1 model,", "**1** and falls with **0**", "verdict of **0**"]),
    ],
)
def test_what_a_treatment_did_is_told_in_a_sentence(checkpoints, shifts, told):
    card = ModelCard.read(checkpoints / "fracture/toy")  # fractured from 50 % on
    said = exhibit_changes.told([(card, shift) for shift in shifts])
    assert all(part in said for part in told), said


def test_a_model_published_anew_does_not_get_the_numbers_of_the_one_before(visit, models):
    app = visit("pitfalls", exhibit="shortcut")
    (told,) = charts(app, "Metal drawn: mean change")
    assert "Simple CNN" not in told and "simple_cnn" in told
    assert not [each for each in app.table if each.proto.alt.startswith("Metal drawn")]
    assert "the models that came with Lightbox" in texts(app.caption)


def test_the_numbers_on_metal_follow_what_was_done(visit, models, measured):
    app = visit("pitfalls", exhibit="shortcut")
    told = charts(app, "Metal drawn: mean change")
    assert len(told) == 1 and "Simple CNN" in told[0]
    app.segmented_control(key="shortcut-step").set_value("Metal erased").run()
    (other,) = charts(app, "Metal erased: mean change")
    n = len(shortcut.pairs("simple_cnn", shortcut.ERASED).groups)
    assert f"mean over {n} val films" in texts(app.caption)
    row = table(app, "Metal erased")
    assert row["Model"].tolist() == ["Simple CNN"]  # of the toys only it is in the table
    assert row["Mean change, in points"][0] in other
    assert "-" not in row["Mean change, in points"][0]
    assert "\N{MINUS SIGN}" in row["Mean change, in points"][0]


def test_a_film_on_which_no_metal_is_found_is_told(visit, models, monkeypatch):
    monkeypatch.setattr("core.metal.find_metal", lambda grey: grey > 255)
    app = visit("pitfalls", exhibit="shortcut")
    assert "No metal is found on this film" in texts(app.info)
    assert not charts(app, "Probability of a fracture") and not app.error


def test_the_gate_is_switched_on_and_stops_a_pipe(visit, models, gate):
    app = visit("pitfalls", exhibit="no-gate")
    assert "The gate is off" in texts(app.info)
    off = charts(app, "Pictures that are no bone")
    verdicts = table(app, "What every model says")["Verdict"].tolist()
    assert len(verdicts) == 2 and not any("stopped" in word for word in verdicts)

    gate(opened=False)  # nothing lies nearer to it than 0
    app.toggle(key="gate-on").set_value(True).run()
    app.slider(key="gate-distance").set_value(exhibit_gate.NEAREST).run()
    assert charts(app, "Pictures that are no bone") != off
    wrongly = [metric.value for metric in app.metric if "wrongly" in metric.label]
    assert wrongly == [
        "{} of {}".format(*no_gate.stopped(kind, exhibit_gate.NEAREST))
        for kind in (no_gate.FILMS, no_gate.KNEES)
    ]


@pytest.mark.parametrize(("at", "stopped"), [(exhibit_gate.NEAREST, True), (10.0, False)])
def test_a_picture_beyond_the_distance_gets_no_verdict(visit, models, monkeypatch, at, stopped):
    monkeypatch.setattr("core.quality.Gate.distance", lambda self, embeddings: [5.0])
    app = visit("pitfalls", exhibit="no-gate")
    app.toggle(key="gate-on").set_value(True).run()
    app.slider(key="gate-distance").set_value(at).run()
    assert ("Stopped" in texts(app.error)) == stopped
    assert ("lets it pass" in texts(app.success)) != stopped
    verdicts = table(app, "What every model says")["Verdict"]
    assert all((word == "none: stopped") == stopped for word in verdicts)


@pytest.mark.parametrize(
    ("name", "data", "error"),
    [
        ("mine.png", encoded(np.eye(64, dtype=np.uint8) * 200, "PNG"), ""),
        ("mine.png", b"no picture", "mine"),
    ],
)
def test_the_visitors_own_picture_is_asked_about(visit, models, name, data, error):
    app = visit("pitfalls", exhibit="no-gate")
    app.segmented_control(key="gate-source").set_value(exhibit_gate.OWN).run()
    assert "Choose a picture of anything" in texts(app.info)
    app.file_uploader(key="gate-file").set_value((name, data, "image/png")).run()
    assert not app.exception
    assert bool(app.error) == bool(error)
    tables = [each for each in app.table if each.proto.alt.startswith("What every model says")]
    assert bool(tables) != bool(error)


def test_more_of_the_joint_is_hidden_and_the_grades_asked_again(visit, models):
    app = visit("pitfalls", exhibit="joint-hidden")
    (before,) = charts(app, "Probability of every grade")
    (curve,) = charts(app, "Weighted kappa as more is hidden")
    app.select_slider(key="joint-amount").set_value(2.0).run()
    assert charts(app, "Probability of every grade") != [before]
    assert charts(app, "Weighted kappa as more is hidden") != [curve]
    assert "200\N{NARROW NO-BREAK SPACE}% of the joint" in set(
        table(app, "What the grades are worth")["Hidden"]
    )
    assert "Weighted kappa" in table(app, "What the grades are worth")
    app.segmented_control(key="joint-way").set_value(exhibit_joint.ONLY).run()
    assert pictures(app)[0][0] == "The knee with all but the joint hidden"
    app.segmented_control(key="joint-measure").set_value("sure").run()
    assert charts(app, "Called at 50 % or more as more is hidden")
    assert "Called at 50 % or more" in table(app, "What the grades are worth")


def test_a_film_without_a_joint_is_told(visit, models, monkeypatch):
    from core.joint import NoJoint

    def none(grey):
        raise NoJoint("No joint line is seen.")

    monkeypatch.setattr("core.joint.find_joint", none)
    app = visit("pitfalls", exhibit="joint-hidden")
    assert "There is no joint to hide. No joint line is seen." in texts(app.info)
    assert not charts(app, "Probability of every grade") and not app.error

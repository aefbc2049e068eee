"""A model that is published, replaced or withdrawn while a page is open shows there at once."""

import shutil

import pytest

from core import publishing
from core.models import find
from core.ui import watch
from tests import toy_models

# Page → what publishes a model for it, its task, its chooser's key, the first model's name.
ROOMS = {
    "fracture": (toy_models.publish, "fracture", "model"),
    "severity": (toy_models.publish_graded, "severity", "grader"),
    "inpaint": (toy_models.publish_painter, "inpaint", "painter"),
    "sketch": (toy_models.publish_sketcher, "sketch", "sketcher"),
}


def probability(app) -> str:
    """What the verdict's headline says: "Fracture likely · 63 %"."""
    return next(line.value for line in app.subheader if "%" in line.value).partition("·")[2]


@pytest.mark.parametrize("room", ROOMS)
def test_the_choosers_follow_what_is_published_renamed_and_withdrawn(visit, checkpoints, room):
    publish, task, key = ROOMS[room]
    if task != "fracture":
        publish(checkpoints, "toy")
    app = visit(room)
    publish(checkpoints, "fresh", title="Fresh", run="r1")
    app.run()
    chooser = app.selectbox(key=key)
    assert any(option.startswith("Fresh") for option in chooser.options)
    chooser.set_value("fresh").run()
    assert not app.exception and app.query_params["model"] == "fresh"
    card = publishing.rename(find(checkpoints, task, "fresh"), "newer", "Newer", "S.")
    app.run()
    assert not app.exception
    assert any(option.startswith("Newer") for option in app.selectbox(key=key).options)
    app.selectbox(key=key).set_value("newer").run()
    publishing.unpublish(card)
    app.run()
    assert not app.exception
    chooser = app.selectbox(key=key)
    assert chooser.value == "toy" and not any("Newer" in option for option in chooser.options)


def test_the_last_model_of_a_page_may_go(visit, checkpoints):
    app = visit("fracture")
    shutil.rmtree(checkpoints / "fracture/toy")
    app.run()
    assert not app.exception
    assert "no fracture model here" in app.error[0].value


def test_a_model_replaced_under_its_name_answers_anew_at_its_own_threshold(visit, checkpoints):
    app = visit("fracture")
    app.slider(key="threshold-toy").set_value(0.9).run()
    before = probability(app)
    point = {"name": "Youden", "threshold": 0.125}
    point |= {"sensitivity": 0.9, "specificity": 0.8, "ppv": 0.6, "n": 4}
    shutil.rmtree(checkpoints / "fracture/toy")
    # The same network, calibrated otherwise.
    calibration = {"temperature": 1.0, "bias": 2.0}
    toy_models.publish(checkpoints, "toy", operating_points=[point], calibration=calibration)
    app.run()
    assert not app.exception
    assert app.slider(key="threshold-toy").value == 0.125
    assert probability(app) != before


def test_an_open_page_reruns_when_the_catalogue_changes_and_only_then(checkpoints, monkeypatch):
    reruns = []
    monkeypatch.setattr(watch.st, "session_state", {})
    monkeypatch.setattr(watch.st, "rerun", lambda: reruns.append(1))
    look = watch._look.__wrapped__  # as its timer calls it
    watch.catalogue(checkpoints)
    look(checkpoints)
    assert not reruns
    toy_models.publish(checkpoints, "other")
    look(checkpoints)
    assert len(reruns) == 1
    watch.catalogue(checkpoints)
    look(checkpoints)
    assert len(reruns) == 1


@pytest.mark.parametrize(("training", "looks"), [("on", True), ("off", False)])
def test_only_where_models_are_trained_is_the_catalogue_watched(
    visit, monkeypatch, training, looks
):
    monkeypatch.setenv("LIGHTBOX_TRAINING", training)
    assert (watch._SEEN in visit("start").session_state) is looks

"""A model that is published, replaced or withdrawn while a page is open shows there at once."""

import re
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


def warnings(app) -> list[str]:
    """What stands on the page of models that came and went."""
    return [one.value for one in app.warning if one.value.startswith("The model")]


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
    assert app.selectbox(key=key).value == app.query_params["model"] == "newer"
    assert "The model Fresh was renamed: it is Newer now, and answers as before." in warnings(app)
    publishing.unpublish(card)
    app.run()
    assert not app.exception
    chooser = app.selectbox(key=key)
    assert chooser.value == "toy" and not any("Newer" in option for option in chooser.options)
    gone = "The model Newer was withdrawn or is damaged: Toy is used now."
    assert gone in warnings(app.run())  # and it stands until the visitor chooses
    publish(checkpoints, "third", run="r3")
    app.run().selectbox(key=key).set_value("third").run()
    assert not app.exception and not warnings(app)


@pytest.mark.parametrize("room", ROOMS)
def test_what_is_said_of_a_model_moves_nothing_on_the_page(visit, checkpoints, room):
    publish, task, key = ROOMS[room]
    publish(checkpoints, "fresh", run="r1")
    if task != "fracture":
        publish(checkpoints, "toy")
    app = visit(room)
    app.selectbox(key=key).set_value("fresh").run()
    before = [type(child) for child in app.main.children.values()]
    publishing.rename(find(checkpoints, task, "fresh"), "newer", "Newer", "S.")
    app.run()
    assert warnings(app)
    assert [type(child) for child in app.main.children.values()] == before


def test_a_threshold_goes_along_with_a_name(visit, checkpoints):
    toy_models.publish(checkpoints, "fresh", run="r1")
    app = visit("fracture", model="fresh")
    app.slider(key="threshold-fresh").set_value(0.75).run()
    publishing.rename(find(checkpoints, "fracture", "fresh"), "newer", "Newer", "S.")
    app.run()
    assert app.slider(key="threshold-newer").value == 0.75


def test_a_fill_stays_when_its_network_is_renamed_and_goes_when_it_is_withdrawn(visit, checkpoints):
    toy_models.publish_painter(checkpoints, "fresh", run="r1")
    app = visit("inpaint", sample="screwed-knee", model="fresh")
    for label in ("Use the true mask", "Fill"):
        next(button for button in app.button if button.label == label).click().run()
    assert app.subheader[0].value == "Filled by Fresh"
    card = publishing.rename(find(checkpoints, "inpaint", "fresh"), "newer", "Newer", "S.")
    app.run()
    assert app.subheader[0].value == "Filled by Newer"
    assert not any("is older" in warning.value for warning in app.warning)
    publishing.unpublish(card)
    app.run()
    assert not app.exception and not app.subheader


@pytest.mark.parametrize(
    ("n", "option", "caption"),
    [
        (8, "Fresh · AUROC .750 on 8 films", "no more than 8 validation films, so it may be"),
        (603, "Fresh · AUROC .750", "(.700 to .800). Measured on 603 validation films."),
    ],
)
def test_a_number_on_few_films_never_stands_alone(visit, checkpoints, n, option, caption):
    toy_models.publish(checkpoints, "fresh", validation={"n": n, "data": "toys"})
    app = visit("fracture", model="fresh")
    assert option in app.selectbox(key="model").options
    assert any(caption in told.value for told in app.caption)


@pytest.mark.parametrize("run", ["r1", None])
@pytest.mark.parametrize("room", ROOMS)
def test_a_page_names_what_its_model_learned_from(visit, checkpoints, room, run):
    publish, _, _ = ROOMS[room]
    publish(checkpoints, "fresh", run=run, training_data={"name": "my *phantoms*", "n": 1234})
    query = {"sample": "screwed-knee"} if room == "inpaint" else {}
    app = visit(room, model="fresh", **query)
    for label in ("Use the true mask", "Fill") if room == "inpaint" else ():
        next(button for button in app.button if button.label == label).click().run()
    limits = "It sees one|nothing on the film tells|paints what is likely"
    told = next(text.value for text in app.markdown if re.search(limits, text.value))
    assert ("1,234" in told and r"my \*phantoms\*" in told) is bool(run)
    assert any(word in told for word in ("hips", "American", "light skin")) is not bool(run)


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
    said = "The model Toy was replaced: the one published as Toy is used now."
    assert said in warnings(app)


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

import re
from importlib import import_module

import pytest

from core.lesions import CODES
from core.ui.exhibits import ENTRIES
from tests.toy_models import publish_sketcher

FIRST = ENTRIES[0]
CONTROLS = {  # of each exhibit here: the control, and where it is moved to
    "leak": ("slider", "leak-share", 100),
    "stacked-leak": ("radio", "stacked-way", "out_of_fold"),
    "swapped-class": ("radio", "swapped-positive", "fractured"),
    "majority-class": ("slider", "majority-share", 0),
    "fid": ("select_slider", "fid-n", 901),
}


def figures(app) -> list[str]:
    return [chart.proto.spec for chart in app.get("plotly_chart")]


def module(entry):
    return import_module(f"core.ui.{entry.module}")


@pytest.fixture
def sketcher(checkpoints):
    """A generator with what a classifier says of eight pictures: six naevi and two melanomas."""
    folder = publish_sketcher(checkpoints)
    header = f"image,label,{','.join(CODES)}\n"
    rows = [("nv", "mel")] * 5 + [("nv", "nv")] + [("mel", "mel")] * 2
    lines = [
        f"{at},{true}," + ",".join("01"[c == said] for c in CODES)
        for at, (true, said) in enumerate(rows)
    ]
    (folder / "predictions.csv").write_text(header + "\n".join(lines) + "\n")


@pytest.mark.parametrize("entry", ENTRIES, ids=[entry.slug for entry in ENTRIES])
def test_every_exhibit_opens_by_its_address_moves_and_says_what_follows(visit, sketcher, entry):
    app = visit("pitfalls", exhibit=entry.slug)
    assert not app.exception and not app.error
    said = module(entry)
    assert said.TITLE in [header.value for header in app.header]
    assert f"**{said.QUESTION}**" in [text.value for text in app.markdown]
    assert app.info[-1].value == said.SO_WHAT
    if entry.slug in CONTROLS:
        its_control_changes_the_figure_and_the_numbers(app, *CONTROLS[entry.slug])


def its_control_changes_the_figure_and_the_numbers(app, kind: str, key: str, value):
    before = figures(app), [metric.value for metric in app.metric]
    getattr(app, kind)(key=key).set_value(value).run()
    after = figures(app), [metric.value for metric in app.metric]
    assert not app.exception
    assert before[0] and len(before[0]) == len(after[0])
    assert before[0] != after[0] and before[1] != after[1]


@pytest.mark.parametrize("entry", ENTRIES, ids=[entry.slug for entry in ENTRIES])
def test_what_follows_is_told_in_two_sentences(entry):
    said = module(entry)
    assert len(re.findall(r"[.?!](?=\s|$)", said.SO_WHAT)) == 2
    assert len(re.findall(r"[.?!](?=\s|$)", said.QUESTION)) == 1


def test_seventy_per_cent_opens_where_it_is_reached_without_looking(visit, sketcher):
    app = visit("pitfalls", exhibit="majority-class")
    value = {metric.label: metric.value for metric in app.metric}
    assert value["Accuracy"] == value["Always “naevus”"]


def test_an_order_that_is_not_turned_at_32_pictures_is_not_told_as_if_it_were(visit):
    app = visit("pitfalls", exhibit="fid")
    said = " ".join(text.value for text in app.markdown)
    assert "holds in every draw; of 8, it is turned in **6 of 10**" in said
    assert "**0 of 10**" not in said


def test_an_unknown_exhibit_is_told_and_the_first_one_opened(visit):
    app = visit("pitfalls", exhibit="phlogiston")
    assert not app.exception
    assert "not here" in app.warning[0].value
    assert module(FIRST).TITLE in [header.value for header in app.header]


def test_without_an_address_the_first_one_is_open_and_another_chosen_by_hand(visit):
    app = visit("pitfalls")
    assert not app.exception and not app.warning
    assert module(FIRST).TITLE in [header.value for header in app.header]
    app.pills(key="pitfalls-exhibit").set_value("swapped-class").run()
    assert not app.exception
    assert app.query_params["exhibit"] in ("swapped-class", ["swapped-class"])
    assert "One matrix, two readings" in [header.value for header in app.header]


def test_our_own_films_are_counted_at_the_threshold(visit):
    app = visit("pitfalls", exhibit="swapped-class")
    app.segmented_control(key="swapped-films").set_value("Our validation films").run()
    app.radio(key="swapped-positive").set_value("fractured").run()
    app.slider(key="swapped-threshold").set_value(50).run()
    assert not app.exception
    assert [metric.value for metric in app.metric][2] == "1"
    assert any("1 of 2 broken bones were missed" in text.value for text in app.markdown)
    app.slider(key="swapped-threshold").set_value(20).run()
    assert any("0 of 2 broken bones were missed" in text.value for text in app.markdown)


def test_without_models_the_exhibits_say_what_is_missing(visit, checkpoints):
    (checkpoints / "fracture/toy/predictions.csv").unlink()
    app = visit("pitfalls", exhibit="swapped-class")
    assert not app.exception and not app.segmented_control
    assert app.metric[2].value == "1"
    app = visit("pitfalls", exhibit="majority-class")
    assert not app.exception
    assert "restore the folders" in app.info[0].value

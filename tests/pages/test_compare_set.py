"""Compare on a labelled set: validation films, films that are brought, and bad input."""

import io
import zipfile

import numpy as np
import pytest

from core.labelled_cards import from_cards
from core.models import catalogue
from core.samples import png
from core.ui.compare_set_numbers import structure
from core.ui.compare_set_standing import predictions as rows_of
from tests.toy_models import publish, publish_graded

FILMS = 24
HEAD = "image,label,not fractured,fractured\n"


def predictions(right: int) -> str:
    """So many films called right by a threshold of one half, every third fractured."""
    rows = []
    for at in range(FILMS):
        label = int(at % 3 == 0)
        chance = 0.6 + at / 100 if label == (at < right) else 0.1 + at / 100
        rows.append(f"{at}.png,{label},{1 - chance:.2f},{chance:.2f}")
    return HEAD + "\n".join(rows) + "\n"


@pytest.fixture
def models(checkpoints):
    """Two models with predictions on the same films, and what is known of these."""
    other = publish(checkpoints, "other")
    (checkpoints / "fracture/toy/predictions.csv").write_text(predictions(22))
    (other / "predictions.csv").write_text(predictions(13))
    table = "".join(f"{at}.png,{at // 2},{'hand' if at % 2 else 'leg'}\n" for at in range(FILMS))
    (checkpoints / "fracture/films.csv").write_text("image,group,Region\n" + table)
    return checkpoints


def opened(visit, part: str = "standing", **asked):
    return clean(visit("compare", view="set", task="fracture", part=part, **asked))


def clean(app):
    assert not app.exception
    return app


def said(app) -> str:
    """Everything the page says in words."""
    kinds = (app.markdown, app.caption, app.info, app.warning, app.error)
    return "\n".join(element.value for kind in kinds for element in kind)


def test_models_are_measured_on_the_films_that_all_read(visit, models):
    app = opened(visit)
    assert "**n = 24** films in 12 groups, 8 (33" in said(app)
    (table,) = (t.value for t in app.table)
    accuracy = dict(zip(table["Model"], table["Accuracy"], strict=True))
    assert len(accuracy) == 2
    assert accuracy["Toy"].startswith(".917 (") and accuracy["Other"].startswith(".542 (")
    assert len(app.get("plotly_chart")) == 3  # the curves, and a matrix of each
    app.segmented_control(key="compare-set-curve").set_value("reliability").run()
    assert len(clean(app).get("plotly_chart")) == 3


def test_every_prediction_can_be_downloaded(models):
    cards = sorted(catalogue(models, "fracture"), key=lambda card: card.name)
    rows = rows_of(from_cards(cards, models / "fracture/films.csv"), ["Other", "Toy"])
    assert len(rows) == FILMS and rows[1]["Region"] == "hand" and rows[1]["group"] == "0"
    assert rows[0]["label"] == rows[0]["Toy: called"] == "fractured"
    assert rows[0]["Toy: p(fractured)"] == pytest.approx(0.6)
    assert rows[23]["Other: called"] == "fractured" != rows[23]["label"]


def test_on_which_films(visit, models):
    app = opened(visit, "kinds", by="Region")
    assert app.selectbox(key="compare-set-fracture-by").value == "Region"
    assert len(app.get("plotly_chart")) == 1
    assert "Much is chance where fewer than 30 films count: " in said(app)
    assert r"leg \(4\)" in said(app) and r"hand \(4\)" in said(app)  # of the rarer class


def test_without_attributes_that_is_said(visit, models):
    (models / "fracture/films.csv").unlink()
    app = opened(visit, "kinds")
    assert "Nothing is known of these films but their labels" in said(app)


def test_one_against_another(visit, models):
    app = opened(visit, "duel", pair="toy,other")
    words = said(app)
    assert "Of n = 24 films, 9 only Toy gets right and 0 only Other." in words
    assert "p = .004, McNemar's exact test): Toy is right more often." in words
    assert "**AUROC** is " in words and "Toy is better by more than chance" in words
    assert len(app.dataframe[0].value) == 9
    app.selectbox(key="compare-set-fracture-second").set_value("toy").run()
    assert "no model is better than itself" in said(clean(app))


def test_a_threshold_is_told_in_people(visit, models):
    app = opened(visit, "threshold", pair="toy", threshold="0.5", prevalence="0.2")
    counts = {metric.label: int(metric.value) for metric in app.metric}
    assert counts["Found"] + counts["Missed"] == 200
    assert counts["Called in vain"] + counts["Spared"] == 800
    assert "Of 1,000 people who are X-rayed, 200 of them fractured, Toy calls" in said(app)
    app.slider(key="compare-set-fracture-threshold").set_value(1.0).run()
    assert {m.label: m.value for m in clean(app).metric}["Missed"] == "200"
    app.selectbox(key="compare-set-fracture-model").set_value("all").run()
    assert clean(app).table[0].value["Missed"].notna().all() and not app.metric


@pytest.mark.parametrize(
    "asked",
    [
        {"part": "standing", "curve": "reliability", "models": "toy"},
        {"part": "kinds", "by": "Region", "measure": "brier", "models": "other,toy"},
        {"part": "duel", "pair": "toy,other", "only": "neither", "models": "other,toy"},
        {
            "part": "threshold",
            "pair": "other",
            "threshold": "0.25",
            "prevalence": "0.3",
            "models": "other",
        },
    ],
    ids=lambda asked: asked["part"],
)
def test_the_address_reopens_the_view_and_keeps_it(visit, models, asked):
    app = opened(visit, **asked)
    assert not app.warning
    chosen = app.multiselect(key="compare-set-fracture-models").value
    assert chosen == asked["models"].split(",")
    assert app.query_params == {"view": "set", "task": "fracture"} | asked


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"part": "nonsense"}, "The link's part is not here"),
        ({"part": "threshold", "threshold": "2"}, "The link's threshold was left out"),
        ({"part": "threshold", "prevalence": "x"}, "The link's prevalence was left out"),
        (
            {"part": "standing", "models": "gone,toy"},
            "Some models that were asked for are not here",
        ),
        ({"part": "kinds", "by": "Weather"}, "not known by what the link asks for"),
        ({"part": "duel", "only": "both"}, "The link's only was left out"),
        ({"models": "toy,toy"}, "**n = 24** films"),
    ],
    ids=lambda value: "" if isinstance(value, str) else "-".join(value),
)
def test_what_the_address_asks_for_in_vain_is_said(visit, models, asked, sentence):
    assert sentence in said(opened(visit, **asked))


def test_models_that_share_no_film(visit, models):
    (models / "fracture/other/predictions.csv").write_text(HEAD + "z.png,1,.1,.9\n")
    app = opened(visit)  # begins with those that share theirs
    assert "**n = 24** films" in said(app)
    app.multiselect(key="compare-set-fracture-models").set_value(["other", "toy"]).run()
    assert "measured on different films" in said(clean(app))


def test_a_task_without_models(visit, models):
    app = clean(visit("compare", view="set", task="lesion"))
    assert "no model here for this task" in said(app)


def test_films_of_one_true_grade_are_asked_what_they_can_tell(visit, models):
    folder = publish_graded(models)
    rows = "".join(f"{at}L.png,{at % 5},.2,.2,.2,.2,.2\n" for at in range(10))
    (folder / "predictions.csv").write_text("image,label,0,1,2,3,4\n" + rows)
    app = clean(visit("compare", view="set", task="severity", part="kinds", by="True grade"))
    assert app.selectbox(key="compare-set-severity-measure").options == [
        "Accuracy",
        "Mean error, grades",
    ]
    app.selectbox(key="compare-set-severity-by").set_value("Side").run()
    assert "Weighted kappa" in clean(app).selectbox(key="compare-set-severity-measure").options


def test_a_pack_in_the_data_folder_is_read_when_asked_to(visit, models, tmp_path):
    for name, level in {"fractured/a.png": 230, "normal/b.png": 20}.items():
        path = tmp_path / "data/frac" / name
        path.parent.mkdir(parents=True)
        path.write_bytes(film(level))
    app = opened(visit)
    app.segmented_control(key="compare-set-data").set_value("Labelled films of yours").run()
    app.segmented_control(key="compare-set-source").set_value("In the data folder").run()
    clean(app).button(key="compare-set-read").click().run()
    assert "**n = 2** films" in said(clean(app))


def zipped(files: dict[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return held.getvalue()


def film(level: int) -> bytes:
    return png(np.full((40, 32), level, np.uint8))


def brought(visit, task: str, data: bytes):
    """The page after a zip was brought."""
    app = clean(visit("compare", view="set", task=task, part="duel"))
    app.segmented_control(key="compare-set-data").set_value("Labelled films of yours").run()
    assert "Bring films with their labels" in said(clean(app))
    app.file_uploader(key="compare-set-zip").set_value(("class.zip", data, "application/zip")).run()
    return clean(app)


def test_a_zip_that_is_brought_is_read_by_every_model(visit, models):
    levels = {"fractured/a.png": 230, "fractured/b.png": 200, "normal/c.png": 20, "odd/d.png": 9}
    files = {name: film(level) for name, level in levels.items()} | {"normal/e.png": b"no picture"}
    app = brought(visit, "fracture", zipped(files))
    words = said(app)
    assert "**n = 3** films, 2 (67" in words and "class\\.zip" in words
    assert "Left out for want of a label that is a class: 1 (“odd”)" in words
    assert "e\\.png" in words  # among those that could not be read
    assert "A link to this page does not carry them." in words


def test_knees_that_are_brought_are_graded(visit, models):
    publish_graded(models)
    files = {f"{grade}/900{grade}L.png": film(60 * grade + 5) for grade in range(5)}
    app = brought(visit, "severity", zipped(files))
    assert "**n = 5** films, 3 (60" in said(app)
    app.segmented_control(key="compare-set-part").set_value("standing").run()
    assert len(clean(app).table) == 1


def test_a_table_that_is_brought_may_call_its_columns_as_it_likes(visit, models):
    table = "image,label,picture\na.png,1,good\nb.png,0,bad\nc.png,1,bad\n"
    files = {"a.png": film(230), "b.png": film(20), "c.png": film(20)}  # one under two labels
    app = brought(visit, "fracture", zipped(files | {"labels.csv": table.encode()}))
    assert "One is a copy of another, under another label" in said(app)
    app.segmented_control(key="compare-set-only").set_value("neither").run()
    shown = clean(app).dataframe[0].value
    assert shown["Film"].tolist() == ["b.png"] and shown["Table: picture"].tolist() == ["bad"]
    app.segmented_control(key="compare-set-part").set_value("kinds").run()
    assert clean(app).selectbox(key="compare-set-fracture-by").value == "Table: picture"
    app.segmented_control(key="compare-set-data").set_value("Validation films").run()
    assert clean(app).selectbox(key="compare-set-fracture-by").value == "Region"
    assert "link asks for" not in said(app)


def test_published_films_that_are_brought_are_told_from_others(visit, models):
    levels = {"fractured/0.png": 230, "normal/1.png": 20, "fractured/x.png": 200}
    files = {name: film(level) for name, level in levels.items()}
    app = brought(visit, "fracture", zipped(files))
    assert "**n = 2** films" in said(app) and "The pack tells no splits." in said(app)
    app.segmented_control(key="compare-set-split-fracture").set_value("train").run()
    assert "Every label is fractured" in said(clean(app)) and "score is too good" in said(app)


def test_draws_are_kept_under_no_patients_name():
    key = structure(np.array(["Ann", "Bob", "Ann"], object))
    assert key == structure(np.array([1, 2, 1], object)) != structure(np.array([1, 1, 2], object))
    assert b"Ann" not in key


BAD = {
    "no zip": (b"text", "is damaged or no zip"),
    "no labels": (zipped({"a.png": film(9)}), "carry no labels: put them into folders"),
    "other folders": (zipped({"cat/a.png": film(9)}), "match no class: found are “cat”; known are"),
    "one class": (zipped({"normal/a.png": film(9)}), "Every label is not fractured"),
    "no film": (
        zipped({"normal/a.png": b"x" * 20, "fractured/b.png": b""}),
        "No film of the 2 can be read",
    ),
    "a bomb": (zipped({"normal/a.png": bytes(10)}) + b"PK\x01\x02" * 6000, "holds more than"),
}


@pytest.mark.parametrize(("data", "reason"), BAD.values(), ids=BAD)
def test_what_is_brought_in_vain_is_told_in_one_sentence(visit, models, data, reason):
    app = brought(visit, "fracture", data)
    (error,) = app.error
    assert reason in error.value.replace("\\", "")

"""The severity page: with no input, good input and bad input."""

import csv
import io
import json
import re
import zipfile
from collections import Counter

import numpy as np
import pytest

from core import samples
from core.phantoms import knee
from core.ui import cached_knees, film, knee_batch, source
from tests.bad_files import encoded
from tests.toy_models import publish_graded

EXHIBITS = samples.knee_gallery()
FILM = EXHIBITS[0].data()
GRADE = r"Grade ([0-4]), [a-z ]+ · [<>]?\d+\s%"
REFUSED = "This does not look like a whole knee"
JOINT, ERASE, BRUSH = "Hide the joint", "Erase what it looked at", "Hide with a brush"
TRUE, CALLED = "001122334440", "001223344432"
PREDICTIONS = "image,label,0,1,2,3,4\n" + "".join(
    f"film,{true}," + ",".join(".6" if grade == called else ".1" for grade in "01234") + "\n"
    for true, called in zip(TRUE, CALLED, strict=True)
)


@pytest.fixture(autouse=True)
def toy(checkpoints):
    """The folder of a grader with predictions and without a gate."""
    folder = publish_graded(checkpoints, mae={"value": 0.5})
    (folder / "predictions.csv").write_text(PREDICTIONS)
    return folder


@pytest.fixture
def gate(toy):
    """Give the toy a gate that lets everything or nothing pass: `gate(opened)`.

    Everything lies at the same distance, so on a large film the first place that is tried wins.
    """

    def gate(opened: bool) -> None:
        nothing = np.zeros((1, 8), np.float32)
        np.savez(
            toy / "gate.npz",
            mean=nothing,
            basis=nothing[None],
            spread=np.ones((1, 1)),
            residual=np.full(1, np.inf),
            threshold=np.inf if opened else -1.0,
        )

    return gate


def headings(app) -> str:
    """The headings below the title; the grade or the refusal is one of them."""
    assert not app.exception
    return " / ".join(heading.value for heading in app.subheader)


def grade(app) -> int:
    """The grade in the heading; there must be one and no more."""
    (called,) = re.findall(GRADE, headings(app))
    return int(called)


def texts(elements) -> str:
    return " / ".join(str(element.value) for element in elements)


def answers(app) -> list[str]:
    """The sentences in bold, each a paragraph of its own: what a question comes to."""
    found = (re.fullmatch(r"\*\*([A-Z].+\.)\*\*", element.value) for element in app.markdown)
    return [match[1] for match in found if match]


def bars(app) -> list[list[str]]:
    """The names in each chart of probabilities, in the page's order."""
    charts = [chart.proto for chart in app.get("plotly_chart")]
    charts = [chart for chart in charts if chart.alt.startswith("Probability of every grade")]
    return [[trace["name"] for trace in json.loads(chart.spec)["data"]] for chart in charts]


def picture(app, alt: str) -> str:
    """The address of the picture whose words begin so; it changes with what is drawn."""
    images = [image for element in app.get("image") for image in element.proto.imgs]
    (found,) = [image.url for image in images if image.alt.startswith(alt)]
    return found


def table(app, alt: str):
    (found,) = [each.value for each in app.table if each.proto.alt == alt]
    return found


def uploading(app, *files: tuple[str, bytes]):
    """The page after these (name, bytes) are uploaded together."""
    app.segmented_control(key="source").set_value("Your own films").run()
    given = [(name, data, "application/octet-stream") for name, data in files]
    return app.file_uploader(key="files").set_value(given).run()


def toggle(app, purpose: str):
    """The switch of the film that is looked at: "insist" or "invert"."""
    return next(toggle for toggle in app.toggle if toggle.key.startswith(purpose))


def choosing_row(app, row: int):
    app.session_state["knee-row"] = {"selection": {"rows": [row], "columns": [], "cells": []}}
    return app.run()


def data(slug: str) -> bytes:
    return next(sample for sample in EXHIBITS if sample.slug == slug).data()


def archive() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("film.png", FILM)
    return file.getvalue()


ODD = {
    "40 pixels": np.ascontiguousarray(knee(3, 0).pixels[92:132, 92:132]),
    "half a knee": np.ascontiguousarray(knee(3, 0).pixels[:, :112]),
    "blank": np.full((96, 96), 90, np.uint8),
    "a strip": knee(3, 0).pixels[:70].repeat(8, 1),
}


def test_no_model_at_all(visit, toy):
    (toy / "card.json").unlink()
    app = visit("severity")
    assert "no model here that grades knees" in texts(app.error)
    assert not app.exception and not app.subheader


def test_own_films_wait_for_a_file(visit):
    app = visit("severity")
    app.segmented_control(key="source").set_value("Your own films").run()
    assert "Choose one or more knee films" in texts(app.info)
    assert not app.exception and not app.subheader
    assert app.query_params["model"] == "toy" and "sample" not in app.query_params


@pytest.mark.parametrize("sample", EXHIBITS, ids=lambda sample: sample.slug)
def test_every_sample_is_graded_at_once_beside_its_truth(visit, gate, sample):
    gate(opened=True)
    app = visit("severity", sample=sample.slug)
    assert grade(app) in range(5)
    assert not app.warning and not app.error
    assert app.selectbox(key="knee").value == sample.slug
    truth = re.search(r"Truth: \*\*(.+?)\*\*", texts(app.markdown))[1]
    assert truth.replace("\\", "") == sample.truth


def test_an_uploaded_film_is_graded_and_its_truth_is_not_known(visit):
    app = uploading(visit("severity"), ("film.png", FILM))
    assert grade(app) == grade(visit("severity", sample=EXHIBITS[0].slug))
    assert "Truth" not in texts(app.markdown)
    assert "sample" not in app.query_params


def test_the_grade_is_the_most_probable_one(visit):
    app = visit("severity")
    alt = app.get("plotly_chart")[0].proto.alt
    chances = [int(number) for number in re.findall(r"grade \d <?(\d+)\s%", alt)]
    assert len(chances) == 5 and abs(sum(chances) - 100) <= 3
    assert np.argmax(chances) == grade(app)
    assert f"· {max(chances)}" in headings(app)


def test_every_picture_chart_and_table_has_words(visit, gate):
    gate(opened=True)
    app = visit("severity", sample="both-knees")
    app.toggle(key="beside").set_value(True).run()
    seen = [app]
    for question in (ERASE, BRUSH):
        seen.append(visit("severity", sample="both-knees"))
        seen[-1].segmented_control(key="question").set_value(question).run()
    seen.append(uploading(visit("severity"), ("a.png", FILM), ("b.png", FILM)))
    counts = dict.fromkeys(("image", "plotly_chart", "table", "dataframe"), 0)
    for app in seen:
        assert not app.exception
        for kind in counts:
            for element in app.get(kind):
                images = getattr(element.proto, "imgs", None)
                words = [image.alt for image in images] if images else [element.proto.alt]
                assert all(words), (kind, words)
                counts[kind] += 1
    assert counts["image"] >= 12 and counts["plotly_chart"] >= 12
    assert counts["table"] >= 9 and counts["dataframe"] == 1


@pytest.mark.parametrize(
    ("name", "bad", "sentence"),
    [
        ("film.png", archive(), "zip"),
        ("film.png", b"Dear colleague, please find enclosed the film.", "PNG, JPEG, TIFF"),
        ("film.png", FILM[: len(FILM) // 2], "cut short"),
        ("film.png", b"", "empty"),
        ("film.dcm", encoded(np.zeros((8, 8), np.uint8), "PNG"), "8 by 8"),
    ],
    ids=["zip", "text", "truncated", "empty", "tiny"],
)
def test_a_bad_file_gets_a_sentence_and_nothing_is_lost(visit, checkpoints, name, bad, sentence):
    publish_graded(checkpoints, "other", lean=0.5)
    app = visit("severity", model="other", target="2")
    uploading(app, (name, bad))
    assert not app.exception and not app.subheader
    assert sentence in texts(app.error)
    uploading(app, (name, bad), ("good.png", FILM))
    assert "2 films, 1 knee graded" in headings(app)
    assert app.selectbox(key="grader").value == "other"
    assert app.selectbox(key="target").value == "2"


@pytest.mark.parametrize("opened", [None, True, False], ids=["no gate", "open", "closed"])
@pytest.mark.parametrize("odd", ODD)
def test_an_odd_film_is_refused_or_graded_without_a_joint(visit, gate, odd, opened):
    if opened is not None:
        gate(opened)
    app = uploading(visit("severity"), ("odd.png", encoded(ODD[odd], "PNG")))
    refused = "too small" in headings(app) if odd == "40 pixels" else REFUSED in headings(app)
    if refused:
        assert opened is not None and not re.search(GRADE, headings(app))
        toggle(app, "insist").set_value(True).run()
    else:
        assert opened is not False
    assert grade(app) in range(5)
    assert not app.metric
    assert "There is no joint to hide" in texts(app.info)
    if odd == "40 pixels":
        assert "too small" in texts(app.info)


def test_a_film_that_is_no_knee_has_no_grade_until_the_visitor_insists(visit, gate):
    gate(opened=False)
    app = visit("severity")
    assert headings(app) == REFUSED
    assert not bars(app) and not app.metric
    toggle(app, "insist").set_value(True).run()
    assert grade(app) in range(5) and REFUSED in headings(app)
    toggle(app, "insist").set_value(False).run()
    assert headings(app) == REFUSED


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda toy: None, "No model here carries a gate"),
        (lambda toy: (toy / "gate.npz").write_bytes(b"no gate"), "restore gate.npz"),
    ],
    ids=["missing", "damaged"],
)
def test_without_a_gate_the_page_says_so_and_grades(visit, toy, damage, sentence):
    damage(toy)
    app = visit("severity")
    assert "cannot be checked" in texts(app.warning) and sentence in texts(app.warning)
    assert grade(app) in range(5)


@pytest.mark.parametrize(
    "predictions",
    [
        None,
        "",
        "image,label,0,1,2,3,4\n",
        "image,label,0,1\na,1,.5,.5\n",
        "image,label,0,1,2,3,4\na,5,.2,.2,.2,.2,.2\n",
        "image,label,0,1,2,3,4\na,1,.2,.2,x,.2,.2\n",
        "image,label,0,1,2,3,4\na,1,.2,.2,nan,.2,.2\n",
        b"\xff\xfe\xff",
        "image,label,0,1,2,3,4\n" + 200_000 * "a" + ",1,.2,.2,.2,.2,.2\n",
    ],
    ids=[
        *("gone", "empty", "no rows", "few columns", "no grade", "no number", "nan", "no text"),
        "a cell without end",
    ],
)
def test_without_validation_predictions_the_grade_still_stands(visit, toy, predictions):
    path = toy / "predictions.csv"
    if predictions is None:
        path.unlink()
    else:
        path.write_bytes(predictions if isinstance(predictions, bytes) else predictions.encode())
    app = visit("severity")
    assert "no readable validation predictions" in texts(app.info)
    assert grade(app) in range(5)


def test_what_validation_says_is_counted_from_the_predictions(visit):
    app = visit("severity")
    assert "n = 12" in texts(app.markdown)
    recall = table(app, "Recall of Toy by grade")
    columns = [column.to_list() for _, column in recall.items()]
    counts, called, near = columns[-3:]
    assert [int(count) for count in counts] == [3, 2, 2, 2, 3]
    assert [re.match(r"\d+", share)[0] for share in called] == ["67", "50", "50", "50", "67"]
    assert [re.match(r"\d+", share)[0] for share in near] == ["67", *["100"] * 4]
    alts = [chart.proto.alt for chart in app.get("plotly_chart")]
    assert "Confusion matrix: 7 of 12 films called right" in alts


def test_one_true_grade_is_enough_for_what_validation_says(visit, toy):
    (toy / "predictions.csv").write_text("image,label,0,1,2,3,4\na,1,.2,.2,.3,.2,.1\n")
    app = visit("severity")
    assert grade(app) in range(5) and "n = 1*" in texts(app.markdown).replace("**", "*")
    assert "n/a" in table(app, "Recall of Toy by grade").to_string()


@pytest.mark.parametrize(
    ("slug", "unit"), [("knee-grade-0", r"\d+\.\d px"), ("dicom-knee", r"\d+\.\d mm")]
)
def test_widths_are_in_mm_only_where_the_file_tells_its_spacing(visit, slug, unit):
    app = visit("severity", sample=slug)
    assert len(app.metric) == 2
    for width in app.metric:
        assert re.fullmatch(unit, width.value)
    assert ("does not tell its pixel spacing" in texts(app.caption)) == unit.endswith("px")


def test_the_spacing_turns_pixels_into_mm(visit):
    app = visit("severity", sample="dicom-knee")
    in_mm = [float(width.value.split()[0]) for width in app.metric]
    uploading(app, ("knee.png", samples.png(knee(6, 2).pixels)))
    in_px = [float(width.value.split()[0]) for width in app.metric]
    np.testing.assert_allclose(in_mm, samples.KNEE_SPACING_MM * np.array(in_px), atol=0.3)


@pytest.mark.parametrize(
    ("side", "medial"),
    [
        (None, ["Left of the film", "Right of the film"]),
        ("left", ["Medial", "Lateral"]),
        ("right", ["Lateral", "Medial"]),
    ],
)
def test_the_compartments_are_named_when_the_patients_side_is_known(visit, side, medial):
    app = visit("severity")
    (chooser,) = [box for box in app.selectbox if box.key.startswith("body-side")]
    chooser.set_value(side).run()
    assert len(app.metric) == 2
    for width, name in zip(app.metric, medial, strict=True):
        assert width.label.startswith(name)


def test_of_both_knees_each_can_be_looked_at(visit, gate):
    gate(opened=True)
    app = visit("severity", sample="both-knees")
    sides = app.segmented_control(key="side")
    called = [int(option[-1]) for option in sides.options]
    assert ["Left" in sides.options[0], "Right" in sides.options[1]] == [True, True]
    assert called[0] != called[1]
    assert grade(app) == called[0]
    left = {alt: picture(app, alt) for alt in ("The whole film", "Knee film")}
    app.segmented_control(key="side").set_value("right").run()
    assert grade(app) == called[1]
    assert app.query_params["side"] == "right"
    for alt, address in left.items():
        assert picture(app, alt) != address
    again = visit("severity", **app.query_params)
    assert headings(again) == headings(app) and not again.warning


def test_the_right_knee_of_a_film_of_both_is_taken_for_the_patients_left(visit, gate):
    gate(opened=True)
    app = visit("severity", sample="both-knees", side="right")
    (chooser,) = [box for box in app.selectbox if box.key.startswith("body-side")]
    assert chooser.value == "left"


def test_a_link_reopens_knee_model_and_the_explained_grade(visit, checkpoints):
    publish_graded(checkpoints, "other", lean=0.5)
    app = visit("severity", sample="knee-grade-3", model="other", target="2")
    assert not [note for note in app.warning if "link" in note.value]
    assert app.selectbox(key="knee").value == "knee-grade-3"
    assert app.selectbox(key="grader").value == "other"
    assert app.selectbox(key="target").value == "2"
    assert "for grade 2" in texts(app.caption)
    app.selectbox(key="target").set_value("4").run()
    app.selectbox(key="knee").set_value("knee-grade-1").run()
    assert app.query_params == {"sample": "knee-grade-1", "model": "other", "target": "4"}
    again = visit("severity", **app.query_params)
    assert headings(again) == headings(app)
    assert "for grade 4" in texts(again.caption)


@pytest.mark.parametrize("away", [True, False], ids=["from another page", "on the page"])
def test_a_link_followed_later_is_obeyed(visit, away):
    app = visit("severity")
    if away:
        app.switch_page("pages/start.py").run()
    app.query_params = {"sample": "knee-grade-3", "target": "1"}
    if away:
        app.switch_page("pages/severity.py")
    app.run()
    assert app.selectbox(key="knee").value == "knee-grade-3"
    assert app.selectbox(key="target").value == "1"
    assert grade(app) in range(5)


def test_the_address_that_the_page_wrote_is_one_that_it_knows(visit):
    app = visit("severity")
    app.toggle(key="joint").set_value(False).run()
    again = visit("severity", **app.query_params)
    assert not [note for note in again.warning if "link" in note.value]
    assert again.selectbox(key="target").value == app.selectbox(key="target").value


@pytest.mark.parametrize(
    ("query", "complaints"),
    [
        ({"sample": "../../etc/passwd"}, ["sample film that is not here"]),
        ({"model": "<b>x</b>"}, ["model that is not here"]),
        ({"side": "up"}, ["side was left out"]),
        ({"target": "5"}, ["target was left out"]),
        ({"target": "-1"}, ["target was left out"]),
        ({"target": ""}, ["target was left out"]),
        (
            {"sample": "x", "model": "y", "side": "z", "target": "2.0"},
            ["sample film", "model", "side was left out", "target was left out"],
        ),
        ({"threshold": "2"}, []),
        ({"other": "1"}, []),
    ],
)
def test_an_unknown_link_falls_back_with_a_note(visit, query, complaints):
    app = visit("severity", **query)
    notes = [note.value for note in app.warning if "link" in note.value]
    assert len(notes) == len(complaints)
    for note, complaint in zip(notes, complaints, strict=True):
        assert complaint in note
    assert grade(app) in range(5)
    assert app.selectbox(key="target").value == "called"
    assert app.selectbox(key="knee").value == EXHIBITS[0].slug


def test_a_link_to_a_refused_film_does_not_hold_the_visitor(visit, gate):
    gate(opened=False)
    app = visit("severity", sample="knee-grade-3")
    app.selectbox(key="knee").set_value("knee-grade-1").run()
    assert app.selectbox(key="knee").value == "knee-grade-1"
    assert app.query_params["sample"] == "knee-grade-1"


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda path: path.unlink(), "missing"),
        (lambda path: path.write_bytes(path.read_bytes() + b"0"), "sha256"),
    ],
    ids=["missing", "changed"],
)
def test_a_broken_model_says_so_and_another_can_be_chosen(
    visit, checkpoints, toy, damage, sentence
):
    publish_graded(checkpoints, "other", lean=0.5)
    damage(toy / "model.onnx")
    app = visit("severity", model="toy")
    assert sentence in texts(app.error) and not app.exception
    app.selectbox(key="grader").set_value("other").run()
    assert grade(app) in range(5)


def test_a_second_model_stands_beside_the_first(visit, checkpoints):
    publish_graded(checkpoints, "other", lean=2.0)
    app = visit("severity", sample="knee-grade-2", model="toy")
    alone = headings(app)
    app.multiselect(key="compare").set_value(["other"]).run()
    assert headings(app) == alone
    assert bars(app)[0] == ["Toy", "Other"]
    compared = table(app, "What each model calls this knee")
    columns = [column.to_list() for _, column in compared.items()]
    assert columns[0] == ["Toy", "Other"]
    assert int(columns[1][0][0]) == grade(app)
    assert int(columns[1][1][0]) == grade(visit("severity", sample="knee-grade-2", model="other"))


def test_every_compared_model_has_its_bars(visit, checkpoints):
    others = [f"other{number}" for number in range(5)]
    for number, name in enumerate(others):
        publish_graded(checkpoints, name, lean=number / 2)
    app = visit("severity", model="toy")
    app.multiselect(key="compare").set_value(others).run()
    assert bars(app)[0] == ["Toy", *(name.title() for name in others)]


def test_a_broken_second_model_says_so_and_the_grade_stands(visit, checkpoints):
    other = publish_graded(checkpoints, "other", lean=0.5)
    (other / "model.onnx").write_bytes(b"no network")
    app = visit("severity", model="toy")
    app.multiselect(key="compare").set_value(["other"]).run()
    assert grade(app) in range(5)
    assert "sha256" in texts([*app.error, *app.warning])


def test_only_a_model_of_its_own_is_offered_for_comparison(visit, checkpoints):
    assert not visit("severity").multiselect
    publish_graded(checkpoints, "other", lean=0.5)
    app = visit("severity", model="toy")
    assert app.multiselect(key="compare").options == ["Other"]
    app.multiselect(key="compare").set_value(["other"]).run()
    app.selectbox(key="grader").set_value("other").run()
    assert grade(app) in range(5)
    assert bars(app)[0] == ["Other"]


def test_hiding_the_joint_is_answered_in_one_sentence(visit):
    app = visit("severity")
    assert app.segmented_control(key="question").value == JOINT
    (answer,) = answers(app)
    assert answer.count(".") == 1 and "joint" in answer
    assert bars(app)[1] == ["Whole film", "Joint hidden"]
    assert picture(app, "The film with the joint hidden") != picture(app, "Knee film")


def test_erasing_is_answered_in_one_sentence_with_its_curve(visit):
    app = visit("severity")
    app.segmented_control(key="question").set_value(ERASE).run()
    (answer,) = answers(app)
    assert answer.count(".") == 1 and answer.startswith("Erasing")
    (rows,) = [t.value for t in app.table if t.proto.alt.endswith("as the film is erased")]
    assert len(rows) == 5
    called = f"Probability of grade {grade(app)} as the film is erased"
    assert called in " ".join(chart.proto.alt for chart in app.get("plotly_chart"))


def test_erasing_asks_after_the_explained_grade(visit):
    app = visit("severity", target="4")
    app.segmented_control(key="question").set_value(ERASE).run()
    alts = [chart.proto.alt for chart in app.get("plotly_chart")]
    assert [alt for alt in alts if alt.startswith("Probability of grade 4 as")]


def test_a_heatmap_without_heat_is_not_erased(visit):
    app = visit("severity", target="0")  # the toy's map for grade 0 is zero everywhere
    assert "Nothing on this film speaks for grade 0" in texts(app.caption)
    app.segmented_control(key="question").set_value(ERASE).run()
    assert "The heatmap for grade 0 is empty" in texts(app.info)
    assert not answers(app) and not app.exception


def test_the_brush_waits_for_a_stroke(visit):
    app = visit("severity")
    app.segmented_control(key="question").set_value(BRUSH).run()
    assert not app.exception and not answers(app)
    assert bars(app)[1] == ["Whole film"]
    assert len(app.get("bidi_component")) == 1


def test_what_is_brushed_over_is_answered_in_one_sentence(visit, monkeypatch):
    app = visit("severity")
    app.segmented_control(key="question").set_value(BRUSH).run()
    from core.ui import brush  # only a running app can import the canvas

    across = {"type": "path", "path": [["M", 0, 180], ["L", 360, 180]], "strokeWidth": 72}
    drawn = {"objects": [across | {"left": 180, "top": 180}]}
    monkeypatch.setattr(brush, "drawable", lambda *given: drawn)
    app.run()
    (answer,) = answers(app)
    assert answer.count(".") == 1
    assert bars(app)[1] == ["Whole film", "With your part hidden"]
    share = re.search(r"(\d+)\s% of the film is hidden", texts(app.caption))
    assert 19 <= int(share[1]) <= 21


def test_strokes_of_the_brush_are_taken_back_one_by_one_or_all(visit):
    app = visit("severity")
    app.segmented_control(key="question").set_value(BRUSH).run()

    def can(key: str) -> bool:
        return not app.button(key=f"{brush}-{key}").disabled

    def hidden() -> int:
        share = re.search(r"(\d+)\s% of the film is hidden", texts(app.caption))
        return int(share[1]) if share else 0

    (brush,) = (
        str(button.key).removesuffix("-undo")
        for button in app.button
        if str(button.key).endswith("-undo")
    )
    assert not can("undo") and not can("clear")
    across = {"type": "path", "path": [["M", 0, 180], ["L", 360, 180]], "strokeWidth": 72}
    objects = [across | {"left": 180, "top": top} for top in (60, 180)]
    app.session_state[f"{brush}-0"] = {"drawing": {"raw": {"objects": objects}}}
    app.run()
    assert hidden() >= 38 and can("undo") and can("clear")
    app.button(key=f"{brush}-undo").click().run()
    assert 19 <= hidden() <= 21 and can("undo")
    app.session_state[f"{brush}-1"] = {"drawing": {"raw": {"objects": objects}}}
    app.run()
    assert hidden() >= 38
    app.button(key=f"{brush}-clear").click().run()
    assert hidden() == 0 and not can("undo") and not can("clear") and not app.exception


@pytest.mark.parametrize("question", [JOINT, ERASE, BRUSH])
def test_each_question_is_answered_where_no_joint_is_seen(visit, question):
    half = encoded(ODD["half a knee"], "PNG")
    app = uploading(visit("severity"), ("half.png", half))
    app.segmented_control(key="question").set_value(question).run()
    assert grade(app) in range(5)
    said = texts(app.info)
    assert ("There is no joint to hide" in said) == (question == JOINT)
    assert len(answers(app)) == (question == ERASE)


def test_a_library_heatmap_of_an_unknown_network_gives_way_to_our_own(visit):
    app = visit("severity")
    ours = picture(app, "Knee film")
    app.selectbox(key="method").set_value("LayerCAM").run()
    assert grade(app) in range(5)
    (warning,) = [note.value for note in app.warning if "gate" not in note.value]
    assert "cannot be opened in torch" in warning and "own Grad-CAM is shown" in warning
    assert picture(app, "Knee film") == ours


def test_the_picture_follows_its_controls(visit):
    app = visit("severity")
    seen = {picture(app, "Knee film")}
    for change in (
        lambda: app.slider(key="opacity").set_value(20),
        lambda: app.toggle(key="joint").set_value(False),
        lambda: app.toggle(key="heatmap").set_value(False),
        lambda: toggle(app, "invert").set_value(True),
    ):
        change().run()
        assert not app.exception
        address = picture(app, "Knee film")
        assert address not in seen
        seen.add(address)


def test_a_negative_is_turned_and_can_be_turned_back(visit):
    app = visit("severity", sample="negative-knee")
    assert toggle(app, "invert").value is True
    turned = headings(app)
    toggle(app, "invert").set_value(False).run()
    assert headings(app) != turned


def sheet(monkeypatch) -> list[list[dict]]:
    """Collects the rows of every CSV that the page offers."""
    made, write = [], knee_batch.as_csv

    def kept(rows):
        text = write(rows)
        made.append(list(csv.DictReader(io.StringIO(text.decode("utf-8-sig")))))
        return text

    monkeypatch.setattr(knee_batch, "as_csv", kept)
    return made


def test_a_batch_is_a_table_and_a_csv_in_which_names_are_harmless(visit, monkeypatch):
    offered = sheet(monkeypatch)
    app = uploading(
        visit("severity"),
        ("=1+1.png", b"This is no film at all."),
        ("@b.png", FILM),
        ("c.dcm", data("dicom-knee")),
        ("d.png", encoded(ODD["half a knee"], "PNG")),
    )
    assert "4 films, 3 knees graded" in headings(app)
    shown = app.dataframe[0].value
    assert list(shown["file"]) == ["'=1+1.png", "'@b.png", "c.dcm", "d.png"]
    assert shown["verdict"][0] == "Not read" and "PNG, JPEG" in shown["notes"][0]
    assert len(app.get("download_button")) == 1
    rows = offered[-1]
    assert [row["file"] for row in rows] == list(shown["file"])
    assert {row["model"] for row in rows} == {"toy"}
    for row in rows:
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row.values())
    bad, plain, dicom, half = rows
    assert not any(bad[name] for name in ("grade", "probability", "expected", "p(0)", "sha256"))
    for row in (plain, dicom, half):
        chances = [float(row[f"p({number})"]) for number in range(5)]
        assert sum(chances) == pytest.approx(1, abs=1e-3)
        assert int(row["grade"]) == int(row["verdict"][0]) == np.argmax(chances)
        assert float(row["probability"]) == max(chances)
        assert float(row["expected"]) == pytest.approx(chances @ np.arange(5), abs=0.01)
    sides = ("left", "right")
    assert all(float(row[f"{side} space px"]) > 1 for row in (plain, dicom) for side in sides)
    assert not any(plain[f"{side} space mm"] for side in sides)
    assert all(0.3 < float(dicom[f"{side} space mm"]) < 10 for side in sides)
    assert not any(half[f"{side} space {unit}"] for side in sides for unit in ("px", "mm"))


def test_of_a_batch_the_first_readable_film_is_shown_until_a_row_is_chosen(visit):
    app = uploading(
        visit("severity"),
        ("bad.png", b"This is no film at all."),
        ("good.png", FILM),
        ("worn.png", data("knee-grade-4")),
    )
    assert picture(app, "Knee film good.png")
    assert picture(choosing_row(app, 2), "Knee film worn.png")
    app = choosing_row(app, 0)
    assert "PNG, JPEG" in texts(app.error) and not app.exception
    assert picture(choosing_row(app, 1), "Knee film good.png")


def test_a_batch_of_bad_files_alone_says_why(visit):
    app = uploading(visit("severity"), ("a.png", b""), ("b.png", archive()))
    assert "2 films, 0 knees graded" in headings(app)
    assert "empty" in texts(app.error)
    assert list(app.dataframe[0].value["verdict"]) == ["Not read"] * 2


def test_a_film_of_both_knees_has_two_rows_and_each_opens_its_knee(visit, gate):
    gate(opened=True)
    app = uploading(visit("severity"), ("both.png", data("both-knees")), ("one.png", FILM))
    assert "2 films, 3 knees graded" in headings(app)
    shown = app.dataframe[0].value
    assert list(shown["file"]) == ["both.png", "both.png", "one.png"]
    assert list(shown["side"]) == ["left", "right", ""]
    assert shown["grade"][0] != shown["grade"][1]
    for row in (1, 0, 2, 1, 2, 0):
        app = choosing_row(app, row)
        assert grade(app) == shown["grade"][row]
        assert picture(app, f"Knee film {shown['file'][row]}")


def test_a_row_opens_its_knee_again_after_the_other_was_looked_at(visit, gate):
    gate(opened=True)
    app = uploading(visit("severity"), ("both.png", data("both-knees")), ("one.png", FILM))
    shown = app.dataframe[0].value
    app = choosing_row(app, 0)
    app.segmented_control(key="side").set_value("right").run()
    assert grade(app) == shown["grade"][1]
    app = choosing_row(choosing_row(app, 2), 0)
    assert grade(app) == shown["grade"][0]


def test_a_row_follows_what_the_visitor_chose_for_its_film(visit, gate):
    gate(opened=False)
    files = ("negative.png", data("negative-knee")), ("film.png", FILM)
    app = uploading(visit("severity"), *files)
    assert list(app.dataframe[0].value["verdict"]) == ["No grade", "No grade"]
    assert "turned positive" in app.dataframe[0].value["notes"][0]
    assert REFUSED in app.dataframe[0].value["notes"][1]
    toggle(app, "insist").set_value(True).run()
    turned = app.dataframe[0].value
    assert turned["grade"][0] == grade(app) and turned["verdict"][1] == "No grade"
    toggle(app, "invert").set_value(False).run()
    left = app.dataframe[0].value
    assert "left so by hand" in left["notes"][0]
    assert left["expected"][0] != turned["expected"][0]


def test_a_batch_beyond_what_stays_decoded_is_graded_once(visit, monkeypatch):
    calls = Counter()

    def count(module, name):
        whole = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *args: calls.update([name]) or whole(*args))

    count(film, "decode")
    count(cached_knees, "grade_knees")
    flat = np.full((32, 32), 90, np.uint8)
    names = [f"{number}.png" for number in range(70)]
    flats = [flat + np.uint8(number) for number in range(70)]
    files = [(name, encoded(shown, "PNG")) for name, shown in zip(names, flats, strict=True)]
    app = uploading(visit("severity"), *files)
    assert list(app.dataframe[0].value["file"]) == names
    assert calls["decode"] >= 70 and calls["grade_knees"] >= 70
    calls.clear()
    app.toggle(key="heatmap").set_value(False).run()
    assert list(app.dataframe[0].value["file"]) == names
    assert not calls


def test_what_a_batch_leaves_out_is_said(visit, monkeypatch):
    monkeypatch.setattr(source, "MOST_FILES", 2)
    app = uploading(visit("severity"), *((f"{name}.png", FILM) for name in "abc"))
    assert list(app.dataframe[0].value["file"]) == ["a.png", "b.png"]
    assert "only the first 2 of 3 are read" in texts(app.warning)

"""The fracture page: with no input, good input and bad input."""

import io
import subprocess
import sys
import zipfile
from collections import Counter

import numpy as np
import pytest

from core import classify, samples
from core.settings import CHECKOUT
from core.ui import film, source
from tests.bad_files import encoded
from tests.toy_models import publish, publish_graded

FILM = samples.gallery()[0].data()
VERDICT = r"Fracture likely · \d\d\s%"


def headings(app) -> str:
    """The headings below the title; the verdict is one of them."""
    assert not app.exception
    return " / ".join(heading.value for heading in app.subheader)


def texts(elements) -> str:
    return " / ".join(str(element.value) for element in elements)


def uploading(app, *files: tuple[str, bytes]):
    """The page after these (name, bytes) are uploaded together."""
    app.segmented_control(key="source").set_value("Your own films").run()
    given = [(name, data, "application/octet-stream") for name, data in files]
    return app.file_uploader(key="files").set_value(given).run()


def toggle(app, purpose: str):
    """The switch of the film that is looked at: "insist" or "invert"."""
    return next(toggle for toggle in app.toggle if toggle.key.startswith(purpose))


def archive() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("film.png", FILM)
    return file.getvalue()


def test_a_sample_is_read_at_once(visit):
    app = visit("fracture")
    assert "Fracture likely · 5" in headings(app)
    assert "fractured \\(synthetic film\\)" in texts(app.markdown)
    assert "probability of a fracture is 5" in texts(app.markdown)
    assert " ms" in texts(app.caption)


def test_every_picture_and_chart_has_words(visit):
    app = visit("fracture")
    drawn = [*app.get("image"), *app.get("plotly_chart")]
    assert len(drawn) >= 3
    for element in drawn:
        images = getattr(element.proto, "imgs", None)
        for alt in [image.alt for image in images] if images else [element.proto.alt]:
            assert alt


@pytest.mark.parametrize("slug", [sample.slug for sample in samples.gallery()])
def test_every_sample_opens(visit, slug):
    app = visit("fracture", sample=slug)
    assert "Fracture likely" in headings(app)
    assert not app.warning or "gate" in texts(app.warning)
    assert app.selectbox(key="sample").value == slug


@pytest.mark.parametrize(
    ("heatmap", "words"),
    [
        ("class map", "Colour is the evidence for a fracture at each place; the strongest, 0."),
        ("Grad-CAM", "Colour is Grad-CAM, relative to this film's own maximum; it lies"),
        ("leave-one-out", "how far the score falls when a place is left out"),
        ("a new kind", "Colour is a new kind; it lies"),
    ],
)
def test_each_kind_of_heatmap_is_called_what_it_is(visit, checkpoints, heatmap, words):
    publish(checkpoints, "other", heatmap=heatmap)
    assert words in texts(visit("fracture", model="other").caption)


def test_own_films_wait_for_a_file(visit):
    app = visit("fracture")
    app.segmented_control(key="source").set_value("Your own films").run()
    assert "Choose one or more films" in texts(app.info)
    assert "Remove names" in texts(app.caption)
    assert not app.subheader


def test_an_uploaded_film_is_read(visit):
    app = uploading(visit("fracture"), ("film.png", FILM))
    assert "Fracture likely" in headings(app)
    assert "Truth" not in texts(app.markdown)
    assert "sample" not in app.query_params


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("film.png", archive(), "zip"),
        ("film.png", b"Dear colleague, please find enclosed the film.", "PNG, JPEG, TIFF"),
        ("film.png", FILM[: len(FILM) // 2], "cut short"),
        ("film.png", b"", "empty"),
        ("film.dcm", encoded(np.zeros((8, 8), np.uint8), "PNG"), "8 by 8"),
    ],
    ids=["zip", "text", "truncated", "empty", "tiny"],
)
def test_a_bad_file_gets_a_sentence_and_nothing_is_lost(visit, name, data, sentence):
    app = visit("fracture", threshold="0.3")
    uploading(app, (name, data))
    assert not app.exception
    assert sentence in texts(app.error)
    uploading(app, (name, data), ("good.png", FILM))
    assert "2 films, 1 called fractured" in headings(app)
    assert app.slider(key="threshold-toy").value == 0.3


def test_a_batch_is_a_table_in_which_names_are_harmless(visit):
    app = uploading(
        visit("fracture"),
        ("=1+1.png", FILM),
        ("b.png", FILM),
        ("c.png", b"This is no film at all."),
    )
    table = app.dataframe[0].value
    assert list(table["file"]) == ["'=1+1.png", "b.png", "c.png"]
    assert list(table["verdict"]) == ["Fracture likely", "Fracture likely", "Not read"]
    assert np.isnan(table["probability"][2])
    assert "PNG, JPEG" in table["notes"][2]
    assert len(app.get("download_button")) == 1


def test_the_threshold_decides_and_its_points_set_it(visit):
    app = visit("fracture")
    app.slider(key="threshold-toy").set_value(0.9).run()
    assert "No fracture found" in headings(app)
    assert [metric.value for metric in app.metric][:1] == ["50\N{NARROW NO-BREAK SPACE}%"]
    app.get("button_group")[-1].set_value("Sensitivity at least 95 %").run()
    assert app.slider(key="threshold-toy").value == 0.25
    assert app.metric[0].value == "100\N{NARROW NO-BREAK SPACE}%"
    assert "Fracture likely" in headings(app)


def test_counts_name_n_and_the_positive_class(visit):
    caption = texts(visit("fracture", threshold="0.5").caption)
    assert "4 validation films, 2 of them fractured" in caption
    assert "Positive means fractured: 1 of 2" in caption
    assert "1 of 2 others by mistake" in caption


@pytest.mark.parametrize("data", [None, "", "image,label\na,1\n", "image,label,fractured\na,1,x\n"])
def test_without_validation_predictions_the_slider_still_works(visit, checkpoints, data):
    predictions = checkpoints / "fracture/toy/predictions.csv"
    predictions.unlink() if data is None else predictions.write_text(data)
    app = visit("fracture")
    assert "no readable validation predictions" in texts(app.info)
    app.slider(key="threshold-toy").set_value(0.9).run()
    assert "No fracture found" in headings(app)


def test_a_link_reopens_sample_model_and_threshold(visit, checkpoints):
    publish(checkpoints, "other")
    app = visit("fracture", sample="worn-knee", model="other", threshold="0.125")
    assert app.selectbox(key="sample").value == "worn-knee"
    assert app.selectbox(key="model").value == "other"
    assert app.slider(key="threshold-other").value == 0.125
    app.slider(key="threshold-other").set_value(0.25).run()
    app.selectbox(key="sample").set_value("healthy-knee").run()
    wanted = {"sample": "healthy-knee", "model": "other", "threshold": "0.250000"}
    assert app.query_params == wanted
    again = visit("fracture", **wanted)
    assert headings(again) == headings(app)


def test_a_link_followed_later_is_obeyed(visit):
    app = visit("fracture", sample="worn-knee")
    app.switch_page("pages/start.py").run()
    app.query_params = {"sample": "broken-finger"}
    app.switch_page("pages/fracture.py").run()
    assert app.selectbox(key="sample").value == "broken-finger"


@pytest.mark.parametrize(
    ("query", "complaints"),
    [
        ({"sample": "../../etc/passwd"}, ["sample film that is not here"]),
        ({"model": "<b>x</b>"}, ["model that is not here"]),
        ({"threshold": "2"}, ["threshold was left out"]),
        ({"threshold": "nan"}, ["threshold was left out"]),
        ({"threshold": "high", "sample": ""}, ["sample film", "threshold was left out"]),
        ({"model": "gone", "threshold": "0.2"}, ["model that", "threshold was left out"]),
        ({"other": "1"}, []),
    ],
)
def test_an_unknown_link_falls_back_with_a_note(visit, query, complaints):
    app = visit("fracture", **query)
    notes = [note.value for note in app.warning if "link" in note.value]
    assert len(notes) == len(complaints)
    for note, complaint in zip(notes, complaints, strict=True):
        assert complaint in note
    assert "Fracture likely" in headings(app)
    assert app.slider(key="threshold-toy").value == 0.5


def test_no_model_at_all(visit, checkpoints):
    (checkpoints / "fracture/toy/card.json").unlink()
    app = visit("fracture")
    assert "There is no fracture model" in texts(app.error)
    assert not app.exception


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda path: path.unlink(), "missing"),
        (lambda path: path.write_bytes(path.read_bytes() + b"0"), "sha256"),
    ],
    ids=["missing", "changed"],
)
def test_a_broken_model_says_so_and_another_can_be_chosen(visit, checkpoints, damage, sentence):
    publish(checkpoints, "other")
    damage(checkpoints / "fracture/toy/model.onnx")
    app = visit("fracture", model="toy")
    assert sentence in texts(app.error)
    app.selectbox(key="model").set_value("other").run()
    assert "Fracture likely" in headings(app)


def test_the_gate_withholds_the_verdict_until_the_visitor_insists(visit, gate):
    gate(opened=False)
    app = visit("fracture")
    assert headings(app) == "This does not look like a bone X-ray"
    toggle(app, "insist").set_value(True).run()
    assert "Fracture likely" in headings(app)
    uploading(app, ("a.png", FILM), ("b.png", encoded(np.eye(64, dtype=np.uint8), "PNG")))
    table = app.dataframe[0].value
    assert list(table["verdict"]) == ["Fracture likely", "No verdict"]
    assert all("not look like a bone X-ray" in notes for notes in table["notes"])


def test_an_open_gate_is_silent(visit, gate):
    gate(opened=True)
    app = visit("fracture")
    assert "Fracture likely" in headings(app)
    assert not app.warning


def test_a_damaged_gate_is_told_but_does_not_stop_the_reading(visit, checkpoints):
    (checkpoints / "fracture/toy/gate.npz").write_bytes(b"no gate")
    app = visit("fracture")
    assert "restore gate.npz" in texts(app.warning)
    assert "Fracture likely" in headings(app)


def test_a_negative_is_turned_and_can_be_turned_back(visit):
    app = visit("fracture", sample="negative-film")
    invert = toggle(app, "invert")
    assert invert.value is True
    assert "turned positive" in texts(app.caption)
    turned = headings(app)
    invert.set_value(False).run()
    assert headings(app) != turned


def test_nothing_is_decoded_or_predicted_twice(visit, monkeypatch):
    calls = []
    read = classify.read_film
    monkeypatch.setattr(classify, "read_film", lambda *args: calls.append(args) or read(*args))
    app = visit("fracture")
    for value in (0.2, 0.7):
        app.slider(key="threshold-toy").set_value(value).run()
        app.slider(key="opacity").set_value(int(100 * value)).run()
    app.toggle(key="beside").set_value(True).run()
    app.selectbox(key="sample").set_value("worn-knee").run()
    app.selectbox(key="sample").set_value("broken-forearm").run()
    assert len(calls) == 2


def test_a_batch_beyond_what_stays_decoded_is_read_once(visit, monkeypatch):
    calls = Counter()

    def count(module, name):
        whole = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *args: calls.update([name]) or whole(*args))

    count(film, "decode")
    count(classify, "read_film")
    flat = np.full((32, 32), 90, np.uint8)
    names = [f"{number}.png" for number in range(70)]
    flats = [flat + np.uint8(number) for number in range(70)]
    files = [(name, encoded(shown, "PNG")) for name, shown in zip(names, flats, strict=True)]
    app = uploading(visit("fracture"), *files)
    assert list(app.dataframe[0].value["file"]) == names
    assert calls["decode"] >= 70 and calls["read_film"] >= 70
    calls.clear()
    for threshold, verdict in ((0.9, "No fracture found"), (0.1, "Fracture likely")):
        app.slider(key="threshold-toy").set_value(threshold).run()
        assert set(app.dataframe[0].value["verdict"]) == {verdict}
    assert not calls


def test_a_batch_has_limits():
    megabyte = 2**20
    assert source.within_limits([]) == 0
    assert source.within_limits([1] * 200) == 200
    assert source.within_limits([1] * 201) == 200
    assert source.within_limits([64 * megabyte] * 8) == 8
    assert source.within_limits([64 * megabyte] * 8 + [1]) == 8


def test_what_a_batch_leaves_out_is_said(visit, monkeypatch):
    monkeypatch.setattr(source, "MOST_FILES", 2)
    app = uploading(visit("fracture"), *((f"{name}.png", FILM) for name in "abc"))
    assert list(app.dataframe[0].value["file"]) == ["a.png", "b.png"]
    assert "only the first 2 of 3 are read" in texts(app.warning)


def test_a_row_follows_what_the_visitor_chose_for_its_film(visit, gate):
    gate(opened=False)
    negative = next(s for s in samples.gallery() if s.slug == "negative-film").data()
    app = uploading(visit("fracture"), ("negative.png", negative), ("film.png", FILM))
    table = app.dataframe[0].value
    assert list(table["verdict"]) == ["No verdict", "No verdict"]
    assert "turned positive" in table["notes"][0]
    toggle(app, "insist").set_value(True).run()
    turned = app.dataframe[0].value["probability"][0]
    toggle(app, "invert").set_value(False).run()
    for chosen, insisted in ((0, True), (1, False), (0, True)):
        app.session_state["row"] = {"selection": {"rows": [chosen], "columns": [], "cells": []}}
        app.run()
        assert toggle(app, "insist").value is insisted
        table = app.dataframe[0].value
        assert table["verdict"][1] == "No verdict"
        assert "left so by hand" in table["notes"][0]
        assert table["probability"][0] != turned
    assert toggle(app, "invert").value is False


def test_answering_imports_no_torch(checkpoints):
    publish_graded(checkpoints)
    script = (
        "import sys; from streamlit.testing.v1 import AppTest\n"
        "app = AppTest.from_file('Home.py', default_timeout=60).run()\n"
        "for room in ('fracture', 'severity', 'models'):\n"
        "    app.switch_page(f'pages/{room}.py').run()\n"
        "    assert not app.exception and app.title, room\n"
        "    assert app.subheader or app.header, room\n"
        "print(sorted({'torch', 'torchvision', 'timm', 'lightning'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=CHECKOUT, capture_output=True, text=True, timeout=120
    )
    assert done.stdout.strip() == "[]", done.stderr

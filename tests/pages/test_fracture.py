"""The fracture page: with no input, good input and bad input."""

import io
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from core import classify, samples
from core.settings import CHECKOUT
from tests.bad_files import encoded
from tests.toy_models import publish

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
    insist = next(toggle for toggle in app.toggle if toggle.key.startswith("insist"))
    insist.set_value(True).run()
    assert "Fracture likely" in headings(app)
    uploading(app, ("a.png", FILM), ("b.png", encoded(np.eye(64, dtype=np.uint8), "PNG")))
    assert list(app.dataframe[0].value["verdict"]) == ["No verdict", "No verdict"]


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
    invert = next(toggle for toggle in app.toggle if toggle.key.startswith("invert"))
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


def test_answering_imports_no_torch():
    script = (
        "import sys; from streamlit.testing.v1 import AppTest\n"
        "app = AppTest.from_file('Home.py', default_timeout=60).run()\n"
        "for room in ('fracture', 'models'):\n"
        "    app.switch_page(f'pages/{room}.py').run()\n"
        "    assert not app.exception and app.title, room\n"
        "    assert app.subheader, room\n"
        "print(sorted({'torch', 'torchvision', 'timm', 'lightning'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=CHECKOUT, capture_output=True, text=True, timeout=120
    )
    assert done.stdout.strip() == "[]", done.stderr

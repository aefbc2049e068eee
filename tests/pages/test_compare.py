"""The Compare page side by side: with no input, good input and bad input."""

import csv
import hashlib
import io
import json
from base64 import b64decode
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core import classify, samples
from core.export import stamp_mask
from core.images import decode
from core.masks import Stroke, rasterise, to_json
from core.models import BadModel
from core.settings import CHECKOUT
from core.sketch_samples import sketch_samples
from core.ui import compare_ranking, compare_verdicts, gallery
from core.ui.cached_fills import Hole, Method
from core.ui.compare_fills import box
from core.ui.compare_readings import Read
from core.ui.fill_orders import Order
from core.ui.source import Entry
from tests.bad_files import encoded
from tests.toy_lesions import publish_reader
from tests.toy_models import publish, publish_graded, publish_painter, publish_sketcher

DARK, BRIGHT = (encoded(np.full((32, 32), grey, np.uint8), "PNG") for grey in (50, 200))
FILM = samples.gallery()[0].data()
SQUARE = (128, 128)
HANG_S = 60


def point(threshold: float, name: str = "Youden") -> dict:
    rates = {"sensitivity": 0.9, "specificity": 0.8, "ppv": 0.6, "n": 4}
    return {"name": name, "threshold": threshold, **rates}


@pytest.fixture
def picky(checkpoints):
    """A second model like the first, which calls only bright films fractured."""
    return publish(checkpoints, "picky", operating_points=[point(0.6)], heatmap="class map")


@pytest.fixture
def compare(checkpoints):
    """Open the page by an address: `compare(task="sketch")`."""

    def compare(**query: str) -> AppTest:
        app = AppTest.from_file(str(CHECKOUT / "Home.py"), default_timeout=HANG_S)
        app.query_params.update(query)
        return app.switch_page("pages/compare.py").run()

    return compare


def texts(elements) -> str:
    return " / ".join(str(element.value) for element in elements)


def headings(app) -> str:
    assert not app.exception
    return texts(app.subheader)


def grid(app) -> dict:
    """What the grid of pictures was told."""
    (found,) = (e.proto for e in app.get("bidi_component") if "linked" in e.proto.component_name)
    return json.loads(found.json)


def pictures(app) -> list[dict]:
    return [picture for row in grid(app)["rows"] for picture in row["pictures"]]


def uploading(app, *files: tuple[str, bytes]):
    app.segmented_control(key="compare-source").set_value("Your own films").run()
    given = [(name, data, "application/octet-stream") for name, data in files]
    return app.file_uploader(key="files").set_value(given).run()


def test_samples_are_compared_at_once(compare, picky):
    app = compare()
    assert "4 films, models disagree on" in headings(app)
    assert len(grid(app)["rows"]) == compare_ranking.AT_ONCE
    assert len(pictures(app)) == 3 * compare_ranking.AT_ONCE
    assert len(app.dataframe[0].value) == 4
    assert "n = 4 films" in texts(app.caption)


def test_the_film_on_which_models_disagree_comes_first(compare, picky):
    app = uploading(compare(), ("bright.png", BRIGHT), ("dark.png", DARK))
    assert headings(app) == "2 films, models disagree on 1"
    assert [row["title"] for row in grid(app)["rows"]] == ["dark.png", "bright.png"]
    assert grid(app)["rows"][0]["note"] == "The two models disagree."
    table = app.dataframe[0].value
    assert list(table["File"]) == ["dark.png", "bright.png"]
    assert list(table["Disagreement"]) == [1, 0]


def test_each_picture_says_verdict_threshold_and_kind_of_heat(compare, picky):
    app = uploading(compare(), ("dark.png", DARK))
    by_title = {picture["title"]: picture for picture in pictures(app)}
    assert set(by_title) == {"Without heatmap", "Toy", "Picky"}
    toy, strict = " / ".join(by_title["Toy"]["lines"]), " / ".join(by_title["Picky"]["lines"])
    assert "Fracture likely" in toy and "at or above its threshold of 50" in toy
    assert "Heat: Grad-CAM, relative" in toy
    assert "No fracture found" in strict and "below its threshold of 60" in strict
    assert "Heat: class map, absolute" in strict
    assert not by_title["Without heatmap"]["over"]
    assert by_title["Toy"]["over"] != by_title["Picky"]["over"]
    assert by_title["Toy"]["image"] == by_title["Picky"]["image"]
    legend = " ".join(grid(app)["legend"]["lines"])
    assert "Absolute:" in legend and "Relative:" in legend
    assert all(picture["alt"] for picture in pictures(app))


def test_one_threshold_can_hold_for_all(compare, picky):
    app = compare(threshold="0.9")
    assert "models disagree on none" in headings(app)
    assert all("90.0" in picture["lines"][1] for picture in pictures(app) if picture["lines"])
    app.selectbox(key="compare-threshold").set_value("Youden").run()
    assert app.query_params["threshold"] == "Youden"
    assert not app.exception


@pytest.mark.parametrize(
    ("called", "alone"),
    [
        ([1], [0]),
        ([1, 0], [0, 0]),
        ([1, 0, 0], [1, 0, 0]),
        ([1, 1, 0, 0], [0, 0, 0, 0]),
        ([2, 2, 2, 3, 1], [0, 0, 0, 1, 1]),
        ([0, 1, 2], [0, 0, 0]),
    ],
)
def test_who_differs_from_most(called, alone):
    assert list(compare_verdicts.minority(np.array(called))) == [bool(each) for each in alone]


def test_the_truth_waits_until_it_is_asked_for(compare, picky):
    app = compare(sample="worn-knee,whole-forearm")
    assert "Truth" not in str(grid(app)) and "Truth" not in app.dataframe[0].value
    assert list(app.dataframe[0].value["File"]) == ["Film 1", "Film 2"]
    assert "worn" not in str(grid(app)["rows"])  # for a name may tell it
    app.toggle(key="compare-truth").set_value(True).run()
    assert all("Truth: not fractured" in row["note"] for row in grid(app)["rows"])
    assert all(app.dataframe[0].value["Truth"].str.startswith("not fractured"))


def test_nothing_is_read_twice(compare, picky, monkeypatch):
    calls = []
    read = classify.read_film
    monkeypatch.setattr(classify, "read_film", lambda *args: calls.append(args) or read(*args))
    app = compare(sample="worn-knee,healthy-knee,whole-forearm,broken-finger,screwed-bone")
    assert len(calls) == 10
    app.selectbox(key="compare-threshold").set_value("The same for all").run()
    app.slider(key="compare-one-threshold").set_value(0.2).run()
    app.toggle(key="compare-truth").set_value(True).run()
    app.multiselect(key="compare-fracture-samples").set_value(["worn-knee"]).run()
    assert len(calls) == 10 and not app.exception


def test_a_link_reopens_the_view(compare, picky):
    wanted = {
        "view": "films",
        "task": "fracture",
        "sample": "worn-knee,dicom-shin",
        "models": "toy",
        "threshold": "0.250",
    }
    app = compare(**wanted)
    assert not [note.value for note in app.warning if "link" in note.value]
    assert app.multiselect(key="compare-fracture-samples").value == ["worn-knee", "dicom-shin"]
    assert app.multiselect(key="compare-fracture-models").value == ["toy"]
    assert app.slider(key="compare-one-threshold").value == 0.25
    assert app.query_params == wanted
    app.multiselect(key="compare-fracture-models").set_value(["toy", "picky"]).run()
    again = compare(**app.query_params)
    assert headings(again) == headings(app) and grid(again) == grid(app)


@pytest.mark.parametrize(
    ("query", "complaints"),
    [
        (
            {"view": "<b>", "task": "lesion", "sample": "../../etc/passwd,worn-knee"},
            ["names a view that is not here", "names a task that", "the others are shown"],
        ),
        (
            {"sample": "gone", "models": "gone", "threshold": "2"},
            ["Some sample films", "Some models", "threshold that was asked for is not here"],
        ),
        ({"threshold": "nan"}, ["threshold that was asked for is not here"]),
        ({"task": "severity", "target": "7"}, ["target was left out"]),
        (
            {"task": "inpaint", "sample": "gone", "mask": "90-10x0-50", "models": "ns,gone"},
            ["sample film that was asked for", "mask was left out", "Some methods"],
        ),
        ({"task": "inpaint", "mask": "0-999x0-50", "models": "ns"}, ["mask was left out"]),
        (
            {"task": "sketch", "sample": "chance-1e9", "diagnosis": "flu", "seed": "-1"},
            ["outline that is not here", "diagnosis that is not known", "seed was left out"],
        ),
        ({"task": "sketch", "variants": "99", "seed": "9" * 30}, ["variants was", "seed was"]),
    ],
)
def test_an_unknown_link_falls_back_with_a_note(compare, checkpoints, query, complaints):
    publish_graded(checkpoints)
    publish_sketcher(checkpoints)
    app = compare(**query)
    for complaint in complaints:
        assert complaint in texts(app.warning)
    assert headings(app)


def test_nothing_chosen_asks_for_something(compare, picky):
    app = compare()
    app.multiselect(key="compare-fracture-models").set_value([]).run()
    assert "Choose films and models" in texts(app.info) and not app.subheader
    app.multiselect(key="compare-fracture-models").set_value(["toy"]).run()
    app.segmented_control(key="compare-source").set_value("Your own films").run()
    assert "Choose films and models" in texts(app.info)
    assert "not your own films" in texts(app.caption)
    assert "sample" not in app.query_params


def test_a_bad_file_gets_a_sentence_and_the_others_are_read(compare, picky):
    app = uploading(compare(), ("=1.png", BRIGHT), ("b.png", b"Dear colleague"))
    assert "PNG, JPEG, TIFF" in texts(app.warning)
    assert headings(app).startswith("1 film, ")
    assert list(app.dataframe[0].value["File"]) == ["'=1.png"]
    app = uploading(app, ("b.png", b""))
    assert "empty" in texts(app.warning) and not app.subheader and not app.exception


def test_a_broken_model_is_named_and_the_others_go_on(compare, picky, checkpoints):
    (checkpoints / "fracture/toy/model.onnx").write_bytes(b"")
    app = compare()
    assert "A model is left out" in texts(app.warning)
    assert {picture["title"] for picture in pictures(app)} == {"Without heatmap", "Picky"}


def test_a_model_that_goes_while_films_are_shown_is_told_in_a_sentence(compare, picky, monkeypatch):
    def gone(*_):
        raise BadModel("The model of toy has changed: reload the page.")

    monkeypatch.setattr(compare_verdicts.Verdicts, "heat", gone)
    app = compare(sample="worn-knee")
    assert r"The model of toy has changed\: reload the page\." in texts(app.warning)
    assert not app.exception and len(app.dataframe[0].value) == 1


def test_no_model_at_all(compare, checkpoints):
    (checkpoints / "fracture/toy/card.json").unlink()
    app = compare()
    assert "restore the folder" in texts(app.error)
    app.segmented_control(key="compare-task-films").set_value("sketch").run()
    assert "restore the folder" in texts(app.info) and not app.exception


def test_the_gate_leaves_films_out_until_the_visitor_insists(compare, gate):
    gate(opened=False)
    app = compare(sample="worn-knee")
    assert "Left out, as they do not look like bone X-rays: worn" in texts(app.warning)
    assert not app.subheader
    app.toggle(key="compare-anyway").set_value(True).run()
    assert headings(app).startswith("1 film")
    app.toggle(key="compare-anyway").set_value(False).run()
    assert not app.subheader and not app.exception


def test_a_table_file_tells_every_film_and_model(checkpoints):
    class Card:
        name, title, operating_points = "toy", "Toy", ()

    read = Read(Entry("k", "=film.png", bytes), None, False, (), np.array([[0.25, 0.75]]))
    task = compare_verdicts.Verdicts({"toy": 0.5})
    text = compare_ranking.results([(read, 0.0)], task, [Card]).decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(text))
    assert (row["file"], row["model"]) == ("'=film.png", "toy")
    assert (row["probability of fracture"], row["threshold"]) == ("0.75", "0.5")
    assert row["verdict"] == "Fracture likely"


def test_knees_are_compared_by_grade_and_both_of_one_film(compare, checkpoints):
    folder = publish_graded(checkpoints)
    publish_graded(checkpoints, "leaning", lean=0.9, title="Leaning toy")
    nothing = np.zeros((1, 8), np.float32)
    np.savez(
        folder / "gate.npz",
        mean=nothing,
        basis=nothing[None],
        spread=np.ones((1, 1)),
        residual=np.full(1, np.inf),
        threshold=np.inf,
    )
    app = compare(task="severity", sample="both-knees,knee-grade-3", target="3")
    assert headings(app).startswith("3 knees, ")
    told = [row["title"] for row in grid(app)["rows"]]
    assert sum("left of the film" in title for title in told) == 1
    assert sum("right of the film" in title for title in told) == 1
    heats = [picture["lines"][-1] for picture in pictures(app) if picture["lines"]]
    assert heats and all(heat.partition("grade ")[2].startswith("3") for heat in heats)
    assert "apart on average" in grid(app)["rows"][0]["note"]
    assert app.query_params["target"] == "3"


@pytest.fixture
def painter(checkpoints):
    return publish_painter(checkpoints, title="Toy painter")


def test_fills_of_drawn_hardware_are_measured_and_the_nearest_comes_first(compare, painter):
    app = compare(task="inpaint", models="filler,telea")
    assert headings(app).startswith("2 fills of ")
    shown = pictures(app)
    assert [picture["title"] for picture in shown[:2]] == ["Before", "Truth"]
    assert all("Synthetic" in str(picture["lines"]) for picture in shown[2:])
    quality = [
        float(p["lines"][0].split()[1].split("\N{NARROW NO-BREAK SPACE}")[0]) for p in shown[2:]
    ]
    assert quality == sorted(quality, reverse=True)
    assert "grey levels apart" in grid(app)["rows"][0]["note"]
    assert grid(app)["legend"] is None
    assert "without its drawn hardware" in texts(app.caption)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"sample": "bare-knee", "mask": "30-60x40-50"}, "against the film as it was"),
        ({"sample": "screwed-knee", "mask": "metal"}, "without its drawn hardware"),
    ],
)
def test_other_masks(compare, painter, query, said):
    app = compare(task="inpaint", models="filler", **query)
    assert said in texts(app.caption)
    assert app.query_params["mask"] == query["mask"]


def test_a_film_without_metal_says_so(compare, painter):
    app = compare(task="inpaint", sample="bare-knee", mask="metal", models="ns")
    assert "Nothing on this film looks like metal" in texts(app.info)
    assert not app.subheader and not app.exception


def test_a_film_of_ones_own_is_filled(compare, painter):
    app = compare(task="inpaint", mask="10-30x10-30", models="filler,telea")
    app.segmented_control(key="compare-fill-source").set_value("Your own films").run()
    assert "Choose a film and methods" in texts(app.info)
    app.file_uploader(key="file").set_value([("film.png", FILM, "image/png")]).run()
    assert headings(app).startswith("2 fills of 4")
    assert "sample" not in app.query_params
    app.file_uploader(key="file").set_value([("film.png", b"", "image/png")]).run()
    assert "empty" in texts(app.error) and not app.exception


def test_a_mask_drawn_on_the_inpaint_page_is_offered(compare, painter):
    app = compare(task="inpaint", sample="bare-knee", models="filler")
    data = gallery.repairs(Path())["bare-knee"].load()
    stroke = Stroke(np.array([(40.0, 40), (80, 80)]), 1, "rectangle")
    hole, method = Hole.of(rasterise([stroke], (224, 224))), Method("telea", "Telea")
    order = Order.now((stroke,), hole, method, False, False)
    app.session_state["inpaint-orders"] = {hashlib.sha256(data).hexdigest(): order}
    app.run()
    app.segmented_control(key="compare-mask").set_value("own").run()
    assert headings(app).startswith("1 fill of 3")
    assert "nothing is measured" in texts(app.caption)
    assert "mask" not in app.query_params


@pytest.mark.parametrize(
    ("across", "down", "rows", "columns"),
    [((0, 100), (0, 100), 10, 20), ((50, 50), (100, 100), 1, 1), ((25, 75), (0, 10), 1, 10)],
)
def test_a_rectangle_in_percent(across, down, rows, columns):
    mask = box((10, 20), across, down)
    assert mask.shape == (10, 20) and mask.any(1).sum() == rows and mask.any(0).sum() == columns


@pytest.fixture
def generators(checkpoints):
    publish_sketcher(checkpoints, title="Toy generator")
    publish_sketcher(checkpoints, "cgan_seed", noise=0, title="Blind generator")
    publish_reader(checkpoints, title="Reader")
    publish_reader(checkpoints, "other", shift=1, title="Contrary reader")


def test_generators_paint_one_outline_and_classifiers_read_it(compare, generators):
    wanted = {"sample": "round", "diagnosis": "nv", "seed": "5", "variants": "2"}
    app = compare(task="sketch", **wanted)
    assert headings(app) == "3 pictures of one outline: Melanocytic naevus"
    rows = {row["title"]: row["pictures"] for row in grid(app)["rows"]}
    assert [p["title"] for p in rows["Toy generator"]] == ["The outline", "Seed 5", "Seed 6"]
    assert [p["title"] for p in rows["Blind generator"]] == ["The outline", "No seed"]
    painted = rows["Blind generator"][1]
    assert "Reader: agrees, melanocytic naevus" in str(painted["lines"])
    assert "Contrary reader: disagrees" in str(painted["lines"])
    assert painted["word"] == "Classifiers disagree"
    assert "call 3 of 3 pictures differently" in texts(app.caption)
    assert dict(app.query_params) | wanted == dict(app.query_params)


def test_generated_pictures_are_marked_in_their_pixels(compare, generators):
    app = compare(task="sketch", variants="1")
    painted = grid(app)["rows"][0]["pictures"][1]
    address = grid(app)["images"][painted["image"]]
    picture = decode(b64decode(address.partition(",")[2]), "picture.jpg").pixels.mean(2)
    mark = picture[stamp_mask(picture.shape)]
    assert (np.abs(mark - np.median(mark)) > 60).mean() > 0.2


def test_without_a_classifier_pictures_are_only_shown(compare, checkpoints):
    publish_sketcher(checkpoints)
    app = compare(task="sketch", sample="chance-7", variants="1")
    assert headings(app) == "1 picture of one outline: Melanoma"
    assert app.query_params["sample"] == "chance-7"


def test_a_saved_sketch_is_painted_and_any_other_file_refused(compare, generators):
    app = compare(task="sketch", variants="1")
    app.segmented_control(key="compare-outline").set_value("A saved sketch").run()
    assert "Choose an outline" in texts(app.info)
    (sample,) = (each for each in sketch_samples() if each.slug == "oval")
    for data, good in (
        (to_json(sample.strokes, SQUARE, "a" * 64).encode(), True),
        (b"{}", False),
        (to_json((Stroke(np.array([(1.0, 1.0), (2, 1)]), 1, "line"),), SQUARE, "").encode(), False),
    ):
        upload = ("sketch.json", data, "application/json")
        app.file_uploader(key="compare-sketch-file").set_value([upload]).run()
        assert not app.exception and bool(app.subheader) is good
        assert bool(app.warning) is not good
    assert "sample" not in app.query_params

"""The sketch page: with no input, good input and bad input."""

import io
import json
import re
import shutil
import zipfile

import cv2
import numpy as np
import pytest

from core.export import stamp_mask
from core.images import decode
from core.lesions import CODES, DIAGNOSES
from core.masks import Stroke, rasterise, to_json
from core.sketch import closed
from core.sketch_samples import sketch_samples
from core.sketchers import noise, one_hot
from core.ui import sketch_orders
from core.ui.sketch_orders import ALL, MORPH, OF_SEEDS, Piece
from core.ui.sketch_quality import TRAP
from tests.toy_lesions import publish_reader
from tests.toy_models import publish_outliner, publish_sketcher

SAMPLES = {sample.slug: sample for sample in sketch_samples()}
NOTHING = "Nothing is drawn yet"
LESION, SKIN = (90, 60, 50), (210, 155, 140)


@pytest.fixture
def pad():
    from core.ui import sketch_pad  # which only a running app can import

    return sketch_pad


@pytest.fixture
def networks(checkpoints):
    """All the page asks: two generators, a classifier, a segmenter."""
    publish_sketcher(checkpoints, title="Toy generator")
    publish_sketcher(checkpoints, "cgan_seed", noise=0, title="Blind generator")
    publish_reader(checkpoints, title="Toy reader")
    publish_outliner(checkpoints)
    return checkpoints


@pytest.fixture
def blank(visit, networks):
    """The page before anything is drawn."""
    return visit("sketch")


@pytest.fixture
def drawn(blank):
    """The page with a sketch on it."""
    return sample(blank, "notched")


def texts(elements) -> str:
    return " / ".join(str(element.value) for element in elements)


def stands(app):
    assert not app.exception
    return app


def click(app, key: str):
    app.button(key=key).click()
    return stands(app.run())


def sample(app, slug: str):
    app.menu_button(key="sketch-sample").click(slug)
    return stands(app.run())


def choose(app, key: str, value):
    app.segmented_control(key=key).set_value(value)
    return stands(app.run())


def slide(app, key: str, value):
    app.slider(key=key).set_value(value)
    return stands(app.run())


def offering(app, key: str, name: str, data: bytes):
    app.file_uploader(key=key).set_value([(name, data, "application/octet-stream")])
    return stands(app.run())


def pictures(app) -> dict[str, str]:
    """Words → address of each generated picture; the address tells what is on it."""
    found = [image for element in app.get("image") for image in element.proto.imgs]
    return {image.alt: image.url for image in found if image.alt.startswith("Synthetic")}


def covered(app) -> float:
    """The share of the square that the sketch covers in percent, as the page says."""
    if NOTHING in texts(app.caption):
        return 0.0
    return float(re.search(r"covers ([\d.]+)", texts(app.caption))[1])


def share(*strokes: Stroke) -> float:
    return 100 * float(closed(strokes).mean())


def painted(colour=LESION, ground=SKIN, radius=30) -> bytes:
    """A photo: a disc of one colour on another, as a PNG file."""
    photo = np.full((150, 200, 3), ground, np.uint8)
    cv2.circle(photo, (100, 75), radius, colour, -1)
    return cv2.imencode(".png", photo[..., ::-1])[1].tobytes()


def path(*points, width: int = 6) -> dict:
    """What the widget tells of a brush's way through points of the canvas."""
    (left, top), (right, bottom) = np.min(points, 0), np.max(points, 0)
    ways = [["L", float(x), float(y)] for x, y in points]
    ways[0][0] = "M"
    middle = {"left": float(left + right) / 2, "top": float(top + bottom) / 2}
    return {"type": "Path", "stroke": "#56B4E9A0", "strokeWidth": width, "path": ways} | middle


def reporting(app, pad, **said):
    """The page after the browser has told what it kept."""
    key = f"sketch-memory-{app.session_state['browser-memory-session']}"
    app.session_state[key] = {"report": {"film": pad.SHA256, "width": 544} | said}
    return stands(app.run())


def drawing(app, pad, *objects):
    """The page after the widget has told what is on it; 544 px show the square as it is."""
    mount = app.session_state[f"sketch-sheet-{pad.SHA256}"].mount
    told = {"drawing": {"raw": {"objects": list(objects)}}}
    app.session_state[f"sketch-canvas-{pad.SHA256}-{mount}"] = told
    return stands(app.run())


def test_without_a_generator_there_is_a_sentence(visit):
    app = stands(visit("sketch"))
    assert "python -m trainers.sketch" in texts(app.info)
    assert not app.button and not app.subheader


def test_an_empty_canvas_waits(blank):
    stands(blank)
    assert "Draw the outline of a lesion" in texts(blank.info)
    assert not pictures(blank) and not (blank.error or blank.warning)
    assert NOTHING in texts(blank.caption)


@pytest.mark.parametrize("slug", SAMPLES)
def test_every_sample_is_painted_and_read(blank, slug):
    app = sample(blank, slug)
    assert covered(app) == pytest.approx(share(*SAMPLES[slug].strokes), abs=0.5)
    assert len(pictures(app)) == 4 and len(set(pictures(app).values())) == 4
    assert "show no patient" in texts(app.caption)
    assert not (app.error or app.warning)


def test_a_classifier_that_agrees_and_one_that_does_not_are_told_in_words(drawn, networks):
    said = texts(drawn.caption)
    assert said.count("**Agrees**: melanoma") == 4 and "agrees with 4 of 4" in said
    assert "it is right in 70" in said
    shutil.rmtree(networks / "lesion")
    publish_reader(networks, shift=1)
    said = texts(stands(drawn.run()).caption)
    assert said.count("**Disagrees**") == 4 and "agrees with 0 of 4" in said


@pytest.mark.parametrize(
    ("code", "probabilities", "words"),
    [
        ("akiec", [0.7, 0.3, 0, 0, 0, 0, 0], "check_circle: **Agrees**: actinic keratosis 70"),
        ("bcc", [0.7, 0.3, 0, 0, 0, 0, 0], "cancel: **Disagrees**: actinic keratosis 70"),
        (None, [0.7, 0.3, 0, 0, 0, 0, 0], "search: Read as actinic keratosis 70"),
    ],
)
def test_a_verdict_has_an_icon_and_words(blank, code, probabilities, words):
    from core.ui.sketch_result import verdict

    assert words in verdict(code, np.array(probabilities))


def test_without_a_classifier_the_pictures_stand_alone(visit, checkpoints):
    publish_sketcher(checkpoints)
    app = sample(visit("sketch"), "round")
    assert "No classifier of lesions is published" in texts(app.info)
    assert len(pictures(app)) == 4 and "grees" not in texts(app.caption)


def test_a_broken_classifier_leaves_the_pictures(drawn, networks):
    card = networks / "lesion/mobilenetv2/card.json"
    card.write_text(card.read_text().replace('"sha256": "', '"sha256": "0'))
    app = stands(drawn.run())
    assert "The pictures are not classified" in texts(app.warning) and len(pictures(app)) == 4


def test_all_seven_are_painted_with_one_seed(drawn):
    app = choose(drawn, "sketch-what", ALL)
    assert len(pictures(app)) == 7 and len(set(pictures(app).values())) == 7
    for diagnosis in DIAGNOSES:
        assert f"**{diagnosis.name}**" in texts(app.markdown)
    assert all("seed 1" in words for words in pictures(app))
    assert "agrees with 7 of 7" in texts(app.caption)


def test_each_diagnosis_has_a_sentence(drawn):
    for diagnosis in DIAGNOSES:
        drawn.selectbox(key="diagnosis").set_value(diagnosis.code).run()
        assert diagnosis.sentence in texts(stands(drawn).caption)
        assert texts(drawn.caption).count(f"**Agrees**: {diagnosis.name.lower()}") == 4


def test_a_kept_seed_stays_when_others_are_drawn(drawn, monkeypatch):
    monkeypatch.setattr(sketch_orders.secrets, "randbelow", lambda most: 41)
    first = list(pictures(drawn).values())
    drawn.checkbox(key="sketch-keep-1").set_value(True).run()
    app = click(drawn, "sketch-reseed")
    second = list(pictures(app).values())
    assert [one == other for one, other in zip(first, second, strict=True)] == [
        *(False, True, False, False)
    ]
    assert [words.split("seed ")[1] for words in pictures(app)] == ["41", "2", "43", "44"]
    drawn.checkbox(key="sketch-keep-1").set_value(False).run()
    assert [words.split("seed ")[1] for words in pictures(drawn)] == ["41", "42", "43", "44"]


def test_a_seed_that_is_set_gives_the_same_picture_again(drawn):
    first = pictures(drawn)
    drawn.number_input(key="sketch-seed").set_value(3).run()
    assert list(pictures(drawn).values())[:2] == list(first.values())[2:]


@pytest.mark.parametrize("count", [1, 3, 8])
def test_as_many_variants_as_asked_for(drawn, count):
    assert len(pictures(slide(drawn, "sketch-variants", count))) == count


def test_without_noise_all_variants_are_one(drawn):
    assert len(set(pictures(slide(drawn, "sketch-noise", 0)).values())) == 1


def test_a_model_that_takes_no_noise_says_so(drawn):
    drawn.selectbox(key="sketcher").set_value("cgan_seed").run()
    assert len(pictures(stands(drawn))) == 1 and "takes no noise" in texts(drawn.caption)
    assert "sketch-variants" not in [slider.key for slider in drawn.slider]
    choose(drawn, "sketch-what", MORPH)
    assert "sketch-morph" not in [control.key for control in drawn.segmented_control]
    assert len(pictures(drawn)) == 3


@pytest.mark.parametrize("between", [None, OF_SEEDS], ids=["diagnoses", "seeds"])
def test_a_morph_goes_from_one_end_to_the_other(drawn, between):
    choose(drawn, "sketch-what", MORPH)
    if between:
        choose(drawn, "sketch-morph", between)
    ends = {}
    for percent in (0, 50, 100):
        left, middle, right = pictures(slide(drawn, "sketch-share", percent)).values()
        assert (middle == left, middle == right) == (percent == 0, percent == 100)
        ends[percent] = left, right
    assert ends[0] == ends[50] == ends[100]


def test_the_outline_is_overlaid_on_demand(drawn):
    bare = list(pictures(drawn).values())
    drawn.toggle(key="sketch-outline").set_value(True).run()
    outlined = pictures(stands(drawn))
    assert all("outline" in words for words in outlined)
    assert not set(outlined.values()) & set(bare)


def test_every_picture_and_table_has_words(drawn):
    for what in (None, ALL, MORPH):
        if what:
            choose(drawn, "sketch-what", what)
        for kind in ("image", "table"):
            for element in drawn.get(kind):
                images = getattr(element.proto, "imgs", None)
                words = [image.alt for image in images] if images else [element.proto.alt]
                assert all(words), (kind, words)


def test_an_open_outline_is_closed_and_several_lesions_count(blank, pad):
    app = reporting(blank, pad)
    one = path((100, 100), (200, 100), (200, 200), (100, 200))
    drawing(app, pad, one)
    assert covered(app) == pytest.approx(100 * 100**2 / pad.SHEET**2, abs=0.2)
    other = path((300, 300), (400, 300), (400, 400), (300, 400))
    drawing(app, pad, one, other)
    assert covered(app) == pytest.approx(200 * 100**2 / pad.SHEET**2, abs=0.2)
    assert len(pictures(app)) == 4
    click(app, "sketch-undo")
    assert covered(app) == pytest.approx(100 * 100**2 / pad.SHEET**2, abs=0.2)


@pytest.mark.parametrize(
    ("points", "sentence"),
    [
        ([(100, 100), (300, 300)], "go round nothing"),
        ([(100, 100), (104, 100), (104, 104), (100, 104)], "too small"),
        ([(0, 0), (544, 0), (544, 544), (0, 544)], "covers everything"),
    ],
    ids=["a straight line", "five pixels", "all of it"],
)
def test_a_sketch_that_no_lesion_could_have_gets_a_sentence(blank, pad, points, sentence):
    app = drawing(reporting(blank, pad), pad, path(*points))
    assert sentence in texts(app.warning) and not pictures(app)


def test_a_sketch_is_closed_once_for_canvas_and_pictures(drawn, pad, monkeypatch):
    asked, close = [], pad.sketch.closed
    monkeypatch.setattr(
        pad.sketch, "closed", lambda *given: asked.append(given[1]) or close(*given)
    )
    slide(drawn, "sketch-variants", 2)
    assert asked.count(pad.SHAPE) == 0
    app = drawing(reporting(drawn, pad), pad, path((10, 10), (60, 10), (60, 60)))
    assert asked.count(pad.SHAPE) == 1 and len(pictures(app)) == 2


def test_a_kept_sketch_comes_back_and_a_link_s_sample_can_be_undone(visit, networks, pad):
    box = (Stroke(np.array([(100.0, 100.0), (300.0, 200.0)]), tool="rectangle"),)
    kept = to_json(box, pad.SHAPE, pad.SHA256)
    app = reporting(visit("sketch"), pad, drawing=kept)
    assert "Your sketch was restored from this browser" in texts(app.caption)
    own = 100 * rasterise(box, pad.SHAPE).mean()
    assert covered(app) == pytest.approx(own, abs=0.1)
    app = reporting(visit("sketch", sample="round"), pad, drawing=kept)
    assert covered(app) == pytest.approx(share(*SAMPLES["round"].strokes), abs=0.5)
    assert covered(click(app, "sketch-undo")) == pytest.approx(own, abs=0.1)
    assert "sample" not in app.query_params


def test_a_link_names_model_and_diagnosis(visit, networks):
    app = stands(visit("sketch", model="cgan_seed", diagnosis="bcc"))
    assert app.selectbox(key="sketcher").value == "cgan_seed"
    assert app.selectbox(key="diagnosis").value == "bcc"
    app = stands(visit("sketch", model="none", diagnosis="none", sample="none"))
    assert len(app.warning) == 3 and app.selectbox(key="sketcher").value == "cgan"


def test_a_saved_sketch_is_opened(blank, pad):
    strokes = (Stroke(np.array([(10.0, 20.0), (60.0, 90.0)]), tool="rectangle"),)
    saved = to_json(strokes, (100, 100), "0" * 64).encode()
    app = offering(blank, "sketch-file", "sketch.json", saved)
    assert covered(app) == pytest.approx(35, abs=0.5) and len(pictures(app)) == 4


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"Dear colleague", "not a sketch saved here"),
        (b"", "not a sketch saved here"),
        (b"[1, 2]", "not a sketch saved here"),
        (b"\xff\xfe\x00", "not a sketch saved here"),
        (to_json((), (128, 128), "0" * 64).encode(), "empty"),
        (to_json((), (200, 100), "0" * 64).encode(), "100 by 200 pixels"),
    ],
    ids=["text", "no bytes", "a list", "no text", "no strokes", "a film's"],
)
def test_what_is_no_sketch_gets_a_sentence_and_nothing_is_lost(drawn, data, sentence):
    before = covered(drawn)
    app = offering(drawn, "sketch-file", "sketch.json", data)
    assert sentence in texts(app.warning)
    assert covered(app) == before and len(pictures(app)) == 4
    sample(app, "small")
    assert sentence not in texts(app.warning)


def test_a_photo_is_outlined_and_lies_beneath(blank):
    app = offering(blank, "sketch-photo-file", "mole.png", painted())
    assert covered(app) == pytest.approx(100 * np.pi * 30**2 / 150**2, abs=1)
    assert "correct it before you go on" in texts(app.info)
    assert app.toggle(key="sketch-beneath").value is True
    assert len(pictures(app)) == 4
    sample(app, "round")
    assert "sketch-beneath" not in [toggle.key for toggle in app.toggle]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (painted(ground=(20, 40, 230)), "does not look like skin"),
        (painted(SKIN), "No lesion was found"),
        (cv2.imencode(".png", np.full((90, 90), 200, np.uint8))[1].tobytes(), "no colour"),
        (b"Dear colleague", "PNG, JPEG, TIFF"),
        (painted()[:200], "cut short"),
        (b"", "empty"),
    ],
    ids=["not skin", "no lesion", "grey", "text", "half a file", "no bytes"],
)
def test_a_photo_without_a_lesion_gets_a_sentence_and_nothing_is_lost(drawn, data, sentence):
    before = covered(drawn)
    app = offering(drawn, "sketch-photo-file", "mole.png", data)
    assert sentence in texts(app.warning) and covered(app) == before
    assert "sketch-beneath" not in [toggle.key for toggle in app.toggle]


def test_without_a_segmenter_photos_are_not_asked_for(visit, checkpoints):
    publish_sketcher(checkpoints)
    app = stands(visit("sketch"))
    assert "python -m trainers.segment" in texts(app.info)
    assert "sketch-photo-file" not in [uploader.key for uploader in app.file_uploader]


def test_a_broken_generator_is_a_sentence_and_the_sketch_stays(visit, networks):
    (networks / "sketch/cgan_seed/model.onnx").write_bytes(b"changed")
    app = sample(visit("sketch", model="cgan_seed"), "round")
    assert "sha256" in texts(app.error) and not pictures(app)
    assert covered(app) > 10
    app.selectbox(key="sketcher").set_value("cgan").run()
    assert len(pictures(stands(app))) == 4


def test_a_picture_s_file_says_that_it_is_synthetic(drawn, networks, pad):
    from core.models import find
    from core.ui.sketch_result import file

    card, mask = find(networks, "sketch", "cgan"), closed(SAMPLES["round"].strokes)
    picture = np.random.default_rng(0).integers(0, 255, (128, 128, 3), np.uint8)
    piece = Piece("", one_hot("mel"), noise([7])[0], "mel", 7, 0.5)
    data = file(piece, picture, mask, card)
    pixels, touched = decode(data, "picture.png").pixels, stamp_mask(mask.shape)
    np.testing.assert_array_equal(pixels[~touched], picture[~touched])
    assert (pixels[touched] != picture[touched]).any()
    comment = data[data.index(b"Synthetic") :]
    said = json.loads(comment[comment.index(b"{") : comment.index(b"IDAT") - 8])
    assert said["diagnosis"] == {"mel": 1.0} and (said["seed"], said["strength"]) == (7, 0.5)
    assert said["model"]["name"] == "cgan" and "non-commercial" in said["licence"]


def test_a_batch_is_made_with_labels_and_masks(drawn):
    assert "sketch-batch" not in drawn.session_state
    drawn.number_input(key="sketch-batch-count").set_value(2).run()
    app = click(drawn, "sketch-batch-make")
    assert "14 pictures by Toy generator, 2 of each" in texts(app.caption)
    with zipfile.ZipFile(io.BytesIO(app.session_state["sketch-batch"].data)) as archive:
        names = archive.namelist()
        table = archive.read("labels.csv").decode().splitlines()
    assert sum(name.startswith("images/") for name in names) == 14
    assert sum(name.startswith("masks/") for name in names) == 14
    assert len(table) == 15 and all(f",{code}," in "\n".join(table) for code in CODES)


def test_a_batch_of_one_s_own_sketch_wants_one(blank):
    choose(blank, "sketch-batch-outlines", "My sketch")
    app = click(blank, "sketch-batch-make")
    assert "The sketch is empty" in texts(app.warning)
    assert "The sketch is empty" in texts(stands(app.run()).warning)
    assert "sketch-batch" not in app.session_state
    assert not choose(app, "sketch-batch-outlines", "Random outlines").warning
    assert choose(app, "sketch-batch-outlines", "My sketch").warning
    sample(app, "round")
    assert not app.warning
    blank.number_input(key="sketch-batch-count").set_value(1).run()
    assert "7 pictures" in texts(click(app, "sketch-batch-make").caption)
    assert not app.warning


def test_a_batch_of_the_same_picture_is_refused_until_something_else_is_asked_for(drawn):
    choose(drawn, "sketch-batch-outlines", "My sketch")
    drawn.selectbox(key="sketcher").set_value("cgan_seed").run()
    app = click(drawn, "sketch-batch-make")
    assert "all pictures of a sketch are the same" in texts(app.warning)
    assert not app.selectbox(key="sketcher").set_value("cgan").run().warning
    app.selectbox(key="sketcher").set_value("cgan_seed").run()
    assert app.warning and not app.number_input(key="sketch-batch-count").set_value(1).run().warning
    said = texts(click(app, "sketch-batch-make").caption)
    assert "7 pictures by Blind generator" in said and "noise: this generator takes no" in said


def test_a_batch_stays_small_and_says_how_to_train_with_it(blank):
    assert blank.number_input(key="sketch-batch-count").max == 50
    assert "trainers.lesion --data … --also synthetic.zip" in texts(blank.markdown)


def test_the_honest_numbers_stand_beside_those_of_real_pictures(blank):
    (table,) = [each.value for each in blank.table]
    assert list(table.columns) == ["Measure", "Toy generator", "Blind generator", "Real pictures"]
    rows = {row["Measure"].split(",")[0]: row for row in table.to_dict("records")}
    assert rows["Fréchet distance (FID)"]["Toy generator"] == "60.0"
    assert rows["Fréchet distance (FID)"]["Real pictures"] == "12.0"
    assert rows["Balanced accuracy of the classifier"]["Real pictures"] == ".750"
    said = texts(blank.caption)
    assert "On 20 held-out sketches" in said and "temperature and the threshold" in said
    assert "about the best to be expected" in said and "Inception's weights were not" in said
    assert "from scratch, is the independent witness" in said
    assert TRAP in texts(blank.info) and TRAP.count(". ") == 1
    for number in ("70 %", "21.6 %", "67 %"):
        assert number in TRAP


def test_cards_without_numbers_say_so(visit, checkpoints):
    publish_sketcher(checkpoints, metrics={})
    app = stands(visit("sketch"))
    assert "python -m trainers.evaluate sketch" in texts(app.info) and not app.table


def test_what_is_drawn_can_be_saved_and_opened(blank, pad):
    def offered(app) -> bool:
        (button,) = [b for b in app.get("download_button") if b.proto.label == "Sketch (JSON)"]
        return not button.proto.disabled

    assert not offered(blank)
    app = sample(blank, "two")
    assert offered(app)
    before, shown = covered(app), pictures(app)
    data = pad.saved(app.session_state[f"sketch-sheet-{pad.SHA256}"].whole)
    click(app, "sketch-clear")
    assert covered(app) == 0 and not pictures(app)
    offering(app, "sketch-file", "sketch.json", data)
    assert covered(app) == before and pictures(app) == shown

"""The inpaint page: with no input, good input and bad input."""

import hashlib
import json
import re
from datetime import UTC, datetime

import cv2
import numpy as np
import pytest
from streamlit.runtime.scriptrunner_utils.exceptions import StopException

from core import export, inpaint, mask_files, masks
from core.images import decode
from core.masks import BadMask, Stroke
from core.outlines import outlines, traced
from core.repair_samples import repair_gallery
from core.samples import dicom, png
from core.ui import cached_fills, fill_questions, fill_result
from core.ui.cached_fills import Hole, Method
from core.ui.fill_orders import Order
from core.ui.film import read
from tests.toy_models import publish_graded, publish_painter

EXHIBITS = {sample.slug: sample for sample in repair_gallery()}
SCREWS = EXHIBITS["screwed-knee"]
SCREWS_FILE, SCREWS_FILM = SCREWS.data(), SCREWS.draw()
SHA256 = hashlib.sha256(SCREWS_FILE).hexdigest()
SHAPE = SCREWS_FILM.film.shape
BOX = (Stroke(np.array([(60.0, 60.0), (100.0, 90.0)]), tool="rectangle"),)
WHOLE = (Stroke(np.array([(0.0, 0.0), (224.0, 224.0)]), tool="rectangle"),)
TRUE, SUGGEST, REUSE = "Use the true mask", "Suggest metal", "Reuse the last mask"
NOTHING = "Nothing is drawn yet"


def texts(elements) -> str:
    return " / ".join(str(element.value) for element in elements)


def headings(app) -> str:
    assert not app.exception
    return texts(app.subheader)


def labels(app) -> list[str]:
    return [button.label for button in app.button]


def click(app, label: str):
    """Press a button; the page must stand it."""
    (button,) = (button for button in app.button if button.label == label)
    assert not button.disabled
    button.click().run()
    assert not app.exception
    return app


def filled(app) -> bool:
    return "Filled by" in headings(app)


def table(app, alt: str):
    (found,) = [each.value for each in app.table if each.proto.alt == alt]
    return found


def offering(app, name: str, data: bytes, sha256: str = SHA256):
    """The page after a file with a mask or strokes is uploaded."""
    key = f"inpaint-upload-{sha256}"
    app.file_uploader(key=key).set_value([(name, data, "application/octet-stream")]).run()
    assert not app.exception
    return app


def uploading(app, name: str, data: bytes):
    """The page after a film of one's own is uploaded."""
    app.segmented_control(key="source").set_value("Your own films").run()
    app.file_uploader(key="file").set_value([(name, data, "application/octet-stream")]).run()
    return app


def strokes_file(strokes=BOX, shape=SHAPE, sha256=SHA256) -> bytes:
    return masks.to_json(strokes, shape, sha256).encode()


def picture(array: np.ndarray, ending: str = ".png") -> bytes:
    return cv2.imencode(ending, array)[1].tobytes()


@pytest.fixture
def network(checkpoints):
    return publish_painter(checkpoints, "context_encoder", title="Toy painter")


@pytest.fixture
def screws(visit, network):
    """The page on the knee with screws, before anything is drawn."""
    return visit("inpaint", sample="screwed-knee")


@pytest.mark.parametrize("slug", EXHIBITS)
def test_every_sample_waits_to_be_drawn_on(visit, network, slug):
    app = visit("inpaint", sample=slug)
    assert not (app.exception or app.error or app.warning)
    assert "Mark what should go" in texts(app.info) and not app.subheader
    assert NOTHING in texts(app.caption)
    assert (TRUE in labels(app)) == (slug != "bare-knee")
    assert app.selectbox(key="painter").value == "context_encoder"


def test_without_networks_the_classical_methods_are_left(visit):
    app = visit("inpaint")
    assert "No network that fills is published here" in texts(app.info)
    assert app.selectbox(key="painter").options == [
        f"{title} (classical)" for title in inpaint.CLASSICAL.values()
    ]
    assert filled(click(click(app, TRUE), "Fill"))
    assert "No network" in texts(app.info) and not app.error


def test_a_fill_is_shown_measured_and_compared(screws):
    app = click(click(screws, TRUE), "Fill")
    assert "Filled by Toy painter" in headings(app)
    told = texts(app.markdown)
    assert f"{int(SCREWS_FILM.mask.sum()):,} pixels" in told and "to the last bit" in told
    measured = table(app, "How near the fill is to the truth")
    assert list(measured["Fill"]) == ["As shown, with grain", "Without grain"]
    grain, bare = (float(text.split("\N{NARROW NO-BREAK SPACE}")[0]) for text in measured["PSNR"])
    assert 15 < grain < bare < 60
    compared = table(app, "Every method on this mask")
    assert len(compared) == 1 + len(inpaint.CLASSICAL)
    # The film to draw on; then before, the truth, and a picture for each method.
    assert len(app.get("image")) == 3 + len(compared)
    assert "invented from what surrounds it" in texts(app.warning)
    assert "What it cannot know" in headings(app)


def test_every_picture_and_table_has_words(screws, checkpoints):
    publish_graded(checkpoints, "grader")
    app = click(click(screws, TRUE), "Fill")
    app.segmented_control(key="inpaint-view").set_value("Difference").run()
    for question in (None, fill_questions.OUTLINE, fill_questions.GRADE):
        if question:
            app.segmented_control(key="inpaint-question").set_value(question).run()
        assert not app.exception
        for kind in ("image", "table", "plotly_chart"):
            for element in app.get(kind):
                images = getattr(element.proto, "imgs", None)
                words = [image.alt for image in images] if images else [element.proto.alt]
                assert all(words), (kind, words)


def test_suggested_metal_is_drawn_to_be_corrected_and_can_be_undone(screws):
    app = click(screws, SUGGEST)
    assert "Check it before you fill" in texts(app.info)
    assert "Mark what should go" in texts(app.info)
    assert NOTHING not in texts(app.caption)
    assert NOTHING in texts(click(app, "Undo").caption)
    assert "Check it" not in texts(app.info)


def test_nothing_like_metal_is_said_so(visit, network):
    app = click(visit("inpaint", sample="bare-knee"), SUGGEST)
    assert "Nothing on this film looks like metal" in texts(app.warning)
    assert NOTHING in texts(app.caption)


def covered(app) -> int:
    """The pixels that the mask covers, as the page says."""
    if NOTHING in texts(app.caption):
        return 0
    return int(re.search(r"([\d,]+) pixels\.", texts(app.caption))[1].replace(",", ""))


def test_tools_change_the_mask_step_by_step(screws):
    app = offering(screws, "strokes.json", strokes_file())
    assert covered(app) == 40 * 30
    grown = covered(click(app, "Grow"))
    assert 40 * 30 < grown <= 44 * 34
    assert covered(click(app, "Shrink")) < grown
    assert covered(click(app, "Undo")) == grown
    assert covered(click(app, "Invert")) == 224 * 224 - grown
    assert covered(click(app, "Fill holes")) == 224 * 224
    assert covered(click(click(app, "Undo"), "Undo")) == grown
    assert covered(click(app, "Remove specks")) == grown
    assert covered(click(app, "Clear")) == 0
    tools = {button.label: button.disabled for button in app.button}
    assert tools["Grow"] and tools["Invert"] and not tools[SUGGEST]


def test_a_mask_is_never_shrunk_to_nothing(screws):
    app = offering(screws, "strokes.json", strokes_file())
    app.number_input(key=f"inpaint-px-{SHA256}").set_value(20).run()
    click(app, "Shrink")
    assert "Nothing would be left" in texts(app.warning) and covered(app) == 40 * 30


@pytest.mark.parametrize("ending", [".png", ".tif", ".jpg"])
def test_a_mask_comes_back_from_a_picture(screws, ending):
    box = masks.rasterise(BOX, SHAPE)
    data = mask_files.png(box) if ending == ".png" else picture(box.astype(np.uint8) * 255, ending)
    assert covered(offering(screws, f"mask{ending}", data)) == 40 * 30


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("mask.png", picture(np.eye(100, dtype=np.uint8) * 255), "100 by 100 pixels"),
        ("mask.png", picture(np.zeros(SHAPE, np.uint8)), "is empty"),
        ("mask.png", picture(np.full(SHAPE, 255, np.uint8)), "covers the whole film"),
        ("mask.png", SCREWS_FILE, "more than two grey levels"),
        ("mask.png", b"Dear colleague", "PNG, JPEG, TIFF"),
        ("mask.png", b"", "empty"),
        ("strokes.json", b"[1, 2]", "not a file of strokes"),
        ("strokes.json", b"{}", "not a file of strokes"),
        ("strokes.json", strokes_file(sha256="0" * 64), "drawn on another film"),
        ("strokes.json", strokes_file(shape=(100, 100)), "drawn on another film"),
        ("strokes.json", strokes_file(()), "Nothing would be left"),
        (
            "mask.png",
            picture((np.indices((224, 224)).sum(0) % 2 * 255).astype(np.uint8)),
            "too many small pieces",
        ),
    ],
    ids=[
        *("other size", "empty", "all of it", "a film", "text", "no bytes", "a list", "no strokes"),
        *("other film", "other shape", "none drawn", "a chequerboard"),
    ],
)
def test_a_bad_mask_gets_a_sentence_and_nothing_is_lost(screws, name, data, sentence):
    app = offering(screws, "strokes.json", strokes_file())
    offering(app, name, data)
    assert sentence in texts(app.warning) and covered(app) == 40 * 30


def test_too_many_pieces_are_refused(screws):

    with pytest.raises(BadMask, match="too many small pieces"):
        traced(np.indices((600, 600)).sum(0) % 2 > 0)


def test_an_empty_mask_and_one_over_everything_are_refused_in_words(screws):
    app = click(screws, "Fill")
    assert "The mask is empty" in texts(app.error) and not filled(app)
    click(offering(app, "strokes.json", strokes_file()), "Fill")
    assert filled(app) and not app.error
    click(offering(app, "strokes.json", strokes_file(WHOLE)), "Fill")
    assert "covers all of the film" in texts(app.error)
    assert filled(app) and covered(app) == 224 * 224
    assert "the mask changed since" in texts(app.warning)


def test_a_refusal_stays_until_the_film_the_mask_or_the_method_is_another(screws):
    def refused(app) -> bool:
        return "The mask is empty" in texts(app.error)

    app = click(screws, "Fill")
    assert refused(app) and refused(app.run())
    assert refused(app.toggle(key="inpaint-grain").set_value(False).run())
    click(app, TRUE)
    assert not refused(app) and not refused(click(app, "Undo"))
    assert refused(click(app, "Fill"))
    assert not refused(app.selectbox(key="painter").set_value("telea").run())
    assert refused(click(app, "Fill"))
    assert not refused(app.selectbox(key="repair").set_value("plated-knee").run())
    app.selectbox(key="repair").set_value("screwed-knee").run()
    assert not refused(app)
    assert filled(click(click(app, TRUE), "Fill")) and not app.error


@pytest.fixture
def failing_once(monkeypatch):
    """Let a function of `cached_fills` fail when it is called next: `failing_once("fill", error)`.
    Streamlit ends a run that another one follows by a StopException at some such call."""

    def failing_once(name: str, error: BaseException) -> None:
        works, errors = getattr(cached_fills, name), iter([error])

        def fails(*args, **kwargs):
            for error in errors:
                raise error
            return works(*args, **kwargs)

        monkeypatch.setattr(cached_fills, name, fails)

    return failing_once


def test_a_fill_whose_run_ended_early_is_made_by_the_next(screws, failing_once):
    app = click(screws, TRUE)
    failing_once("fill", StopException())
    assert not filled(click(app, "Fill"))
    assert filled(app.run()) and not app.error


def test_a_tool_whose_run_ended_early_is_used_by_the_next_and_once(screws, failing_once):
    app = click(screws, TRUE)
    failing_once("suggestion", StopException())
    click(app, SUGGEST)
    found = covered(app.run())
    assert found not in (0, SCREWS_FILM.mask.sum()) and "Check it before" in texts(app.info)
    assert covered(app.run()) == found
    assert covered(click(app, "Undo")) == SCREWS_FILM.mask.sum()


@pytest.mark.parametrize(("label", "name"), [("Fill", "fill"), (SUGGEST, "suggestion")])
def test_a_press_that_failed_is_not_tried_again(screws, failing_once, label, name):
    app = click(screws, TRUE)
    failing_once(name, RuntimeError("Broken"))
    (button,) = (button for button in app.button if button.label == label)
    assert button.click().run().exception
    assert not filled(app.run()) and covered(app) == SCREWS_FILM.mask.sum()


def test_a_fill_that_no_longer_fits_is_called_older(screws):
    app = click(click(screws, TRUE), "Fill")
    assert "is older" not in texts(app.warning)
    click(app, "Grow")
    assert "the mask changed since" in texts(app.warning) and filled(app)
    assert "is older" not in texts(click(app, "Undo").warning)
    app.selectbox(key="painter").set_value("telea").run()
    assert "the method changed since" in texts(app.warning)
    assert "Filled by Toy painter" in headings(app)
    app.toggle(key="inpaint-grain").set_value(False).run()
    assert "the method and the grain changed since" in texts(app.warning)
    app = click(app, "Fill")
    assert "is older" not in texts(app.warning) and "Filled by Telea" in headings(app)
    assert list(table(app, "How near the fill is to the truth")["Fill"]) == ["As shown"]


def test_fills_and_masks_outlive_other_films(screws):
    app = click(click(screws, TRUE), "Fill")
    assert REUSE not in labels(app)
    app.selectbox(key="repair").set_value("plated-knee").run()
    assert not filled(app) and covered(app) == 0
    click(app, REUSE)
    assert covered(app) == SCREWS_FILM.mask.sum()
    app.selectbox(key="repair").set_value("plated-forearm").run()
    assert REUSE not in labels(app)  # another size
    app.selectbox(key="repair").set_value("screwed-knee").run()
    assert filled(app) and covered(app) == SCREWS_FILM.mask.sum()


def test_a_network_of_the_middle_says_what_it_cannot_fill_and_offers_what_it_can(
    visit, checkpoints
):
    publish_painter(
        checkpoints, "classic", title="Classic", view="whole film", largest_view=64, stride=64
    )
    app = click(click(visit("inpaint", model="classic"), TRUE), "Fill")
    assert "Classic only ever learned to draw the middle" in texts(app.error) and not filled(app)
    click(click(app, "Use the middle"), "Fill")
    assert "Filled by Classic" in headings(app) and not app.error


def test_a_broken_network_is_a_sentence_and_the_mask_stays(screws, network):
    (network / "model.onnx").write_bytes(b"changed")
    app = click(click(screws, TRUE), "Fill")
    assert "sha256" in texts(app.error) and not filled(app)
    assert covered(app) == SCREWS_FILM.mask.sum()
    app.selectbox(key="painter").set_value("ns").run()
    assert filled(click(app, "Fill"))
    assert r"**Toy painter**: The file of model context_encoder" in texts(app.markdown)


def test_the_same_mask_a_little_larger(screws):
    app = click(click(screws, TRUE), "Fill")
    app.segmented_control(key="inpaint-question").set_value(fill_questions.OUTLINE).run()
    grown = table(app, "How much the fill changes with its mask")
    assert list(grown["Mask grown by"]) == ["1 px", "2 px", "4 px"]
    assert all(re.fullmatch(r"\d+\.\d grey levels", text) for text in grown["Mean change"])
    assert "where the mask ends" in texts(app.markdown) or "exactly" in texts(app.markdown)


@pytest.mark.parametrize(
    ("change", "words"),
    [(0, "hardly"), (3.0, "hardly"), (3.1, "somewhat"), (10.1, "hangs on")],
)
def test_what_a_change_of_the_fill_means(change, words):
    assert words in fill_questions.steadiness(change)


def graded(app):
    app.segmented_control(key="inpaint-question").set_value(fill_questions.GRADE).run()
    assert not app.exception
    charts = [json.loads(chart.proto.spec)["data"] for chart in app.get("plotly_chart")]
    return [trace["name"] for chart in charts for trace in chart]


def test_the_grade_before_and_after_is_called_a_grade_of_the_fill(screws, checkpoints):
    publish_graded(checkpoints, "grader")
    app = click(click(screws, TRUE), "Fill")
    assert graded(app) == ["Before", "After", "Truth"]
    assert "a grade of the fill, not of the knee" in texts(app.warning)
    assert len(re.findall(r"(Before|After|Truth): grade \d", texts(app.markdown))) == 3


def test_a_film_of_ones_own_is_graded_too(visit, network, checkpoints):
    publish_graded(checkpoints, "grader")
    app = uploading(visit("inpaint"), "film.png", SCREWS_FILE)
    assert TRUE not in labels(app) and "sample" not in app.query_params
    click(click(app, SUGGEST), "Fill")
    assert filled(app) and "truth" not in texts(app.markdown)
    assert graded(app) == ["Before", "After"]


def test_a_negative_film_is_turned_before_metal_is_sought_and_filled(visit, network):
    app = uploading(visit("inpaint"), "film.png", png(255 - SCREWS_FILM.film))
    (turned,) = (toggle for toggle in app.toggle if toggle.key.startswith("invert"))
    assert turned.value
    click(click(app, SUGGEST), "Fill")
    assert filled(app)
    app.segmented_control(key="inpaint-view").set_value("Difference").run()
    assert "darker on average" in texts(app.caption)


def test_what_is_no_knee_is_not_graded(visit, network, checkpoints):
    app = click(click(visit("inpaint", sample="plated-forearm"), TRUE), "Fill")
    assert not graded(app) and "no model here that grades" in texts(app.info)
    publish_graded(checkpoints, "grader")
    app.run()
    assert not graded(app) and "shows no knee" in texts(app.info)


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("film.png", b"Dear colleague", "PNG, JPEG, TIFF"),
        ("film.png", SCREWS_FILE[: len(SCREWS_FILE) // 2], "cut short"),
        ("film.png", b"", "empty"),
    ],
)
def test_a_bad_film_gets_a_sentence(visit, network, name, data, sentence):
    app = uploading(visit("inpaint"), name, data)
    assert sentence in texts(app.error) and not app.exception
    assert not app.subheader


def test_own_films_wait_for_a_file(visit, network):
    app = visit("inpaint")
    app.segmented_control(key="source").set_value("Your own films").run()
    assert "Choose a film above" in texts(app.info) and not app.exception


def test_a_link_names_film_and_method(visit, network):
    app = visit("inpaint", sample="wired-knee", model="telea")
    assert app.selectbox(key="repair").value == "wired-knee"
    assert app.selectbox(key="painter").value == "telea"
    app = visit("inpaint", sample="nowhere", model="nothing")
    assert len(app.warning) == 2 and app.selectbox(key="painter").value == "context_encoder"


def result(data: bytes, name: str, mask: np.ndarray, grain: bool = True):
    """A fill as the page makes it, without the page."""
    image, film = decode(data, name), read(data, name)
    hole, method = Hole.of(mask), Method("ns", "Navier-Stokes")
    order = Order(
        outlines(mask), mask.shape, hole.sha256, "ns", "", False, grain, datetime.now(UTC)
    )
    made = inpaint.fill(image.pixels, mask, "ns", image.window, False, grain)
    shown = cached_fills.displayed(image, made.pixels, False)
    return fill_result.Result(film, image, order, hole, method, made, film.grey, shown, None)


KNEE = EXHIBITS["dicom-screws"].draw()
COLOUR = np.repeat(SCREWS_FILM.film[..., None], 3, 2) // np.array([1, 2, 3], np.uint8)


@pytest.mark.parametrize("marked", [True, False], ids=["marked", "unmarked"])
@pytest.mark.parametrize("kind", ["png", "tiff", "dicom"])
@pytest.mark.parametrize(
    ("name", "data", "mask"),
    [
        ("film.png", SCREWS_FILE, SCREWS_FILM.mask),
        ("film.png", png(KNEE.film), KNEE.mask),
        ("film.dcm", dicom(KNEE.film, 0.2), KNEE.mask),
        ("film.png", picture(COLOUR), SCREWS_FILM.mask),
    ],
    ids=["8 bit", "16 bit", "DICOM", "colour"],
)
def test_files_keep_every_pixel_outside_the_mask(name, data, mask, kind, marked):
    made = result(data, name, mask)
    file = fill_result.film_file(made, kind, marked, data)
    pixels = decode(file, "filled").pixels
    assert pixels.dtype == made.image.pixels.dtype
    touched = mask | export.stamp_mask(mask.shape) if marked else mask
    np.testing.assert_array_equal(pixels[~touched], made.image.pixels[~touched])
    assert (pixels[mask] != made.image.pixels[mask]).any()
    assert b"Synthetic" in file
    if not marked:
        np.testing.assert_array_equal(pixels, made.filled.pixels)


def test_a_deep_film_is_shown_alike_before_and_after():
    """Its range is the film's own, although the brightest pixels are filled in."""
    made = result(png(KNEE.film), "film.png", KNEE.mask)
    outside = ~KNEE.mask
    np.testing.assert_array_equal(made.after[outside], made.before[outside])
    turned = cached_fills.displayed(made.image, made.filled.pixels, True)
    np.testing.assert_array_equal(turned, 255 - made.after)


def test_real_knees_carry_drawn_hardware_whose_truth_is_known(visit, network, tmp_path):
    clean = SCREWS_FILM.clean
    for grade in range(2):
        folder = tmp_path / f"data/knee/val/{grade}"
        folder.mkdir(parents=True)
        (folder / f"{grade}L.png").write_bytes(picture(clean))
    app = visit("inpaint")
    offered = app.selectbox(key="repair").options
    real = [at for at, title in enumerate(offered) if title.startswith("Real knee with drawn")]
    assert real == [len(EXHIBITS), len(EXHIBITS) + 1]
    app.selectbox(key="repair").select_index(real[0]).run()
    assert filled(click(click(app, TRUE), "Fill"))
    assert table(app, "How near the fill is to the truth").shape == (2, 4)

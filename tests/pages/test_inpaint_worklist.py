"""The inpaint page with films of a worklist: their masks come with them, their fills go back."""

import hashlib

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core import artefacts, export, masks
from core.annotations import Reader, Store, Unreachable
from core.artefacts import Annotation
from core.clean_film import clean
from core.images import decode
from core.repair_samples import repair_gallery
from core.settings import CHECKOUT, Settings
from tests.toy_models import publish_painter

ANNA, BEN = Reader("Anna"), Reader("Ben")
SAMPLES = {sample.slug: sample for sample in repair_gallery()}
FILES = {"png": SAMPLES["screwed-knee"], "dicom": SAMPLES["dicom-screws"]}
SCREW = masks.Stroke(np.array([(60.0, 60.0), (100.0, 90.0)]), tool="rectangle", label="screw")
PLATE = masks.Stroke(np.array([(90.0, 80.0), (120.0, 100.0)]), tool="rectangle", label="plate")
# Takes from the screw what the plate still has.
SLIP = masks.Stroke(
    np.array([(95.0, 85.0), (110.0, 95.0)]), tool="rectangle", label="screw", erase=True
)
DRAWN = Annotation((SCREW, PLATE, SLIP))


class Here:
    """A worklist of one film, and the page with it."""

    def __init__(self, store: Store, kind: str) -> None:
        self.store, self.original = store, FILES[kind].data()
        self.worklist = store.create_worklist("Knees", ANNA)
        self.film = store.add_film(
            self.worklist, clean(self.original, f"Hansen_Petra.{kind}"), ANNA
        ).film

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.original).hexdigest()

    def reads(self, reader: Reader, annotation: Annotation, submit: bool = True):
        reading = self.store.begin(self.worklist, self.sha256, reader)
        reading = self.store.save(reading, reading.revision, annotation, by=reader)
        return self.store.submit(reading, reading.revision, reader) if submit else reading

    def agree(self, annotation: Annotation) -> None:
        found = self.store.submitted(self.worklist, self.sha256, BEN, looking=False)
        of = [(reading.id, reading.revision) for reading in found]
        self.store.keep_consensus(self.worklist, self.sha256, "majority", annotation, of, {}, BEN)

    def mask(self, *labels: str) -> int:
        found = artefacts.label_masks(DRAWN.strokes, self.film.shape)
        return int(np.logical_or.reduce([found[label] for label in labels]).sum())

    def visit(self, reader: Reader = ANNA, recalled: bool = True) -> AppTest:
        """The page as a reader comes to it from the worklist."""
        app = AppTest.from_file(str(CHECKOUT / "Home.py"), default_timeout=60).run()
        app.session_state["annotate-open"] = (self.worklist.code, reader.name, False)
        app.session_state["source"] = "From a worklist"
        app.switch_page("pages/inpaint.py").run()
        return self.recalled(app) if recalled else well(app)

    def recalled(self, app: AppTest, drawing: str | None = None) -> AppTest:
        """The browser told what it kept of a drawing on the film."""
        report = {"film": self.sha256, "width": 358, "drawing": drawing}
        key = f"inpaint-memory-{app.session_state['browser-memory-session']}"
        app.session_state[key] = {"report": report}
        return well(app.run())


@pytest.fixture
def store(tmp_path, monkeypatch, checkpoints):
    publish_painter(checkpoints, "context_encoder", title="Toy painter")
    monkeypatch.setenv("LIGHTBOX_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("LIGHTBOX_DATABASE_URL", raising=False)
    store = Store.open(Settings.from_environment().database_url)
    yield store
    store.close()


@pytest.fixture
def here(store):
    return Here(store, "png")


def well(app: AppTest) -> AppTest:
    assert not app.exception
    return app


def texts(elements) -> str:
    return " / ".join(str(element.value) for element in elements)


def covered(app: AppTest, pixels: int) -> bool:
    """Whether the page says that so much is masked."""
    said = f"{pixels:,} pixels." if pixels else "Nothing is drawn yet"
    return said in texts(app.caption)


def click(app: AppTest, label: str) -> AppTest:
    (button,) = (button for button in app.button if button.label == label)
    assert not button.disabled
    return well(button.click().run())


def test_a_worklist_is_a_source_only_while_one_is_open(visit, here):
    assert visit("inpaint").segmented_control(key="source").options == [
        "Sample film",
        "Your own films",
    ]
    app = here.visit()
    assert app.segmented_control(key="source").options[-1] == "From a worklist"
    app.switch_page("pages/fracture.py").run()
    assert well(app).segmented_control(key="source").value == "Sample film"
    assert len(app.segmented_control(key="source").options) == 2


def test_an_own_mask_is_laid_as_one_step_with_all_labels_or_some(here):
    here.reads(ANNA, DRAWN, submit=False)
    app = here.visit(recalled=False)
    assert covered(app, 0)  # until the browser has told what it keeps
    here.recalled(app)
    assert covered(app, here.mask("screw", "plate"))
    assert not app.warning and not app.error
    labels = next(pills for pills in app.pills if pills.label == "Labels to fill in")
    well(labels.set_value(["plate"]).run())
    assert covered(app, here.mask("plate"))
    click(app, "Undo")
    assert covered(app, here.mask("screw", "plate"))
    click(app, "Undo")
    assert covered(app, 0)
    assert covered(well(app.run()), 0)  # what was undone does not come again
    click(app, "Use the worklist's mask")
    assert covered(app, here.mask("plate"))


def test_what_was_drawn_already_is_not_overwritten(here):
    here.reads(ANNA, DRAWN)
    own = masks.Stroke(np.array([(10.0, 10.0), (20.0, 30.0)]), tool="rectangle")
    app = here.visit(recalled=False)
    here.recalled(app, masks.to_json((own,), here.film.shape, here.sha256))
    assert covered(app, 200)
    click(app, "Use the worklist's mask")
    assert covered(app, here.mask("screw", "plate"))
    assert covered(click(app, "Undo"), 200)


def test_the_consensus_comes_to_who_has_submitted_and_to_others_on_demand(here):
    here.reads(ANNA, DRAWN)
    here.agree(Annotation((PLATE,)))
    assert covered(here.visit(), 600)
    here.reads(BEN, Annotation((SCREW,)), submit=False)
    app = here.visit(BEN)
    assert covered(app, 1200)
    looked = [line for line in here.store.events(here.worklist) if '"look"' in line]
    whose = next(each for each in app.segmented_control if each.label == "Mask to begin with")
    assert not looked and whose.options[-1] == "The consensus (looking is logged)"
    well(whose.set_value("The consensus").run())
    assert covered(app, 600)
    looked = [line for line in here.store.events(here.worklist) if '"look"' in line]
    assert len(looked) == 1


def test_who_has_drawn_nothing_draws_the_mask_there(here):
    here.reads(ANNA, DRAWN)
    app = here.visit(BEN)
    assert covered(app, 0) and "drawn nothing on this film under Annotate" in texts(app.caption)


@pytest.mark.parametrize("kind", ["png", "dicom"])
def test_a_fill_goes_back_as_the_film_came_at_its_own_depth_and_stated(store, kind):
    here = Here(store, kind)
    here.reads(ANNA, DRAWN)
    app = click(here.visit(), "Fill")
    assert "Filled by Toy painter" in texts(app.subheader)
    click(app, "Give it back to the worklist")
    assert "lies in the worklist" in texts(app.caption)
    assert app.button(key="inpaint-give-back").disabled
    (fill,) = here.store.fills(here.worklist, here.sha256, BEN)
    assert (fill.kind, fill.made_by) == (kind, ANNA)
    assert fill.mask_of == "Anna's reading, revision 1"
    assert fill.statement["film"]["sha256"] == here.sha256
    assert fill.statement["stamped"] and b"Hansen" not in fill.data
    pixels, before = decode(fill.data, "").pixels, decode(here.original, "").pixels
    assert pixels.dtype == before.dtype
    mask = masks.rasterise((SCREW, PLATE), before.shape)
    touched = mask | export.stamp_mask(before.shape)
    np.testing.assert_array_equal(pixels[~touched], before[~touched])
    assert (pixels[mask] != before[mask]).any()


def test_a_fill_of_a_changed_mask_is_not_called_the_readings(here):
    here.reads(ANNA, DRAWN)
    app = click(click(click(here.visit(), "Grow"), "Fill"), "Give it back to the worklist")
    (fill,) = here.store.fills(here.worklist, here.sha256, BEN)
    assert fill.mask_of == "drawn on the Inpaint page" and not app.error


def away(*args, **kwargs):
    raise Unreachable("The annotations cannot be reached: try again in a moment.")


def test_a_store_that_is_away_keeps_the_page_and_the_fill(here, monkeypatch):
    here.reads(ANNA, DRAWN)
    app = click(here.visit(), "Fill")
    with monkeypatch.context() as broken:
        broken.setattr(Store, "give_back", away)
        click(app, "Give it back to the worklist")
        assert "cannot be reached" in texts(app.error)
        assert "Filled by Toy painter" in texts(app.subheader)
        broken.setattr(Store, "worklist", away)
        assert "cannot be reached" in texts(well(app.run()).error)
    click(well(app.run()), "Give it back to the worklist")
    assert len(here.store.fills(here.worklist, here.sha256, BEN)) == 1


def test_a_film_or_a_worklist_that_is_gone_is_a_sentence(here):
    here.reads(ANNA, DRAWN)
    app = here.visit()
    here.store.remove_film(here.worklist, here.sha256, ANNA)
    assert "has no films yet" in texts(well(app.run()).info)
    other = here.store.add_film(here.worklist, clean(FILES["dicom"].data(), "b.dcm"), ANNA).film
    well(app.run())
    assert "no longer in this worklist" in texts(app.warning)
    assert app.selectbox(key="inpaint-worklist").value == other.sha256
    here.store.delete_worklist(here.worklist, ANNA)
    assert len(well(app.run()).error) == 1

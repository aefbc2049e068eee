"""Review, export and import of a worklist without a browser, on a store of its own."""

import dataclasses
import io
import zipfile

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core import export, mask_files, masks
from core.annotations import Fill, Reader, Store, Unreachable
from core.artefacts import Annotation, label_masks, to_json
from core.clean_film import clean
from core.images import decode
from core.samples import dicom, png
from core.settings import Settings
from core.ui import cached_readings

ANNA, BEN, CARA, DORA = (Reader(name) for name in ("Anna", "Ben", "Cara", "Dora"))
SHAPE = (60, 80)
GREY = (np.indices(SHAPE).sum(0) * 1.5).astype(np.uint8)


def box(x0, y0, x1, y1, label="screw", **more):
    return masks.Stroke(
        np.array([(x0, y0), (x1, y1)], float), tool="rectangle", label=label, **more
    )


LEFT = Annotation((box(10, 10, 30, 30),), "Two threads")
RIGHT = Annotation((box(20, 10, 40, 30), box(50, 40, 60, 50, "plate")))
NOTHING = Annotation(nothing=True)


class Here:
    """A worklist of one DICOM film and one PNG, with a store in a folder of the test's."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.worklist = store.create_worklist("Knees", ANNA)
        files = (("knee.dcm", dicom(GREY, 0.2)), ("other.png", png(255 - GREY)))
        self.films = [
            store.add_film(self.worklist, clean(data, name), ANNA).film for name, data in files
        ]

    @property
    def sha256(self) -> str:
        return self.films[0].sha256

    def reads(self, reader: Reader, annotation: Annotation, submit: bool = True):
        """A reader draws on the first film, and submits."""
        reading = self.store.begin(self.worklist, self.sha256, reader)
        reading = self.store.save(reading, reading.revision, annotation, by=reader)
        return self.store.submit(reading, reading.revision, reader) if submit else reading

    def own(self, reader: Reader):
        return self.store.begin(self.worklist, self.sha256, reader)

    def logged(self, action: str) -> int:
        return sum(f'"{action}"' in line for line in self.store.events(self.worklist))

    def open(self, view: str, reader: Reader = CARA) -> AppTest:
        """The part of the page that shows a view, to a reader."""
        app = AppTest.from_function(
            page, kwargs={"view": view, "code": self.worklist.code, "name": reader.name}
        )
        app.default_timeout = 30
        return well(app.run())


def page(view, code, name):
    import streamlit as st

    from core.annotations import Reader
    from core.ui import (
        annotate_export_view,
        annotate_fills,
        annotate_films,
        annotate_review,
        annotate_store,
    )

    store, reader = annotate_store.store(), Reader(name)
    worklist = store.worklist(code)
    st.session_state["annotate-open"] = (code, name, False)
    film = store.films(worklist)[0]
    shown = annotate_films.shown(store, worklist, film)
    if view == "export":
        annotate_export_view.show(store, worklist, reader)
    elif view == "fills":
        annotate_fills.show(store, worklist, film, shown)
    else:
        annotate_review.review(store, worklist, film, shown, reader)


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.setenv("LIGHTBOX_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("LIGHTBOX_DATABASE_URL", raising=False)
    store = Store.open(Settings.from_environment().database_url)
    yield Here(store)
    store.close()


def well(app: AppTest) -> AppTest:
    assert not app.exception
    return app


def texts(elements) -> str:
    return " / ".join(str(element.value) for element in elements)


def table(app: AppTest, alt: str):
    (found,) = [each.value for each in app.table if each.proto.alt == alt]
    return found


def pressed(app: AppTest, key: str) -> AppTest:
    button = app.button(key=key)
    assert not button.disabled
    return well(button.click().run())


def two_who_differ(here) -> AppTest:
    here.reads(ANNA, LEFT)
    here.reads(BEN, RIGHT)
    return pressed(here.open("review"), "annotate-look")


def test_two_readers_who_differ_are_measured(here):
    app = two_who_differ(here)
    readings = table(app, "The submitted readings of this film")
    assert list(readings["Reader"]) == ["A · Anna", "B · Ben"]
    assert list(readings["Regions"]) == ["1", "2"]
    assert readings["Area"][0].startswith("400") and "16.0" in readings["Area"][0]
    agreement = table(app, "Agreement of every two readers")
    assert list(agreement["Dice"]) == [f"{2 * 200 / (400 + 500):.3f}".removeprefix("0")]
    assert "Two threads" in texts(app.markdown)
    legend = texts(app.caption)
    for words in ("Only A: 200", "Only B: 300", "Both: 200"):
        assert words in legend
    app = well(app.selectbox(key=f"annotate-review-label-{here.sha256}").set_value("plate").run())
    assert list(table(app, "Agreement of every two readers")["Dice"]) == [".000"]
    assert "none: one is empty" in str(table(app, "Agreement of every two readers"))


def test_every_picture_and_table_has_words(here):
    app = two_who_differ(here)
    assert app.get("image") and app.get("table")
    for kind in ("image", "table"):
        for element in app.get(kind):
            images = getattr(element.proto, "imgs", None)
            words = [image.alt for image in images] if images else [element.proto.alt]
            assert all(words), (kind, words)


def test_nobody_has_submitted(here):
    app = here.open("review")
    assert "nobody has begun one" in texts(app.info) and not app.table
    here.reads(ANNA, LEFT, submit=False)
    assert "one is a draft" in texts(here.open("review").info)
    assert here.logged("look") == 0


def test_one_reader_is_shown_and_reviewed_but_not_compared(here):
    here.reads(ANNA, LEFT)
    app = pressed(here.open("review"), "annotate-look")
    assert "take two" in texts(app.info)
    assert [each.proto.alt for each in app.table] == ["The submitted readings of this film"]
    assert app.get("image")[0].proto.imgs[0].alt.endswith("what reader A marked: screw")
    pressed(app, f"annotate-accept-{here.own(ANNA).id}")
    assert "Anna's reading was accepted" in texts(app.success)
    assert "Accepted by Cara" in texts(app.caption)
    assert here.own(ANNA).status == "reviewed"


def test_looking_before_submitting_is_warned_of_logged_and_not_blind(here):
    here.reads(ANNA, LEFT)
    app = here.open("review")
    assert "the log records it" in texts(app.warning)
    assert not app.table and here.logged("look") == 0
    pressed(app, "annotate-look")
    well(app.run())
    assert here.logged("look") == 1
    here.reads(CARA, RIGHT)
    assert not here.own(CARA).blind and here.own(ANNA).blind
    readings = table(here.open("review", ANNA), "The submitted readings of this film")
    assert list(readings["Read"]) == ["blind", "after looking at others'"]


def test_who_has_submitted_looks_without_being_asked(here):
    here.reads(ANNA, LEFT)
    here.reads(BEN, RIGHT)
    app = here.open("review", BEN)
    assert app.table and here.logged("look") == 0
    assert here.own(BEN).blind


def test_an_own_reading_is_nobodys_own_to_judge(here):
    here.reads(ANNA, LEFT)
    app = here.open("review", ANNA)
    assert "Your own reading: somebody else reviews it" in texts(app.caption)
    assert not [button for button in app.button if "accept" in (button.key or "")]


def test_a_reading_goes_back_with_a_reason_and_not_without(here):
    here.reads(ANNA, LEFT)
    reading = here.own(ANNA)
    app = pressed(here.open("review"), "annotate-look")
    pressed(app, f"annotate-send-back-{reading.id}")
    assert app.error and here.own(ANNA).status == "submitted"
    app.text_area[0].set_value("  Both *screws*, please ").run()
    pressed(app, f"annotate-send-back-{reading.id}")
    assert "Anna's reading went back" in texts(app.success)
    sent = here.own(ANNA)
    assert (sent.status, sent.sent_back, sent.reason) == ("draft", True, "Both *screws*, please")
    assert "No reading of this film has been submitted" in texts(app.info)
    assert not any("screws" in line for line in here.store.events(here.worklist))
    here.reads(BEN, RIGHT)
    app = here.open("review", BEN)
    assert r"sent back by Cara: Both \*screws\*, please" in texts(app.caption)


def test_a_reading_that_changed_since_it_was_looked_at_is_not_accepted(here):
    here.reads(ANNA, LEFT)
    reading = here.own(ANNA)
    app = pressed(here.open("review"), "annotate-look")
    here.store.reopen(reading, ANNA)
    here.reads(ANNA, RIGHT)
    pressed(app, f"annotate-accept-{reading.id}")
    assert app.error and here.own(ANNA).status == "submitted"


@pytest.mark.parametrize(
    ("method", "label", "kept"),
    [
        ("majority", "screw", box(20, 10, 30, 30)),
        ("staple", "screw", box(20, 10, 30, 30)),
    ],
)
def test_a_consensus_of_three_is_kept(here, method, label, kept):
    for reader, annotation in ((ANNA, LEFT), (BEN, RIGHT), (CARA, Annotation((kept,)))):
        here.reads(reader, annotation)
    app = here.open("review")
    app.segmented_control(key="annotate-consensus-method").set_value(method).run()
    found = table(app, "The consensus by label")
    assert list(found["Label"]) == ["Screw", "Plate"] and found["Consensus"][0].startswith("200")
    assert ("C · Cara" in found.columns) == (method == "staple")
    assert ("positive is artefact" in texts(app.caption)) == (method == "staple")
    assert (f"n = {60 * 80:,} pixels" in texts(app.caption)) == (method == "staple")
    pressed(app, "annotate-consensus-keep")
    consensus = here.store.consensus(here.worklist, here.sha256, BEN)
    masks_kept = label_masks(consensus.annotation.strokes, SHAPE)
    assert list(masks_kept) == [label]
    np.testing.assert_array_equal(masks_kept[label], masks.rasterise((kept,), SHAPE))
    assert len(consensus.of) == 3 and consensus.method == method
    rates = consensus.figures["rates"]
    assert (method == "staple") == bool(rates)
    assert "of 3 readings, by Cara" in texts(app.markdown) and "keep it anew" not in texts(
        app.warning
    )
    here.reads(DORA, LEFT)
    assert "keep it anew" in texts(well(app.run()).warning)


def test_a_tie_of_two_leaves_nothing_that_could_be_kept(here):
    here.reads(ANNA, Annotation((box(0, 0, 10, 10),)))
    here.reads(BEN, Annotation((box(30, 30, 40, 40),)))
    app = here.open("review", BEN)
    assert "Nothing is left" in texts(app.info)
    assert app.button(key="annotate-consensus-keep").disabled


def test_readers_who_found_nothing_agree_that_there_is_nothing(here):
    here.reads(ANNA, NOTHING)
    here.reads(BEN, NOTHING)
    app = here.open("review", BEN)
    assert "None of the readers marked anything" in texts(app.info)
    assert list(table(app, "Agreement of every two readers")["Dice"]) == ["1.000"]
    pressed(app, "annotate-consensus-keep")
    assert here.store.consensus(here.worklist, here.sha256, BEN).annotation.nothing


def test_three_readers_are_counted_on_the_map_or_two_of_them_compared(here):
    for reader, annotation in ((ANNA, LEFT), (BEN, RIGHT), (CARA, LEFT)):
        here.reads(reader, annotation)
    app = here.open("review")
    assert len(table(app, "Agreement of every two readers")) == 3
    assert "All 3: 200" in texts(app.caption) and "1 of 3: 300" in texts(app.caption)
    app.selectbox(key=f"annotate-review-pair-{here.sha256}").select_index(1).run()
    assert "Only B: 300" in texts(well(app).caption)
    app.segmented_control(key="annotate-review-part").set_value("Around the marks").run()
    assert "Only B: 300" in texts(well(app).caption)
    app.segmented_control(key="annotate-review-show").set_value("Each reader").run()
    drawings = [each.proto.imgs[0].alt for each in well(app).get("image")]
    assert any("what reader B marked: screw, plate" in alt for alt in drawings)


def test_what_readings_come_to_is_worked_out_once(here, monkeypatch):
    app = two_who_differ(here)

    def never(*args):
        raise AssertionError("worked out again")

    monkeypatch.setattr(cached_readings.agreement, "compare", never)
    monkeypatch.setattr(cached_readings.agreement, "majority", never)
    well(app.run())


def test_a_store_that_is_away_is_a_sentence(here, monkeypatch):
    here.reads(ANNA, LEFT)
    app = pressed(here.open("review"), "annotate-look")

    def away(*args, **kwargs):
        raise Unreachable("The annotations cannot be reached: try again in a moment.")

    monkeypatch.setattr(Store, "review", away)
    pressed(app, f"annotate-accept-{here.own(ANNA).id}")
    assert "cannot be reached" in texts(app.error)
    monkeypatch.setattr(Store, "readings", away)
    assert "cannot be reached" in texts(well(app.run()).error)


def zipped(app: AppTest, key: str = "annotate-export") -> bytes:
    """The zip that the page makes."""
    pressed(app, f"{key}-make")
    _, _, made = app.session_state[f"{key}-made"]
    assert f"{key}-zip" in [button.key for button in app.get("download_button")]
    return made.data


def offered(app: AppTest, name: str, data: bytes) -> AppTest:
    """The page after a file to take in was uploaded."""
    (uploader,) = app.file_uploader
    return well(uploader.set_value([(name, data, "application/octet-stream")]).run())


def test_readings_leave_as_a_zip_and_come_back_as_ones_own(here):
    here.reads(ANNA, LEFT)
    here.reads(BEN, RIGHT)
    app = here.open("export")
    assert "counts as looking" in texts(app.caption)
    data = zipped(app)
    assert here.logged("export") == 1 and here.logged("look") == 1
    names = zipfile.ZipFile(io.BytesIO(data)).namelist()
    assert "manifest.json" in names and "events.jsonl" not in names
    assert not any("knee" in name or name.startswith("films/") for name in names)
    offered(app, "readings.zip", data)
    assert "becomes your reading" in texts(app.markdown) and here.own(CARA).revision == 0
    app.selectbox(key="annotate-import-whose").set_value("Ben").run()
    pressed(app, "annotate-import-take")
    taken = here.own(CARA)
    for label, mask in label_masks(RIGHT.strokes, SHAPE).items():
        np.testing.assert_array_equal(label_masks(taken.annotation.strokes, SHAPE)[label], mask)
    assert taken.revision == 1 and not taken.blind
    assert "revision 1 of your reading" in texts(app.markdown)
    assert here.own(BEN).revision == 1 and here.logged("import") == 1


def test_the_log_leaves_when_asked_for_and_marks_who_takes_it_but_never_with_ones_own(here):
    here.reads(ANNA, LEFT, submit=False)
    here.reads(CARA, RIGHT)
    app = here.open("export")
    app.selectbox(key="annotate-export-which").set_value("all").run()
    app.toggle(key="annotate-export-log").set_value(True).run()
    app.selectbox(key="annotate-export-which").set_value("mine").run()
    assert app.toggle(key="annotate-export-log").disabled
    assert "events.jsonl" not in zipfile.ZipFile(io.BytesIO(zipped(app))).namelist()
    assert looked(here, CARA) is False
    app.selectbox(key="annotate-export-which").set_value("all").run()
    assert "events.jsonl" in zipfile.ZipFile(io.BytesIO(zipped(app))).namelist()
    assert looked(here, CARA) is True


def looked(here, reader: Reader) -> bool:
    """Whether what a reader who has submitted draws now is not blind."""
    own = here.store.reopen(here.own(reader), reader)
    drawn = Annotation((box(1, 1, 5, 5 + own.revision),))
    own = here.store.save(own, own.revision, drawn, by=reader)
    return not here.store.submit(own, own.revision, reader).blind


def test_an_import_replaces_a_draft_whose_revision_stays(here):
    here.reads(CARA, RIGHT, submit=False)
    here.reads(ANNA, LEFT)
    app = here.open("export")
    offered(app, "readings.zip", zipped(app))
    assert "in place of revision 1, which stays in its history" in texts(app.markdown)
    pressed(app, "annotate-import-take")
    assert [each.number for each in here.store.revisions(here.own(CARA))] == [2, 1]


def test_nothing_is_taken_into_a_submitted_reading(here):
    here.reads(CARA, LEFT)
    app = here.open("export")
    offered(app, "readings.zip", zipped(app))
    assert "reopen it under Read first" in texts(app.markdown)
    assert app.button(key="annotate-import-take").disabled
    assert here.own(CARA).revision == 1


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("empty.json", b""),
        ("letter.json", b"Dear colleague"),
        ("other.json", to_json(LEFT, SHAPE, "0" * 64).encode()),
        ("other.zip", b"PK\x03\x04 and nothing more"),
    ],
)
def test_a_bad_import_is_a_sentence_and_changes_nothing(here, name, data):
    app = offered(here.open("export"), name, data)
    assert len(app.error) == 1 and not here.store.readings(here.worklist)


def test_an_export_of_nothing_is_a_sentence(here):
    app = pressed(here.open("export"), "annotate-export-make")
    assert len(app.warning) == 1 and not app.get("download_button")
    app.pills(key="annotate-export-formats").set_value([]).run()
    assert "Choose a format" in texts(well(app).info)


def test_file_names_leave_only_where_they_are_asked_for(here):
    here.reads(CARA, LEFT)
    app = here.open("export")
    well(app.toggle(key="annotate-export-names").set_value(True).run())
    assert "be sure that they name no patient" in texts(app.warning)
    names = zipfile.ZipFile(io.BytesIO(zipped(app))).namelist()
    assert any("knee" in name for name in names)
    well(app.toggle(key="annotate-export-names").set_value(False).run())
    assert "make the zip again" in texts(app.caption)


def test_masks_become_a_pack_to_train_with(here):
    here.reads(CARA, LEFT)
    app = pressed(here.open("export"), "annotate-pack-make")
    assert "accepted" in texts(app.warning)
    app.segmented_control(key="annotate-pack-which").set_value("submitted").run()
    names = zipfile.ZipFile(io.BytesIO(zipped(app, "annotate-pack"))).namelist()
    assert "masks.csv" in names and "films.csv" in names
    assert "python -m trainers.inpaint" in texts(app.code) and "--keep-out" in texts(app.code)


def give_back(here, reader: Reader) -> None:
    """A reader's fill of the first film, as the Inpaint page gives it back."""
    original = decode(here.store.film_data(here.worklist, here.sha256), "knee.dcm")
    mask = masks.rasterise(LEFT.strokes, SHAPE)
    pixels = export.stamp(np.where(mask, 0, original.pixels).astype(original.pixels.dtype))
    stated = export.statement(
        dataclasses.replace(original, sha256=here.sha256), mask, "ns", "Navier-Stokes"
    )
    data = export.film_file(pixels, "png", stated)
    here.store.give_back(
        here.worklist, Fill(here.sha256, "png", data, stated, "Anna's reading, revision 1"), reader
    )


def test_a_fill_lies_beside_its_film_called_synthetic(here):
    here.reads(ANNA, LEFT)
    give_back(here, ANNA)
    app = pressed(here.open("review"), "annotate-look")
    assert "Synthetic: filled by Navier" in app.expander[0].label
    assert "Anna's reading, revision 1" in texts(app.caption)
    assert [each.label for each in app.get("download_button")] == ["Filled film", "What was done"]


def test_a_fill_by_another_is_kept_back_until_one_has_submitted(here):
    give_back(here, ANNA)
    assert "1 filled by others" in texts(here.open("fills", BEN).caption)
    assert not here.open("fills", BEN).expander
    assert here.open("fills", ANNA).expander
    here.reads(BEN, LEFT)
    app = here.open("fills", BEN)
    assert app.expander and "filled by others" not in texts(app.caption)
    assert looked(here, BEN)


def test_a_mask_is_taken_into_the_film_that_is_chosen(here):
    mask = masks.rasterise(LEFT.strokes, SHAPE)
    app = here.open("export")
    app.selectbox(key="annotate-import-film").set_value(here.sha256).run()
    pressed(offered(app, "screws.png", mask_files.png(mask)), "annotate-import-take")
    found = label_masks(here.own(CARA).annotation.strokes, SHAPE)
    np.testing.assert_array_equal(np.logical_or.reduce(list(found.values())), mask)


def test_a_reading_that_cannot_be_read_any_more_is_left_out_and_said_so(here, monkeypatch):
    here.reads(ANNA, LEFT)
    here.reads(BEN, RIGHT)
    submitted = Store.submitted

    def one_damaged(*args, **kwargs):
        first, *others = submitted(*args, **kwargs)
        return [dataclasses.replace(first, damaged=True, annotation=Annotation()), *others]

    monkeypatch.setattr(Store, "submitted", one_damaged)
    app = here.open("review", BEN)
    assert "1 of 2 readings cannot be read any more" in texts(app.warning)
    assert list(table(app, "The submitted readings of this film")["Reader"]) == ["A · Ben"]


def test_a_film_of_another_size_than_the_import_is_refused(here):
    mask = masks.rasterise(LEFT.strokes, (30, 40))
    app = here.open("export")
    app.selectbox(key="annotate-import-film").set_value(here.sha256).run()
    offered(app, "screws.png", mask_files.png(mask))
    assert len(app.error) == 1 and here.own(CARA).revision == 0

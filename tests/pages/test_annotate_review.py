"""Review, export and import of a worklist without a browser, on a store of its own."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core import masks
from core.annotations import Reader, Store
from core.artefacts import Annotation, label_masks
from core.clean_film import clean
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
    from core.ui import annotate_export_view, annotate_films, annotate_review, annotate_store

    store, reader = annotate_store.store(), Reader(name)
    worklist = store.worklist(code)
    st.session_state["annotate-open"] = (code, name, False)
    film = store.films(worklist)[0]
    if view == "export":
        annotate_export_view.show(store, worklist, reader)
    else:
        shown = annotate_films.shown(store, worklist, film)
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

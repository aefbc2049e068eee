"""What a file for a worklist holds is told before it is taken in, without a browser."""

from datetime import UTC, datetime

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.annotations import Reader, Store
from core.artefacts import Annotation
from core.clean_film import clean
from core.exchange.incoming import BY_NAME
from core.exchange.items import Item
from core.exchange.outgoing import export
from core.masks import Stroke
from core.settings import Settings
from tests.bad_files import encoded, film

NOON = datetime(2024, 5, 6, 12, tzinfo=UTC)
CARA = Reader("Cara")


def page(code):
    from core.annotations import Reader
    from core.ui import annotate_import_view, annotate_store

    store = annotate_store.store()
    annotate_import_view.show(store, store.worklist(code), Reader("Cara"))


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A store, its worklist of one film, that film, and the page that takes files in."""
    monkeypatch.setenv("LIGHTBOX_HOME", str(tmp_path))
    monkeypatch.delenv("LIGHTBOX_DATABASE_URL", raising=False)
    store = Store.open(Settings.from_environment().database_url)
    worklist = store.create_worklist("Knees", CARA)
    added = store.add_film(worklist, clean(encoded(film(60, 80), "PNG"), "a.png"), CARA).film
    app = AppTest.from_function(page, kwargs={"code": worklist.code}, default_timeout=30)
    yield store, worklist, added, app.run()
    store.close()


def offered(app: AppTest, name: str, data: bytes) -> AppTest:
    (uploader,) = app.file_uploader
    app = uploader.set_value([(name, data, "application/octet-stream")]).run()
    assert not app.exception and not app.error
    return app


def brush(x: float) -> Annotation:
    return Annotation((Stroke(np.array([[x, 9.0], [x, 20.0]]), 5.0, label="screw"),))


def test_of_readers_of_one_name_the_one_who_signed_in_is_told_from_the_other(here):
    store, worklist, added, app = here
    states = ((brush(10), False), (brush(40), True))
    items = [
        Item(added, "Ada", verified, "submitted", 1, NOON, True, drawn)
        for drawn, verified in states
    ]
    data = export(items, "Knees", images=False, original_names=False, formats={"json"})
    offered(app, "readings.zip", data)
    whose = app.selectbox(key="annotate-import-whose")
    assert whose.options == ["Ada", "Ada (signed in)"]
    whose.set_value("Ada (signed in)").run()
    app.button(key="annotate-import-take").click().run()
    assert not app.exception
    assert store.begin(worklist, added.sha256, CARA).annotation.same(brush(40))


COCO = (
    b'{"images": [{"id": 1, "file_name": "val/a.png", "height": 60, "width": 80}], '
    b'"categories": [{"id": 1, "name": "Screw"}], "annotations": [{"id": 1, "image_id": 1, '
    b'"category_id": 1, "segmentation": [[2, 2, 9, 2, 9, 9]], "bbox": [2, 2, 7, 7]}]}'
)


def test_what_was_assumed_of_a_file_is_said_beside_what_it_would_do(here):
    *_, app = here
    offered(app, "instances.json", COCO)
    assert [warning.value for warning in app.warning] == [BY_NAME]

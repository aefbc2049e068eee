"""The Audit page: the example at once, a pack of the data folder, and what a visitor brings."""

import io
import zipfile

import cv2
import numpy as np
import pytest

from core.audit import layouts
from core.phantoms import long_bone
from core.samples import png
from core.ui import audit_data, source

EXAMPLE, FOUND = audit_data.EXAMPLE, audit_data.FOUND
OWN, FOLDER = audit_data.OWN, audit_data.FOLDER
NOT_YET = "Press Audit"


@pytest.fixture(scope="module")
def films() -> list[bytes]:
    """Eight films, none like another."""
    greys = (long_bone(seed, fractured=False).pixels for seed in range(8))
    return [png(cv2.resize(grey, (96, 96), interpolation=cv2.INTER_AREA)) for grey in greys]


@pytest.fixture
def pack(films) -> dict[str, bytes]:
    """Films by class in two splits, of which one stands in both."""
    names = [f"{s}/{c}" for s in ("train", "val") for c in ("fractured", "normal")]
    return {f"{names[at % 4]}/{at}.png": data for at, data in enumerate([*films, films[2]])}


def zipped(files: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()


def said(app) -> str:
    """All that the page says."""
    assert not app.exception
    kinds = ("markdown", "caption", "info", "warning", "error", "subheader", "success")
    return "\n".join(str(each.value) for kind in kinds for each in getattr(app, kind))


def findings(app) -> str:
    """The sentences of the findings, which are in bold."""
    assert not app.exception
    found = [each.value.strip("*").replace("\\", "") for each in app.markdown]
    return "\n".join(
        one for one, each in zip(found, app.markdown, strict=True) if "**" in each.value
    )


def choose(app, where: str):
    return app.segmented_control(key="audit-source").set_value(where).run()


def press(app):
    (button,) = (each for each in app.button if each.label == "Audit")
    return button.click().run()


def bring(visit, *files: tuple[str, bytes], labels: bool = False, way: str = OWN):
    """The page when files were brought and Audit was pressed."""
    app = choose(visit("audit"), way)
    app.file_uploader(key="audit-files" if way == OWN else "audit-folder").set_value(
        [(name, data, "application/octet-stream") for name, data in files]
    )
    app.toggle(key="audit-folders").set_value(labels).run()
    assert not app.exception
    return press(app) if any(each.label == "Audit" for each in app.button) else app


def test_the_example_shows_at_once_what_an_audit_finds(visit):
    app = visit("audit")
    assert [each.value for each in app.metric] == ["57", "4", "4", "4"]
    headings = " / ".join(each.value for each in app.subheader)
    for heading in ("Stops a score", "Look at it", "Good to know", "Looked for and not found"):
        assert heading in headings
    assert "2 pairs of files that are the same byte for byte lie in two splits" in findings(app)
    names = {each.label: each for each in app.get("download_button")}
    assert set(names) == {"Report (HTML)", "Findings (CSV)", "Everything (JSON)"}


def test_pictures_and_charts_have_a_text_instead(visit):
    app = visit("audit")
    pictures = [image for each in app.get("image") for image in each.proto.imgs]
    charts = app.get("plotly_chart")
    assert len(pictures) >= 10 and len(charts) == 3
    assert all(picture.alt for picture in pictures)
    assert all("fractured" in chart.proto.alt for chart in charts)


def test_an_empty_data_folder_is_told(visit):
    app = choose(visit("audit"), FOUND)
    assert "No pack lies in this server's data folder" in said(app)
    assert "Choose a pack, or bring" in said(app)


def test_a_pack_of_the_data_folder_is_audited_when_it_is_asked_for(visit, tmp_path, pack):
    (tmp_path / "data").mkdir()
    (tmp_path / "data/films.zip").write_bytes(zipped(pack))
    app = choose(visit("audit"), FOUND)
    app.selectbox(key="audit-found").set_value("films.zip").run()
    assert NOT_YET in said(app) and not app.metric
    app = press(app)
    assert "lies in two splits: 1 of the 4 of val" in findings(app)
    assert "shows none" in said(app)  # the report has no picture of a pack
    assert NOT_YET in said(app.toggle(key="audit-folders").set_value(True).run())


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"no zip", "damaged or no zip"),
        (zipped({"notes.txt": b"none"}), "holds no picture"),
        (zipped({"a.png": b"", "manifest.csv": b"image_id\nb.png"}), "does not hold"),
    ],
)
def test_a_pack_that_cannot_be_audited_is_told_without_its_path(visit, tmp_path, content, reason):
    (tmp_path / "data").mkdir()
    (tmp_path / "data/films.zip").write_bytes(content)
    app = choose(visit("audit"), FOUND)
    app.selectbox(key="audit-found").set_value("films.zip").run()
    (error,) = press(app).error
    assert reason in error.value and str(tmp_path) not in error.value


def test_a_zip_that_is_brought_is_audited(visit, pack):
    app = bring(visit, ("films.zip", zipped(pack)))
    assert "1 pair of files that are the same byte for byte lies in two splits" in findings(app)
    assert "shows small pictures" in said(app)


def test_films_that_are_brought_are_audited_for_what_needs_no_labels(visit, films):
    app = bring(visit, ("a.png", films[0]), ("b.png", films[0]), ("bad.png", b"none"))
    assert "1 pair of files is the same byte for byte" in findings(app)
    assert "1 file of 3 cannot be read" in findings(app)
    assert "These pictures have no labels" in said(app)
    assert "Switch on" not in said(app)  # there is no folder


@pytest.mark.parametrize("labels", [False, True])
def test_folders_that_match_no_class_are_named_and_may_be_labels(visit, films, labels):
    files = {f"{'cat' if at % 2 else '*dog*'}/{at}.png": data for at, data in enumerate(films)}
    app = bring(visit, ("films.zip", zipped(files | {"dog/x.png": films[0]})), labels=labels)
    told = said(app)
    assert ("No folder is named like a class that is known here" in told) is not labels
    assert ("Switch on “Folders are labels”" in told) is not labels
    assert ("1 pair of the same picture has two labels" in findings(app)) is labels
    assert "“*dog*”" not in told  # letter by letter, not as Markdown


def test_a_folder_that_is_brought_tells_labels_and_splits(visit, pack, monkeypatch):
    files = [(f"films/{name}", data) for name, data in pack.items()]
    app = bring(visit, *files, way=FOLDER)
    assert "lies in two splits: 1 of the 4 of val" in findings(app)
    assert "**films**, read as films by fracture" in said(app)
    monkeypatch.setattr(audit_data, "MOST_LOOSE", 5)
    assert "The folder holds more than 5 files" in said(bring(visit, *files, way=FOLDER))


ZEROS = bytes(4 * 2**20)


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ([("a.zip", b"none")], "damaged or no zip"),
        ([("a.zip", zipped({"notes.txt": b"none"}))], "holds no picture"),
        ([("a.zip", zipped({"a.png": ZEROS}))], "grows more than 100 times"),
        ([("a.zip", zipped({"../a.png": b"film"}))], "outside its folder"),
        ([("a.zip", zipped({"a.png": b""})), ("b.png", b"film")], "one zip or several films"),
    ],
)
def test_what_is_not_taken_is_told_in_a_sentence(visit, files, reason):
    app = bring(visit, *files)
    assert reason in said(app) and not app.metric


def test_too_many_pictures_are_told(visit, pack, films, monkeypatch):
    monkeypatch.setattr(layouts, "MOST_PICTURES", 5)
    assert "more than 5" in said(bring(visit, ("films.zip", zipped(pack))))
    monkeypatch.setattr(source, "MOST_FILES", 2)
    app = bring(visit, *[(f"{at}.png", data) for at, data in enumerate(films[:3])])
    assert "only the first 2 of 3 are" in said(app)
    assert app.metric[0].value == "2"


def test_a_result_is_still_there_after_another_choice(visit, tmp_path, pack):
    (tmp_path / "data").mkdir()
    (tmp_path / "data/films.zip").write_bytes(zipped(pack))
    app = choose(visit("audit"), FOUND)
    app = press(app.selectbox(key="audit-found").set_value("films.zip").run())
    assert app.metric[0].value == "9"
    assert choose(app, EXAMPLE).metric[0].value == "57"
    assert choose(app, FOUND).metric[0].value == "9"


def test_a_property_can_be_looked_at_by_class(visit):
    app = visit("audit")
    app.selectbox(key="audit-property").set_value("Mean grey")
    app.run()
    assert any("Mean grey" in chart.proto.alt for chart in app.get("plotly_chart"))
    assert not np.isnan(float(app.metric[0].value))

"""The Audit page: the example at once, a pack of the data folder, and what a visitor brings."""

from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import cv2
import pytest
import streamlit as st

from core.audit import audit, layouts, list_pictures
from core.audit.examples import thumbnails
from core.phantoms import long_bone
from core.samples import png
from core.settings import Settings
from core.ui import audit_charts, audit_data, audit_report, source
from tests.core.test_film_zip import packed

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
    return packed(*files.items())


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


def found(app, name: str):
    """The page when a pack of the data folder was chosen."""
    return app.selectbox(key="audit-found").set_value(name).run()


def press(app):
    (button,) = (each for each in app.button if each.label == "Audit")
    return button.click().run()


@pytest.fixture
def bring(visit):
    """The page when files were brought and Audit was pressed; one visit for all of a test."""
    visitors: dict = {}

    def bring(*files: tuple[str, bytes], labels: bool = False, way: str = OWN):
        if way not in visitors:
            visitors[way] = choose(visit("audit"), way)
        app = visitors[way]
        app.file_uploader(key="audit-files" if way == OWN else "audit-folder").set_value(
            [(name, data, "application/octet-stream") for name, data in files]
        )
        app.run()
        if labels:
            app.toggle(key="audit-folders").set_value(True).run()
        assert not app.exception
        return press(app) if any(each.label == "Audit" for each in app.button) else app

    return bring


def test_the_example_shows_at_once_what_an_audit_finds(visit, monkeypatch):
    for report in ("as_html", "as_json", "as_rows"):  # made when it is asked for alone
        monkeypatch.setattr(audit_report, report, None)
    app = visit("audit")
    assert [each.value for each in app.metric] == ["57", "4", "4", "4"]
    headings = " / ".join(each.value for each in app.subheader)
    for heading in ("Stops a score", "Look at it", "Good to know", "Looked for and not found"):
        assert heading in headings
    assert "2 pairs of files that are the same byte for byte lie in two splits" in findings(app)
    names = {each.label: each for each in app.get("download_button")}
    assert set(names) == {"Report (HTML)", "Findings (CSV)", "Everything (JSON)"}
    pictures = [image for each in app.get("image") for image in each.proto.imgs]
    charts = app.get("plotly_chart")
    assert len(pictures) >= 10 and len(charts) == 3
    assert all(picture.alt for picture in pictures)
    assert all("fractured" in chart.proto.alt for chart in charts)
    for title in ("Mean grey", "File size"):
        app.selectbox(key="audit-property").set_value(title).run()
        (alt,) = (c.proto.alt for c in app.get("plotly_chart") if "medians" in c.proto.alt)
        assert alt.startswith(f"{title} of the pictures of each class")


@pytest.mark.parametrize("own", [True, False])
def test_reports_show_pictures_only_to_whom_they_belong(films, monkeypatch, own):
    listing = list_pictures(Path("pack"), {"a.png": films[0], "b.png": films[0]})
    result, made = audit(listing), {}

    def pressed(label, data, *_, **__):
        made[label] = data()

    monkeypatch.setattr(st, "download_button", pressed)
    audit_report.offer(result, thumbnails(listing, result), own)
    assert (b"data:image/jpeg" in made["Report (HTML)"]) is own
    assert b"identical" in made["Findings (CSV)"] and b"identical" in made["Everything (JSON)"]


def test_names_are_drawn_letter_by_letter(monkeypatch):
    """Plotly takes what looks like HTML for HTML, and a name in a template for a command."""
    drawn = []
    monkeypatch.setattr(st, "plotly_chart", lambda figure, **_: drawn.append(figure))
    names = ("%{y}", "<b>x")
    files = {f"{name}/1.png": b"" for name in names}
    listing = list_pictures(Path("pack"), files, folder_labels=True)
    counts = {"<i>": Counter(dict.fromkeys(listing.classes, 2))}
    audit_charts.balance(SimpleNamespace(listing=listing, counts=counts))
    (figure,) = drawn
    assert [bar.name for bar in figure.data] == ["%{y}", "&lt;b&gt;x"]
    assert figure.data[0].x == ("&lt;i&gt; (n = 4)",)
    assert {bar.hovertemplate for bar in figure.data} == {"%{text} pictures, %{y:.1%}"}


def test_progress_says_what_is_done_until_the_end(films):
    said, place = [], SimpleNamespace(empty=lambda: None)
    place.progress = lambda share, text: said.append((share, text))
    files = {f"{at}.png": data for at, data in enumerate(films[:2])}
    order = audit_data.Order("", lambda: list_pictures(Path("pack"), files), own=True)
    audit_data._audited(order, Settings.from_environment(), place)
    assert said == [(0, "Looking at picture 1 of 2"), (1, "Comparing the pictures with each other")]


def test_packs_of_the_data_folder_are_audited_when_it_is_asked_for(visit, tmp_path, pack):
    app = choose(visit("audit"), FOUND)
    assert "No pack lies in this server's data folder" in said(app)
    assert "Choose a pack, or bring" in said(app)
    (tmp_path / "data").mkdir()
    bad = {
        "none": (b"no zip", "damaged or no zip"),
        "notes": (zipped({"notes.txt": b"none"}), "holds no picture"),
        "gone": (zipped({"a.png": b"", "manifest.csv": b"image_id\nb.png"}), "does not hold"),
    }
    for name, (data, _) in (bad | {"films": (zipped(pack), "")}).items():
        (tmp_path / f"data/{name}.zip").write_bytes(data)
    app = found(app.run(), "films.zip")
    assert NOT_YET in said(app) and not app.metric
    app = press(app)
    assert "lies in two splits: 1 of the 4 of val" in findings(app)
    assert "shows none" in said(app)  # the report has no picture of a pack
    assert choose(app, EXAMPLE).metric[0].value == "57"
    assert choose(app, FOUND).metric[0].value == "9"  # it is still there
    assert NOT_YET in said(app.toggle(key="audit-folders").set_value(True).run())
    for name, (_, reason) in bad.items():
        (error,) = press(found(app, f"{name}.zip")).error
        assert reason in error.value and str(tmp_path) not in error.value
        assert NOT_YET not in said(app)


def test_a_zip_that_is_brought_is_audited(bring, pack, monkeypatch):
    app = bring(("films.zip", zipped(pack)))
    assert "1 pair of files that are the same byte for byte lies in two splits" in findings(app)
    assert "shows small pictures" in said(app)
    monkeypatch.setattr(layouts, "MOST_PICTURES", 5)
    assert "more than 5" in said(bring(("more.zip", zipped(pack))))


def test_films_that_are_brought_are_audited_for_what_needs_no_labels(bring, films, monkeypatch):
    app = bring(("a.png", films[0]), ("b.png", films[0]), ("bad.png", b"none"))
    assert "1 pair of files is the same byte for byte" in findings(app)
    assert "1 file of 3 cannot be read" in findings(app)
    assert "These pictures have no labels" in said(app)
    assert "Folders are labels" not in said(app) and not app.toggle  # there is no folder
    monkeypatch.setattr(source, "MOST_FILES", 2)
    app = bring(*[(f"{at}.png", data) for at, data in enumerate(films[:3])])
    assert "only the first 2 of 3 are" in said(app)
    assert app.metric[0].value == "2"


def test_folders_that_match_no_class_are_named_and_may_be_labels(bring, films):
    files = {f"{'cat' if at % 2 else '*dog*'}/{at}.png": data for at, data in enumerate(films)}
    for labels in (False, True):
        app = bring(("films.zip", zipped(files | {"dog/x.png": films[0]})), labels=labels)
        told = said(app)
        assert ("No folder is named like a class that is known here" in told) is not labels
        assert ("Switch on “Folders are labels”" in told) is not labels
        assert ("1 pair of the same picture has two labels" in findings(app)) is labels
        assert "“*dog*”" not in told  # letter by letter, not as Markdown


def test_a_folder_that_is_brought_tells_labels_and_splits(bring, pack, monkeypatch):
    files = [(f"films/{name}", data) for name, data in pack.items()]
    app = bring(*files, way=FOLDER)
    assert "lies in two splits: 1 of the 4 of val" in findings(app)
    assert "**films**, read as films by fracture" in said(app)
    monkeypatch.setattr(audit_data, "MOST_LOOSE", 5)
    assert "The folder holds more than 5 files" in said(bring(*files, way=FOLDER))


def test_what_is_not_taken_is_told_in_a_sentence(bring):
    for files, reason in (
        ([("a.zip", b"none")], "damaged or no zip"),
        ([("a.zip", zipped({"notes.txt": b"none"}))], "holds no picture"),
        ([("a.zip", zipped({"a.png": bytes(4 * 2**20)}))], "grows more than 100 times"),
        ([("a.zip", zipped({"../a.png": b"film"}))], "outside its folder"),
        ([("a.zip", zipped({"a.png": b""})), ("b.png", b"film")], "one zip or several films"),
    ):
        app = bring(*files)
        assert reason in said(app) and not app.metric

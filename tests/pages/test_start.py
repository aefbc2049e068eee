import shutil

from tests.toy_models import publish_graded


def texts(elements) -> str:
    return " / ".join(str(element.value) for element in elements)


def test_start_says_what_is_here_and_how_good_it_is(visit):
    app = visit("start")
    assert not app.exception
    assert app.title[0].value == "Lightbox"
    assert "Not for diagnosis" in texts(app.sidebar.caption)
    row = app.table[0].value.iloc[0]
    assert (row["Model"], row["AUROC (95 % interval)"]) == ("Toy", ".750 (.700 to .800)")
    assert row["Films"] == "10"
    assert len(app.get("image")) == 4


def test_start_leads_to_every_job(visit, checkpoints):
    publish_graded(checkpoints, "grader")
    app = visit("start")
    assert not app.exception
    assert [table.value.iloc[0]["Model"] for table in app.table] == ["Toy", "Grader"]
    asked = {link.proto.page: link.proto.query_string for link in app.get("page_link")}
    rooms = {"fracture", "severity", "inpaint", "sketch", "models"}
    wanted = {"Grade a knee of your own", "Annotate many films", "Join or make a quiz"}
    wanted |= {"See how scores mislead", "Audit a folder of films"}
    assert wanted <= {button.label for button in app.button}
    assert rooms <= {page.strip("/") for page in asked}


def test_start_without_models(visit, checkpoints):
    shutil.rmtree(checkpoints)
    app = visit("start")
    assert not app.exception
    assert "No model is published" in texts(app.info)
    assert "There is no model" in texts(app.sidebar.caption)


def test_a_setting_that_cannot_be_used_is_named(visit, monkeypatch):
    monkeypatch.setenv("LIGHTBOX_THREADS", "many")
    app = visit("start")
    assert not app.exception
    assert "LIGHTBOX_THREADS" in texts(app.error)

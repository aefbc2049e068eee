from tests.toy_lesions import publish_reader
from tests.toy_models import (
    publish,
    publish_graded,
    publish_outliner,
    publish_painter,
    publish_sketcher,
    publish_suggester,
)


def texts(elements) -> str:
    return " / ".join(str(element.value) for element in elements)


def test_every_card_is_shown(visit, checkpoints):
    publish(
        checkpoints,
        "other",
        subgroups={"without hardware": {"auroc": 0.8, "n": 9, "fractured": 3}},
        training_data={"name": "Toy films *v2*", "n": 1234},
        training={"epochs": 3},
        licence="CC BY 4.0",
        weights_started_from="scratch",
        seed=0,
        commit="abc",
        date="2026-01-01",
        gate={
            "passing": 0.99,
            "val films": 1429,
            "against": {"brain_mri": {"auroc": 0.98, "refused": 0.9, "n": 45}},
        },
        exhibit={
            "out_of_fold": {"auroc": 0.8, "accuracy": 0.84},
            "first_stage_saw_val": {"auroc": 0.98, "accuracy": 0.97},
        },
    )
    app = visit("models")
    assert not app.exception
    assert [expander.label for expander in app.expander] == ["Other", "Toy"]
    assert list(app.table[0].value["Model"]) == ["Other", "Toy"]
    told = texts(app.markdown)
    for fact in ("Toy films \\*v2\\*, 1,234 films", "epochs 3", "scratch", "Seed: 0", "abc"):
        assert fact in told
    assert "Without hardware" in str([table.value for table in app.table])
    (gate,) = (t.value for t in app.table if "Refused" in t.value)
    assert gate.iloc[0].tolist() == ["Brain mri", ".980", "90\N{NARROW NO-BREAK SPACE}%", "45"]
    (leak,) = (t.value for t in app.table if "Way" in t.value)
    assert leak["AUROC"].tolist() == [".800", ".980"]
    assert len(app.get("plotly_chart")) == 1


def test_a_network_that_suggests_artefacts_is_shown_with_its_false_alarms(visit, checkpoints):
    publish_suggester(checkpoints, title="Metal")
    app = visit("models")
    assert not app.exception
    assert "Artefacts, suggested" in [header.value for header in app.header]
    (row,) = next(t.value for t in app.table if "False alarms" in t.value).to_dict("records")
    assert (row["Model"], row["Dice (95 % interval)"]) == ("Metal", ".625")
    assert row["False alarms"].startswith(".250") and row["Input"] == "384 px"
    assert any("Films without artefacts on which" in str(table.value) for table in app.table)


def test_broken_folders_are_listed_with_their_sentence(visit, checkpoints):
    broken = publish(checkpoints, "broken")
    (broken / "model.onnx").write_bytes(b"changed")
    (publish(checkpoints, "cardless") / "card.json").unlink()
    app = visit("models")
    assert not app.exception
    assert len(app.error) == 2
    assert "sha256" in texts(app.error) and "cardless" in texts(app.error)


def test_without_predictions_there_is_no_curve_but_a_sentence(visit, checkpoints):
    (checkpoints / "fracture/toy/predictions.csv").unlink()
    app = visit("models")
    assert not app.exception
    assert "no ROC curve" in texts(app.info)


def test_graders_have_a_table_of_their_own(visit, checkpoints):
    publish_graded(checkpoints, "grader", gate={"passing": 0.99, "val films": 826})
    app = visit("models")
    assert not app.exception
    assert [header.value for header in app.header] == ["Fracture", "Severity"]
    (table,) = (t.value for t in app.table if "Weighted kappa (95 % interval)" in t.value)
    assert table.iloc[0]["Model"] == "Grader"
    assert table.iloc[0]["Weighted kappa (95 % interval)"] == ".750 (.700 to .800)"
    assert "Is it a knee film at all" in texts(app.markdown)
    assert len(app.get("plotly_chart")) == 1  # the ROC curves are the fracture models'


def test_painters_are_measured_by_kind_of_hole_and_method(visit, checkpoints):
    holes = {"hardware": 12, "strokes": 3}
    publish_painter(checkpoints, "filler", validation={"n": 12, "holes": holes, "data": "toys"})
    app = visit("models")
    assert not app.exception
    assert [header.value for header in app.header] == ["Fracture", "Inpaint"]
    (row,) = (t.value.iloc[0] for t in app.table if "L1, centre" in t.value)
    assert row["PSNR, hardware (95 % interval)"] == "30.0 (29.9 to 30.0)"
    assert row["PSNR, strokes"] == "30.0 (29.9 to 30.0), n = 3"
    assert (row["Films"], row["Input"]) == ("12", "128 px")
    (table,) = (t.value for t in app.table if "Hole" in t.value)
    assert list(table["Hole"]) == ["Hardware"] * 3 + ["Strokes"] * 3
    assert list(table.columns[2:]) == ["Filler", "Navier-Stokes", "Telea", "Biharmonic"]
    assert table["Filler"].tolist()[:3] == [
        *("30.0 (29.9 to 30.0)", "5.0 (4.9 to 5.0)", ".875 (.775 to .875)")
    ]
    told = texts(app.markdown)
    assert "hole and surroundings, at most 128 px" in told and "Heatmap: none" not in told


def test_networks_of_lesions_speak_of_pictures(visit, checkpoints):
    publish_sketcher(checkpoints, title="Generator")
    publish_reader(checkpoints, title="Reader", training_data={"name": "Toys", "n": 77})
    gate = {"passing": 0.99, "val pictures": 901, "against": {"faces": {"refused": 0.9, "n": 45}}}
    publish_outliner(checkpoints, title="Outliner", gate=gate)
    app = visit("models")
    assert not app.exception
    headers = [header.value for header in app.header]
    assert headers == ["Fracture", "Sketch", "Lesions, diagnosed", "Lesions, outlined"]
    assert list(app.table[0].value.columns)[-3:] == ["Films", "Input", "File"]
    (row,) = (t.value.iloc[0] for t in app.table if "Diversity" in t.value)
    assert (row["Fréchet distance (lower is better)"], row["Pictures"]) == ("60.0", "20")
    assert row["that of real pictures"] == "12.0"
    assert any("Real pictures" in t.value for t in app.table)
    (refused,) = (t.value for t in app.table if "Refused" in t.value)
    assert list(refused.columns) == ["Images", "Refused", "n"]
    assert "901 validation pictures" in texts(app.caption)
    assert "Recall: melanoma" in str([t.value for t in app.table])
    told = texts(app.markdown)
    assert "Is it a photo of a lesion at all" in told and "Toys, 77 pictures" in told
    assert "the middle square, in colour" in told and "128 px, a sketch" in told


def test_without_models(visit, checkpoints):
    (checkpoints / "fracture").rename(checkpoints / "empty")
    (checkpoints / "empty/toy/card.json").unlink()
    app = visit("models")
    assert not app.exception
    assert "No model is published" in texts(app.info)

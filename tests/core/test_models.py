"""The catalogue: sound models open and answer from any thread, broken ones say what is wrong."""

import hashlib
import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from core.models import (
    FEW,
    BadModel,
    Metric,
    ModelCard,
    catalogue,
    faults,
    find,
    open_model,
    signature,
    verify,
)
from core.preprocess import InputSpec
from tests.toy_models import SIZE, publish, publish_graded


def test_card_says_what_was_published(tmp_path):
    folder = publish(tmp_path, flips=True, calibration={"temperature": 2, "bias": -1})
    card = find(tmp_path, "fracture", "toy")
    assert card.folder == folder and card.weights == folder / "model.onnx"
    assert card.classes == ("not fractured", "fractured")
    assert card.input == InputSpec(SIZE, (0.0,), (1.0,))
    assert (card.temperature, card.bias, card.flips) == (2.0, -1.0, True)
    assert card.metrics["auroc"] == Metric(0.75, 0.7, 0.8)
    assert card.operating_points[0].threshold == 0.5
    assert card.details["summary"] == "A toy."


def test_side_files_are_there_or_not(tmp_path):
    folder = publish(tmp_path)
    card = ModelCard.read(folder)
    assert card.predictions is None and not card.has_gate
    (folder / "predictions.csv").write_text("image,label\n")
    (folder / "gate.npz").write_bytes(b"")
    assert card.predictions == folder / "predictions.csv" and card.has_gate


def changed(**entries):
    def damage(folder: Path) -> None:
        path = folder / "card.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | entries))

    return damage


def without(entry: str):
    def damage(folder: Path) -> None:
        path = folder / "card.json"
        card = json.loads(path.read_text())
        del card[entry]
        path.write_text(json.dumps(card))

    return damage


def written(name: str, data: bytes):
    return lambda folder: (folder / name).write_bytes(data)


def removed(name: str):
    return lambda folder: (folder / name).unlink()


BAD_CARDS = {
    "missing": (removed("card.json"), "no readable card.json"),
    "a folder": (
        lambda folder: [(folder / "card.json").unlink(), (folder / "card.json").mkdir()],
        "no readable card.json",
    ),
    "empty": (written("card.json", b""), "is damaged"),
    "cut": (written("card.json", b'{"task": "fracture", "na'), "is damaged"),
    "no text": (written("card.json", b"\xff\xfe\x00"), "is damaged"),
    "a list": (written("card.json", b"[]"), "is damaged"),
    "null": (written("card.json", b"null"), "is damaged"),
    "no title": (without("title"), "title"),
    "no calibration": (without("calibration"), "calibration"),
    "no sha256": (without("sha256"), "sha256"),
    "size is no number": (changed(input={"size": "big", "mean": [0], "std": [1]}), "is damaged"),
    "no input": (changed(input=None), "is damaged"),
    "temperature is no number": (
        changed(calibration={"temperature": "hot", "bias": 0}),
        "is damaged",
    ),
    "strange point": (changed(operating_points=[{"name": "Youden"}]), "is damaged"),
    "validation as a list": (changed(validation=[8]), "is damaged"),
    "measured on no number": (changed(validation={"n": "many"}), "is damaged"),
    "metrics as a list": (changed(metrics=[0.9]), "is damaged"),
    "metric as a number": (changed(metrics={"auroc": 0.9}), "is damaged"),
}

BAD_FILES = {
    "missing": (removed("model.onnx"), "is missing"),
    "cut": (written("model.onnx", b"half a net"), "sha256"),
    "another sha256": (changed(sha256="0" * 64), "sha256"),
}


@pytest.mark.parametrize(("damage", "reason"), BAD_CARDS.values(), ids=BAD_CARDS)
def test_bad_card_is_one_sentence_and_hides_no_other_model(tmp_path, damage, reason):
    publish(tmp_path, "good")
    damage(publish(tmp_path, "bad"))
    with pytest.raises(BadModel, match=reason) as refusal:
        find(tmp_path, "fracture", "bad")
    assert "bad" in refusal.value.reason and refusal.value.reason.endswith(".")
    assert "\n" not in refusal.value.reason
    assert [card.name for card in catalogue(tmp_path)] == ["good"]
    assert faults(tmp_path) == [refusal.value.reason]


@pytest.mark.parametrize(("damage", "reason"), BAD_FILES.values(), ids=BAD_FILES)
def test_bad_network_file_is_one_sentence(tmp_path, damage, reason):
    folder = publish(tmp_path, "bad")
    verify(ModelCard.read(folder))
    damage(folder)
    card = ModelCard.read(folder)
    for use in (verify, open_model):
        with pytest.raises(BadModel, match=reason) as refusal:
            use(card)
        assert "model bad" in refusal.value.reason
    assert faults(tmp_path) == [refusal.value.reason]


def test_a_file_that_is_no_network_is_one_sentence(tmp_path):
    folder = publish(tmp_path)
    (folder / "model.onnx").write_bytes(b"no network")
    with pytest.raises(BadModel, match="sha256"):
        open_model(ModelCard.read(folder))
    digest = hashlib.sha256(b"no network").hexdigest()
    changed(sha256=digest)(folder)
    with pytest.raises(BadModel, match="cannot be opened"):
        open_model(ModelCard.read(folder))


@pytest.mark.parametrize(
    "name",
    [
        *("unknown", "", "TOY", "*", "toy/", "x" * 5000, "nul\0byte"),
        *(".", "..", "../x", "../fracture/toy", "toy/../toy", "/etc"),
    ],
)
def test_unknown_name_lists_the_known_ones(tmp_path, name):
    root = tmp_path / "checkpoints"
    publish(root, "toy")
    publish(root, "other")
    shutil.copytree(root / "fracture" / "toy", root / "x")  # within reach of "../x"
    for place in (root, root / "fracture"):  # within reach of ".." and "."
        shutil.copy(root / "fracture" / "toy" / "card.json", place)
    with pytest.raises(BadModel) as refusal:
        find(root, "fracture", name)
    assert "available are other, toy." in refusal.value.reason


@pytest.mark.parametrize(("root", "task"), [("checkpoints", "severity"), ("nowhere", "fracture")])
def test_where_there_is_nothing_none_is_listed(tmp_path, root, task):
    publish(tmp_path / "checkpoints")
    with pytest.raises(BadModel, match="available are none"):
        find(tmp_path / root, task, "toy")


def test_best_comes_first_and_a_task_can_be_chosen(tmp_path):
    for name, area in (("fair", 0.8), ("best", 0.9), ("poor", 0.6)):
        publish(tmp_path, name, metrics={"auroc": {"value": area}})
    publish(tmp_path, "unmeasured", metrics={})
    (tmp_path / "fracture" / "notes.txt").write_text("no model")
    assert [c.name for c in catalogue(tmp_path, "fracture")] == [
        "best",
        "fair",
        "poor",
        "unmeasured",
    ]
    assert catalogue(tmp_path, "severity") == []
    assert faults(tmp_path) == []


def test_a_perfect_number_on_few_films_ranks_after_all_others(tmp_path):
    for name, area, n in (("lucky", 1.0, FEW - 1), ("fair", 0.8, FEW), ("untold", 0.9, None)):
        validation = {"data": "toys"} | ({} if n is None else {"n": n})
        publish(tmp_path, name, metrics={"auroc": {"value": area}}, validation=validation)
    assert [c.name for c in catalogue(tmp_path)] == ["fair", "lucky", "untold"]


def test_each_task_ranks_by_its_own_measure(tmp_path):
    for name, balanced, plain in (("rare", 0.7, 0.6), ("common", 0.3, 0.8)):
        found = {"auroc": {"value": plain}, "balanced_accuracy": {"value": balanced}}
        publish(tmp_path, name, task="lesion", metrics=found)
    assert [c.name for c in catalogue(tmp_path)] == ["rare", "common"]


def test_generators_rank_by_how_near_they_are_and_the_unmeasured_comes_last(tmp_path):
    for name, metrics in (
        ("far", {"fid": {"value": 90.0}}),
        ("new", {}),
        ("near", {"fid": {"value": 9}}),
    ):
        publish(tmp_path, name, task="sketch", metrics=metrics)
    assert [c.name for c in catalogue(tmp_path)] == ["near", "far", "new"]


@pytest.mark.parametrize(
    ("change", "other"),
    [
        (lambda root: None, False),
        (lambda root: (root / "fracture" / ".hidden").mkdir(), False),
        (lambda root: (root / "fracture/toy/notes.txt").write_text("x"), False),
        (lambda root: publish(root, "new"), True),
        (lambda root: publish_graded(root), True),
        (lambda root: (root / "fracture/toy/card.json").write_text("{}"), True),
        (lambda root: (root / "fracture/toy").rename(root / "fracture/other"), True),
        (lambda root: shutil.rmtree(root / "fracture"), True),
    ],
)
def test_the_signature_is_another_once_the_catalogue_is(tmp_path, change, other):
    publish(tmp_path)
    before = signature(tmp_path)
    change(tmp_path)
    assert (signature(tmp_path) != before) is other


@pytest.mark.parametrize(
    ("changes", "other"),
    [
        ({}, False),
        ({"title": "T", "summary": "S", "notes": "N"}, False),
        ({"lean": 0.5}, True),
        ({"calibration": {"temperature": 2.0, "bias": 0.0}}, True),
        ({"gate": {"threshold": 2.0}}, True),
    ],
)
def test_a_cards_version_is_another_once_its_answers_may_be(tmp_path, changes, other):
    first, second = publish(tmp_path / "a"), publish(tmp_path / "b", **changes)
    assert (ModelCard.read(first).version != ModelCard.read(second).version) is other


def test_c2_eight_threads_hear_what_one_hears(tmp_path):
    publish(tmp_path, lean=0.5)
    model = open_model(find(tmp_path, "fracture", "toy"))
    rng = np.random.default_rng(0)
    batches = [rng.random((1 + i % 3, 1, SIZE, SIZE), np.float32) for i in range(64)]
    alone = [model.predict(batch) for batch in batches]
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(model.predict, batches))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one.logits, other.logits)
        np.testing.assert_array_equal(one.class_map, other.class_map)
        np.testing.assert_array_equal(one.embedding, other.embedding)
    assert len({one.logits.tobytes() for one in alone}) == 64


def test_gate_is_read_when_asked_for_and_missed_in_one_sentence(tmp_path):
    folder = publish(tmp_path)
    model = open_model(ModelCard.read(folder))
    with pytest.raises(BadModel, match="missing or damaged"):
        _ = model.gate
    (folder / "gate.npz").write_bytes(b"PK\x03\x04")
    with pytest.raises(BadModel, match="missing or damaged"):
        _ = model.gate
    np.savez(
        folder / "gate.npz",
        mean=np.zeros((1, 8)),
        basis=np.eye(2, 8)[None],
        spread=np.ones((1, 2)),
        residual=np.full(1, 2.0),
        threshold=3.0,
    )
    far = np.array([[2, 0, 4, 0, 0, 0, 0, 0]], np.float32)
    assert model.gate.distance(far)[0] == pytest.approx(np.sqrt(2) + 2)

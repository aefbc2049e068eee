"""Small runs from drawn lesions to a published classifier and segmenter that the app opens."""

import csv
import json
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from core.archive import BadPack
from core.diagnose import embeddings, probabilities
from core.lesions import CODES, SIDE
from core.models import catalogue, faults, find, open_model
from core.samples import png
from core.segment import BadPhoto, contour, open_segmenter
from core.sketch_batch import batch
from core.sketchers import open_sketcher
from tests.toy_models import publish_sketcher
from trainers import evaluate, gate, lesion, lesion_scoring, segment
from trainers.lesions import LesionPack
from trainers.options import parse

SKIN = (225, 170, 150)
SYNTHETIC = (
    "synthetic lesions of Lightbox's generators, which learned from HAM10000, "
    "CC BY-NC 4.0 (non-commercial)"
)


def drawn(seed: int, label: int) -> tuple[np.ndarray, np.ndarray]:
    """A lesion whose colour is its diagnosis's, and its mask."""
    rng = np.random.default_rng(seed)
    x, y, radius = rng.integers([52, 52, 20], [76, 76, 40]).tolist()
    mask = cv2.circle(np.zeros((SIDE, SIDE), np.uint8), (x, y), radius, 255, cv2.FILLED)
    colour = np.random.default_rng(label).integers(0, 130, 3)
    grain = rng.normal(0, 6, (SIDE, SIDE, 3))
    image = np.where(mask[..., None] > 0, colour, SKIN) + grain
    return np.clip(image, 0, 255).astype(np.uint8), mask


def write_pack(root: Path, count: int = 84) -> None:
    """Two pictures of each lesion, the diagnoses in turn; one lesion of each is for validation."""
    for folder in ("images", "masks"):
        (root / folder).mkdir(parents=True)
    rows = ["image_id,lesion_id,dx"]
    for at in range(count):
        name, label = f"ISIC_{24306 + at:07d}", at // 2 % len(CODES)
        image, mask = drawn(at, label)
        (root / f"images/{name}.png").write_bytes(png(image))
        (root / f"masks/{name}_segmentation.png").write_bytes(png(mask))
        rows.append(f"{name},HAM_{at // 2:07d},{CODES[label]}")
    (root / "labels.csv").write_text("\n".join(rows))


def run(trainer, *arguments) -> None:
    trainer.main(parse(trainer.__name__.removeprefix("trainers."), list(map(str, arguments))))


def evaluated(monkeypatch, *arguments) -> None:
    monkeypatch.setattr(sys, "argv", ["evaluate", *map(str, arguments)])
    assert not evaluate.main()


def options(root: Path, name: str) -> list:
    return [
        *("--data", root / "data", "--run", root / name, "--checkpoints", root / "checkpoints"),
        *("--precision", "32-true", "--publish", "tiny", "--batch", 16),
    ]


def write_batch(root: Path) -> Path:
    """Two synthetic lesions of each diagnosis, as the Sketch page gives them."""
    publish_sketcher(root)
    path = root / "batch.zip"
    path.write_bytes(batch(open_sketcher(find(root, "sketch", "cgan")), 2, 0))
    return path


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with data/ and checkpoints/ of a classifier and a segmenter of a few steps."""
    root = tmp_path_factory.mktemp("lesions")
    write_pack(root / "data")
    others = root / "others" / "noise"
    others.mkdir(parents=True)
    noise = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3)).astype(np.uint8)
    (others / "a.png").write_bytes(png(noise))
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(gate, "DIMENSIONS", 4)
        small = ["--backbone", "mobilenetv2_035", "--from-side", 32, "--epochs", 1]
        run(lesion, *options(root, "classifier"), *small)
        also = ["--also", write_batch(root / "toys")]
        run(lesion, *options(root, "helped"), *small, *also, "--publish", "helped")
        few = ["--epochs", 6, "--batch", 4, "--against", others.parent]
        run(segment, *options(root, "segmenter"), *few)
    return root


def test_the_published_classifier_opens_and_diagnoses(trained):
    root = trained / "checkpoints"
    assert faults(root) == []
    card = find(root, "lesion", "tiny")
    assert card.classes == CODES and card.input.colour and card.input.size == SIDE
    assert card.validation["n"] == 14 and card.validation["lesions"] == 7
    for text in (card.validation["data"], card.details["licence"]):
        assert "HAM10000" in text and "CC BY-NC 4.0 (non-commercial)" in text
    assert "from scratch" in card.details["weights_started_from"]
    assert {"balanced_accuracy", "accuracy", *(f"recall_{code}" for code in CODES)} <= set(
        card.metrics
    )
    model = open_model(card)
    squares = LesionPack(trained / "data").squares("val")
    chances = probabilities(model, squares.images)
    np.testing.assert_allclose(chances.sum(1), 1, rtol=1e-5)
    assert embeddings(model, squares.images).shape == (14, 1280)
    rows = {row["image"]: row for row in csv.DictReader(card.predictions.open())}
    for one, found in zip(squares.lesions, chances, strict=True):
        row = rows[one.name]
        assert row["label"] == CODES[one.label]
        assert [float(row[code]) for code in CODES] == pytest.approx(found.tolist(), abs=1e-4)


def test_other_packs_join_the_training_alone_and_the_card_says_so(trained):
    alone, helped = (find(trained / "checkpoints", "lesion", name) for name in ("tiny", "helped"))
    assert helped.validation == alone.validation
    assert helped.details["training_data"].pop("also") == {SYNTHETIC: 14}
    assert helped.details["training_data"] == alone.details["training_data"]
    assert SYNTHETIC in helped.details["licence"] and SYNTHETIC not in alone.details["licence"]


def test_what_joins_the_training_comes_behind_it(trained):
    train, val = (
        lesion_scoring.diagnosed(LesionPack(trained / "data"), s) for s in ("train", "val")
    )
    joined, also = lesion.with_others(train, val, [trained / "toys" / "batch.zip"] * 2)
    other = LesionPack(trained / "toys" / "batch.zip").squares("all")
    assert len(joined) == len(train) + 28 and also == {SYNTHETIC: 28}
    for name in ("images", "masks", "labels"):
        own, added = getattr(joined, name)[: len(train)], getattr(joined, name)[len(train) :]
        np.testing.assert_array_equal(own, getattr(train, name))
        np.testing.assert_array_equal(added, np.concatenate([getattr(other, name)] * 2))
    assert [one.name for one in joined.lesions[-14:]] == [one.name for one in other.lesions]


def test_lesions_that_are_validated_on_join_no_training(trained):
    train, val = (
        lesion_scoring.diagnosed(LesionPack(trained / "data"), s) for s in ("train", "val")
    )
    with pytest.raises(BadPack, match="holds lesions of the validation split"):
        lesion.with_others(train, val, [trained / "data"])


def test_the_published_segmenter_outlines_and_refuses(trained):
    (card,) = catalogue(trained / "checkpoints", "segment")
    assert card.metrics["iou"].value > 0.6
    assert card.details["gate"]["against"] == {"noise": {"refused": 1.0, "n": 1}}
    segmenter = open_segmenter(card)
    squares = LesionPack(trained / "data").squares("val")
    _, distances = segmenter.read(squares.images)
    usual = int(np.argsort(distances)[len(distances) // 2])
    found = contour(segmenter, squares.images[usual])
    assert lesion_scoring.iou(found, squares.masks[usual]) > 0.6
    with pytest.raises(BadPhoto, match="does not look like skin"):
        contour(segmenter, np.random.default_rng(1).integers(0, 256, (99, 99, 3)).astype(np.uint8))


@pytest.mark.parametrize(
    ("task", "wanted"),
    [
        ("lesion", {"balanced_accuracy", "accuracy", "auroc", "recall_mel"}),
        ("segment", {"iou", "iou_median", "dice", "found"}),
    ],
)
def test_evaluation_reports_every_number_with_an_interval(trained, monkeypatch, task, wanted):
    report, predictions = trained / f"{task}.json", trained / f"{task}.csv"
    arguments = [task, "tiny", "--data", trained / "data", "--split", "val", "--draws", 50]
    arguments += ["--checkpoints", trained / "checkpoints"]
    arguments += ["--out", report, "--predictions", predictions]
    evaluated(monkeypatch, *arguments)
    found = json.loads(report.read_text())
    assert wanted <= set(found["metrics"]) == set(found["intervals"])
    assert (found["task"], found["n"], found["lesions"]) == (task, 14, 7)
    card = find(trained / "checkpoints", task, "tiny")
    assert predictions.read_text() == card.predictions.read_text()
    for name, metric in card.metrics.items():
        assert found["metrics"][name] == pytest.approx(metric.value, abs=1e-6)


@pytest.mark.parametrize(
    ("task", "left_out"),
    [
        ("lesion", {"no diagnosis of the seven": 1}),
        ("segment", {"no mask": 0, "mask of nothing or of the whole frame": 1}),
    ],
)
def test_evaluation_names_what_it_skipped_and_counts_what_it_left_out(
    trained, tmp_path, monkeypatch, task, left_out
):
    data = tmp_path / "data"
    write_pack(data, 28)
    names = [f"ISIC_{24306 + at:07d}" for at in range(28)]
    (data / f"images/{names[3]}.png").write_bytes(b"")
    (data / f"masks/{names[5]}_segmentation.png").write_bytes(png(np.zeros((SIDE, SIDE), np.uint8)))
    text = (data / "labels.csv").read_text()
    (data / "labels.csv").write_text(text.replace(f"{names[7]},HAM_0000003,df", f"{names[7]},X,?"))
    report = tmp_path / "report.json"
    arguments = [task, "tiny", "--data", data, "--draws", 5, "--out", report]
    evaluated(monkeypatch, *arguments, "--checkpoints", trained / "checkpoints")
    found = json.loads(report.read_text())
    assert found["skipped"] == [[names[3], "The picture cannot be read."]]
    assert found["left_out"] == left_out and found["n"] == 26


@pytest.mark.parametrize(
    ("task", "lacking", "sentence"),
    [
        ("lesion", "labels.csv", "names none of the seven diagnoses in its split 'val'"),
        ("segment", "masks", "holds no mask of a lesion in its split 'val'"),
    ],
)
def test_a_pack_without_what_is_scored_gets_one_sentence(
    trained, tmp_path, monkeypatch, capsys, task, lacking, sentence
):
    write_pack(tmp_path / "data", 28)
    (tmp_path / "data" / lacking).rename(tmp_path / "away")
    arguments = [task, "tiny", "--data", tmp_path / "data", "--split", "val"]
    arguments += ["--checkpoints", trained / "checkpoints"]
    monkeypatch.setattr(sys, "argv", ["evaluate", *map(str, arguments)])
    assert evaluate.main() == 2
    assert sentence in capsys.readouterr().err


def test_the_loss_weighs_what_drawing_left_unbalanced():
    """Logits that know nothing are best for a diagnosis drawn as rarely as another is often."""
    shares = np.array([0.1, 0, 0, 0, 0, 0.9, 0])
    loss = lesion.BalancedLoss(shares)
    flat, leaning = torch.zeros(10, 7), torch.zeros(10, 7)
    leaning[:, 5] = 1.0
    batch = {"label": torch.tensor([0] + [5] * 9)}
    assert loss((flat,), batch) < loss((leaning,), batch)
    plain = torch.nn.functional.cross_entropy
    assert plain(leaning, batch["label"]) < plain(flat, batch["label"])


@pytest.mark.parametrize(
    ("side", "epochs", "sides"),
    [(128, 3, [128] * 3), (64, 3, [64, 96, 128]), (96, 1, [96]), (32, 2, [32, 128])],
)
def test_pictures_grow_to_full_size(side, epochs, sides):
    assert lesion.growing(side, epochs) == sides


def test_numbers_of_a_reading_by_hand():
    pack = [type("", (), {"label": label, "group": str(label)})() for label in (0, 0, 5, 5, 5, 5)]
    called = [0, 5, 5, 5, 5, 0]
    reading = lesion_scoring.LesionReading(pack, np.eye(7)[called])
    found = lesion_scoring.numbers(reading)
    assert found["accuracy"] == pytest.approx(4 / 6)
    assert found["balanced_accuracy"] == pytest.approx((1 / 2 + 3 / 4) / 2)
    assert (found["recall_akiec"], found["recall_nv"]) == (0.5, 0.75)
    assert "recall_mel" not in found


@pytest.mark.parametrize(
    ("overlaps", "numbers"),
    [
        ([1.0, 1.0], {"iou": 1, "iou_median": 1, "dice": 1, "found": 1}),
        ([0.0, 0.5, 1.0], {"iou": 0.5, "iou_median": 0.5, "dice": 5 / 9, "found": 1 / 3}),
    ],
)
def test_numbers_of_outlines_by_hand(overlaps, numbers):
    assert lesion_scoring.outline_numbers(np.array(overlaps)) == pytest.approx(numbers)

"""A toy generator measured by toys that know its colours, and its numbers by hand."""

import csv
import json
import sys
from dataclasses import replace

import cv2
import numpy as np
import pytest

from core.archive import BadPack
from core.lesions import CODES
from core.models import find
from core.sketchers import open_sketcher
from tests import toy_lesions, toy_models
from trainers import evaluate, sketch_numbers, sketch_scoring
from trainers.lesions import LesionPack
from trainers.sketch_numbers import inception_score
from trainers.sketch_scoring import Judges, mean_distance, overlaps

EACH = 12  # lesions of a diagnosis, of which two are held out
PALETTE = np.random.default_rng(0).uniform(-1, 0.6, (7, 3))  # the toy generator's
SKIN = 0.7
DARK = np.flatnonzero(PALETTE.mean(1) < -0.3)  # what the toy segmenter is sure to see
DISTANCES = {"fid", "fid_floor", "kid", "kid_floor"}


def write_pack(root, each=EACH, masks=True, known=True):
    """Lesions painted as the toy generator paints them, in colours that vary a little; the first
    of each diagnosis is pictured twice."""
    (root / "images").mkdir(parents=True)
    (root / "masks").mkdir()
    rng = np.random.default_rng(0)
    rows = ["image_id,lesion_id,dx"]
    for at in range(each * len(CODES) + len(CODES)):
        code, lesion = at % len(CODES), max(at - len(CODES), at % len(CODES))
        name = f"ISIC_{24306 + at:07d}"
        mask = np.zeros((128, 128), np.uint8)
        cv2.ellipse(mask, (64, 64), (30 + at % 20, 25 + at % 17), 0, 0, 360, 255, -1)
        colour = PALETTE[code] + rng.normal(0, 0.05, 3)
        picture = np.where(mask[..., None] > 0, colour, SKIN)
        pixels = np.clip(np.rint((picture + 1) * 127.5), 0, 255).astype(np.uint8)
        cv2.imwrite(str(root / "images" / f"{name}.png"), pixels[..., ::-1])
        if masks:
            cv2.imwrite(str(root / "masks" / f"{name}_segmentation.png"), mask)
        rows.append(f"{name},HAM_{lesion:07d},{CODES[code] if known else 'unknown'}")
    (root / "labels.csv").write_text("\n".join(rows) + "\n")
    return root


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """data/ and checkpoints/: two generators, two classifiers, of which the second is always
    wrong by one, and a segmenter."""
    root = tmp_path_factory.mktemp("scoring")
    write_pack(root / "data")
    models = root / "checkpoints"
    toy_models.publish_sketcher(models, "cgan")
    toy_models.publish_sketcher(models, "cgan_seed", noise=0)
    toy_lesions.publish_reader(models, "resnet18", shift=1)
    toy_lesions.publish_reader(models, "mobilenetv2")
    toy_models.publish_outliner(models)
    return root


def read(root, name="cgan", split="val"):
    sketcher = open_sketcher(find(root / "checkpoints", "sketch", name))
    judges = Judges.published(root / "checkpoints")
    return sketch_scoring.read_all(sketcher, judges, LesionPack(root / "data"), split)


def test_held_out_lesions_are_painted_and_seen_by_all(root):
    reading = read(root)
    found = sketch_numbers.numbers(reading)
    each = [f"{kind}_{code}" for kind in ("recall", "recall_real") for code in CODES]
    kinds = ("balanced_accuracy", "inception_score")
    seen = DISTANCES | set(each) | {f"{kind}{end}" for kind in kinds for end in ("", "_real")}
    assert set(found) == (
        seen
        | {f"{name}_resnet18" for name in seen}
        | {"mask_iou", "mask_iou_real", "diversity", "diversity_real"}
        | {f"diversity_{code}" for code in CODES}
    )
    assert all(np.isfinite(value) for value in found.values())
    assert found["balanced_accuracy"] > 0.8 and found["balanced_accuracy_real"] == 1
    assert found["balanced_accuracy_resnet18"] == found["recall_real_mel_resnet18"] == 0
    assert found["inception_score_real"] == pytest.approx(7, rel=0.1)
    assert 5 < found["inception_score"] < 7  # noise shifts colours: a picture or two is misread
    dark = np.isin(reading.labels, DARK)
    assert dark.any()
    for kind, name in (("painted", "mask_iou"), ("real", "mask_iou_real")):
        assert (reading.overlaps[kind][dark] > 0.99).all()
        assert found[name] == pytest.approx(reading.overlaps[kind].mean())
    assert 0 <= found["fid_floor"] < 0.1
    assert "lesion/mobilenetv2 (3 numbers" in reading.features and "_resnet18" in reading.features


def test_intervals_hold_the_numbers_and_are_never_made_up(root):
    reading = read(root)
    found, ranges = sketch_numbers.numbers(reading), sketch_numbers.intervals(reading, 100)
    assert {name for name in found if name not in ranges} == {
        name for name in found if name.startswith("diversity")
    }
    for name, (low, high) in ranges.items():
        assert low <= found[name] <= high, name
        assert low < high or name.startswith(("recall", "balanced")), name


def test_without_noise_there_is_no_diversity(root):
    with_noise, without = (
        sketch_numbers.numbers(read(root, name)) for name in ("cgan", "cgan_seed")
    )
    for name in ["diversity", *(f"diversity_{code}" for code in CODES)]:
        assert without[name] == 0 and with_noise[name] > 1, name
    assert without["diversity_real"] == with_noise["diversity_real"] > 1


def test_the_floor_is_of_as_many_pictures_of_other_lesions_with_the_same_diagnoses(root):
    reading = read(root)
    floor, scored = reading.floor, set(reading.groups)
    assert len(floor.first) == len(floor.second) == len(reading.lesions)
    assert sorted(floor.second.labels) == sorted(reading.labels)
    assert not scored & {lesion.group for lesion in floor.second.lesions}
    assert "other lesions in the pack" in floor.words


def test_a_pack_scored_whole_is_halved_for_its_floor_and_says_what_to_compare(root):
    reading = read(root, split="all")
    floor = reading.floor
    first = {reading.groups[at] for at in floor.first}
    second = {lesion.group for lesion in floor.second.lesions}
    assert not first & second and first | second == set(reading.groups)
    shares = [np.bincount(labels) for labels in (reading.labels[floor.first], floor.second.labels)]
    assert (abs(shares[0] - shares[1]) <= 3).all()
    assert "one half" in floor.words
    found = sketch_numbers.numbers(reading)
    assert found["fid_same_size"] > 0 and "fid_same_size_resnet18" in found


def test_eight_pictures_of_one_lesion_are_no_floor(root, tmp_path):
    """Left out of a set of their own they leave nothing behind."""
    data = write_pack(tmp_path / "data")
    rows = [row.split(",") for row in (data / "labels.csv").read_text().split()]
    held = {lesion.group for lesion in LesionPack(data).split("val")}
    rest = [row for row in rows[1:] if row[1] not in held]
    ours = [",".join([*row[:2], "mel"]) for row in rows[1:] if row[1] in held]
    # Of what is not scored only one lesion has a diagnosis, and eight pictures.
    theirs = [
        ",".join([row[0], *(["one", "mel"] if at < 8 else [row[1], "?"])])
        for at, row in enumerate(rest)
    ]
    (data / "labels.csv").write_text("\n".join([",".join(rows[0]), *ours, *theirs]))
    pack = LesionPack(data)
    pack.lesions = [
        replace(one, split="val" if one.group in held else "train") for one in pack.lesions
    ]
    real = sketch_scoring.scorable(pack, "val")
    floor = sketch_scoring.floor_of(pack, "val", real)
    assert "one half" in floor.words


def test_pictures_of_the_floor_that_cannot_be_read_leave_as_many_on_either_side(root, tmp_path):
    data = write_pack(tmp_path / "data")
    for lesion in LesionPack(data).split("train")[:20]:
        (data / lesion.image).write_bytes(b"")
    pack = LesionPack(data)
    real = sketch_scoring.scorable(pack, "val")
    floor = sketch_scoring.floor_of(pack, "val", real)
    assert 8 <= len(floor.first) == len(floor.second) < len(real)
    assert real.labels[floor.first].tolist() == floor.second.labels.tolist()


def test_what_a_picture_gets_does_not_hang_on_the_others(root):
    """The same noise for a name, and so the same picture, in the split as in the whole pack."""
    val, whole = read(root), read(root, split="all")
    at = [lesion.name for lesion in whole.lesions].index(val.lesions[0].name)
    np.testing.assert_allclose(
        val.painted["mobilenetv2"].embeddings[0],
        whole.painted["mobilenetv2"].embeddings[at],
        atol=1e-6,
    )


@pytest.mark.parametrize(
    ("probabilities", "expected"),
    [
        (np.full((5, 4), 0.25), 1),  # a riddle
        (np.tile([1.0, 0, 0, 0], (5, 1)), 1),  # always the same
        (np.eye(4), 4),
        (np.eye(4)[[0, 0, 1, 1]], 2),
    ],
)
def test_the_inception_score_runs_from_one_to_the_number_of_classes(probabilities, expected):
    assert inception_score(probabilities) == pytest.approx(expected)


def test_mean_distance_by_hand():
    """Of black, black and grey 12: pairs 0, 12 and 12."""
    pictures = np.zeros((3, 4, 4, 3), np.uint8)
    pictures[2] = 12
    assert mean_distance(pictures) == pytest.approx(8)
    assert mean_distance(pictures[:2]) == 0


def test_overlap_by_hand():
    """A sketch of 40 by 40 px whose lower half alone is dark, and one that nothing was painted
    into."""

    class Outliner:
        def outline(self, squares):
            return (squares[..., 0] < 100).astype(np.float32)

    masks = np.zeros((2, 128, 128), bool)
    masks[:, 40:80, 40:80] = True
    squares = np.full((2, 128, 128, 3), 200, np.uint8)
    squares[0, 60:80, 40:80] = 0
    np.testing.assert_allclose(overlaps(Outliner(), squares, masks), [0.5, 0])


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"masks": False}, r"holds no lesions with both .*\(no masks at all\)"),
        ({"known": False}, r"holds no lesions with both .*\(no diagnoses at all\)"),
        ({"each": 1}, "holds 7 lesions with both .* needs 8 or more"),
    ],
)
def test_packs_that_cannot_be_scored_get_one_sentence(root, tmp_path, changes, sentence):
    pack = LesionPack(write_pack(tmp_path / "data", **changes))
    with pytest.raises(BadPack, match=sentence):
        sketch_scoring.scorable(pack, "all")


def command(monkeypatch, root, *arguments):
    line = ["evaluate", "sketch", *arguments, "--checkpoints", root / "checkpoints"]
    monkeypatch.setattr(sys, "argv", [str(part) for part in line])
    return evaluate.main()


def test_the_command_writes_a_report_and_predictions(root, tmp_path, monkeypatch, capsys):
    out, predictions = tmp_path / "report.json", tmp_path / "preds.csv"
    wanted = ("cgan", "--data", root / "data", "--split", "val", "--draws", 20)
    assert command(monkeypatch, root, *wanted, "--out", out, "--predictions", predictions) == 0
    report = json.loads(out.read_text())
    assert (report["task"], report["model"]) == ("sketch", "cgan")
    assert {"fid", "kid", "fid_floor", "balanced_accuracy", "mask_iou"} <= set(report["metrics"])
    assert set(report["intervals"]) < set(report["metrics"])
    assert report["n"] == sum(report["diagnoses"].values()) >= 14
    rows = list(csv.DictReader(predictions.open()))
    assert list(rows[0]) == ["image", "label", *CODES] and len(rows) == report["n"]
    # Two of each diagnosis or three: balanced accuracy by hand.
    right = {code: [] for code in CODES}
    for row in rows:
        right[row["label"]].append(max(CODES, key=lambda c, r=row: float(r[c])) == row["label"])
    balanced = np.mean([np.mean(hits) for hits in right.values()])
    assert report["metrics"]["balanced_accuracy"] == pytest.approx(balanced)
    assert report["skipped"] == [] and "compare" not in report
    printed = capsys.readouterr().out
    assert "diversity_nv" in printed and "other lesions in the pack" in printed


def test_a_pack_scored_whole_says_what_to_compare_and_what_it_left_out(
    root, tmp_path, monkeypatch, capsys
):
    data = write_pack(tmp_path / "data", each=3)
    files = sorted((data / "masks").iterdir())
    files[2].unlink()
    sorted((data / "images").iterdir())[4].write_bytes(b"")
    out = tmp_path / "report.json"
    assert command(monkeypatch, root, "cgan", "--data", data, "--draws", 5, "--out", out) == 0
    report = json.loads(out.read_text())
    assert report["compare"].startswith("fid_floor with fid_same_size, not with fid")
    assert f"compare {report['compare']}" in capsys.readouterr().out
    ((name, _),) = report["skipped"]
    assert name == "ISIC_0024310" and report["n"] == 26
    assert report["left_out"]["no mask"] == 1 and sum(report["left_out"].values()) == 1


def test_without_the_networks_that_look_nothing_is_scored(root, tmp_path, monkeypatch, capsys):
    toy_models.publish_sketcher(tmp_path / "checkpoints")
    assert command(monkeypatch, tmp_path, "cgan", "--data", root / "data") == 2
    assert "There is no lesion model named mobilenetv2" in capsys.readouterr().err

"""Small runs from knees to published painters that the app's library opens."""

import csv
import hashlib
import json
import sys

import cv2
import numpy as np
import pytest
import torch

from core.artefacts import Annotation, from_masks
from core.inpaint import fill, middle
from core.models import catalogue, faults, find
from core.networks.context_encoder import ContextEncoder, thin_filler, wide_filler
from core.painters import open_painter
from core.phantoms import implants, knee
from core.samples import png
from tests.bad_files import encoded
from tests.marked_films import write_pack
from trainers import evaluate, inpaint
from trainers.distance import kernel_distance
from trainers.options import parse

METAL = "9000000R.png"  # the one that carries it


def write_knees(root) -> None:
    """Twelve phantom knees of six patients, four of them for validation; one carries metal."""
    for seed in range(12):
        folder = root / ("val" if seed // 2 % 3 == 1 else "train") / str(seed % 5)
        folder.mkdir(parents=True, exist_ok=True)
        film = knee(seed, seed % 5).pixels
        if seed == 1:
            film = implants.implanted(film, 2, "prosthesis").film
        (folder / f"90{seed // 2:05d}{'LR'[seed % 2]}.png").write_bytes(png(film))


def run(*arguments) -> None:
    inpaint.main(parse("inpaint", [str(each) for each in arguments]))


def evaluated(monkeypatch, *arguments) -> int:
    monkeypatch.setattr(sys, "argv", ["evaluate", *map(str, arguments)])
    return evaluate.main()


def options(root, network: str, *more) -> list:
    return [
        *("--data", root / "data", "--checkpoints", root / "checkpoints"),
        *("--network", network, "--run", root / network, "--precision", "32-true", *more),
    ]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folder of whole runs: data/, thin/, wide/, classic/ and checkpoints/."""
    root = tmp_path_factory.mktemp("inpaint")
    write_knees(root / "data")
    brief = ("--epochs", 1, "--steps", 1, "--critics-from", 0)
    run(*options(root, "thin", *brief))
    run(*options(root, "wide", *brief))
    both = ("--from-run", root / "thin", root / "wide", "--epochs", 0, "--publish", "both")
    run(*options(root, "both", *both))
    run(*options(root, "classic", *brief, "--publish", "classic"))
    return root


def test_a_run_records_its_numbers_and_the_distance_column_only_with_a_judge(trained):
    with (trained / "thin" / "metrics.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert {"l1_strokes", "psnr_hardware", "ssim_strokes", "critics", "pleasing"} <= set(row)
    assert "distance" not in row, "no grader is published there"
    assert cv2.imread(str(trained / "thin" / "samples" / "0001.png"), 0).shape[0] == 3 * 224


def test_the_published_painters_open_and_fill(trained):
    root = trained / "checkpoints"
    assert faults(root) == []
    assert {card.name for card in catalogue(root, "inpaint")} == {"both", "classic"}
    film = knee(20, 1).pixels
    mask = middle(film.shape)
    for name in ("both", "classic"):
        filled = fill(film, mask, open_painter(find(root, "inpaint", name))).pixels
        assert np.array_equal(filled[~mask], film[~mask])
        assert not np.array_equal(filled[mask], film[mask])


def test_the_card_tells_kinds_methods_and_n_and_where_it_comes_from(trained):
    card = find(trained / "checkpoints", "inpaint", "both")
    kinds, methods = ("centre", "strokes", "hardware"), ("model", "ns", "telea", "biharmonic")
    wanted = {f"{m}_{k}_{w}" for m in ("l1", "psnr", "ssim") for k in kinds for w in methods}
    assert set(card.metrics) == wanted
    assert all(metric.low <= metric.value <= metric.high for metric in card.metrics.values())
    assert card.validation["n"] == 4 and card.validation["holes"]["centre"] == 4
    assert card.details["weights_started_from"] == "random weights (from scratch)"
    assert "epochs 1" in card.details["training"]["thin"]
    assert "network wide" in card.details["training"]["wide"]
    assert card.details["view"] == "hole and surroundings"
    classic = find(trained / "checkpoints", "inpaint", "classic")
    assert classic.details["view"] == "whole film"
    assert "psnr_centre_model" in classic.metrics and "psnr_strokes_ns" not in classic.metrics


def test_films_with_metal_are_kept_apart(trained):
    card = find(trained / "checkpoints", "inpaint", "both")
    assert card.details["training_data"]["n"] == 7  # of 8, one of which carries a prosthesis


def test_films_that_readers_marked_are_kept_out(trained, tmp_path, caplog):
    spot = cv2.circle(np.zeros((224, 224), np.uint8), (90, 90), 9, 1, -1).astype(bool)
    drawn, nothing = Annotation(from_masks({"marker": spot})), Annotation(nothing=True)
    files = sorted((trained / "data").rglob("*.png"))
    names = ("9000003L.png", "9000002L.png", "9000001R.png", "9000005L.png")
    (one, two, held_out, bare) = (f.read_bytes() for n in names for f in files if f.name == n)
    said = {one: drawn, encoded(cv2.imdecode(np.frombuffer(two, np.uint8), 0), "BMP"): drawn}
    (metal,) = (file.read_bytes() for file in files if file.name == METAL)
    said |= {held_out: drawn, bare: nothing, metal: drawn}
    kept_out = write_pack(tmp_path / "masks.zip", said)
    caplog.set_level("INFO")
    brief = ("--epochs", 1, "--steps", 1, "--keep-out", kept_out, "--run", tmp_path / "thin")
    run(*options(trained, "thin", *brief))
    note = json.loads((tmp_path / "thin" / "training.json").read_text())
    digest = hashlib.sha256(kept_out.read_bytes()).hexdigest()
    assert note["n_train"] == 5 and note["training"]["kept_out"] == (
        f"3 films, marked in the pack {digest}"
    )
    # The run may go on without the pack: then metal is still metal.
    assert METAL in (tmp_path / "thin" / "metal_train.txt").read_text()
    for split, count in (("train", 3), ("val", 1)):
        assert f"{split}: {count} films kept out, marked in {kept_out}" in caplog.text


@pytest.mark.parametrize("with_masks", [False, True])
def test_evaluate_measures_its_own_holes_or_those_of_a_pack(trained, monkeypatch, with_masks):
    root = trained
    masks = root / "masks_pack"
    if with_masks:
        # A mask may be named like its film, and one bad mask spoils no other.
        (masks / "masks").mkdir(parents=True)
        with (masks / "masks.csv").open("w") as file:
            file.write("image,mask,kind,area\n9000001L.png,masks/9000001L.png,rings,20\n")
            file.write("9000001L.png,b.png,rings,0\n9999999L.png,b.png,rings,0\n")
        mask = cv2.circle(np.zeros((224, 224), np.uint8), (100, 90), 12, 255, 3)
        cv2.imwrite(str(masks / "masks" / "9000001L.png"), mask)
        cv2.imwrite(str(masks / "masks" / "b.png"), 0 * mask)
        cv2.imwrite(str(masks / "9000001L.png"), mask // 2 + 60)
    report, table = root / "report.json", root / "fills.csv"
    more = ["--masks", masks] if with_masks else []
    arguments = ["inpaint", "both", "--data", root / "data", "--checkpoints", root / "checkpoints"]
    arguments += ["--split", "val", "--out", report, "--predictions", table, "--draws", 20, *more]
    assert evaluated(monkeypatch, *arguments) == 0
    found = json.loads(report.read_text())
    kinds = ["rings"] if with_masks else ["centre", "strokes", "hardware"]
    assert list(found["holes"]) == kinds
    assert found["unmatched"] == (["9999999L.png"] if with_masks else [])
    assert len(found["skipped"]) == with_masks
    for kind in kinds:
        for method in ("model", "telea", "ns", "biharmonic"):
            assert found["metrics"][f"psnr_{kind}_{method}"] > 5
            low, high = found["intervals"][f"l1_{kind}_{method}"]
            assert low <= found["metrics"][f"l1_{kind}_{method}"] <= high
    assert len(table.read_text().splitlines()) == 1 + 4 * sum(found["holes"].values())


def test_a_masks_pack_without_its_table_is_refused_in_a_sentence(trained, monkeypatch, capsys):
    arguments = ["inpaint", "both", "--data", trained / "data", "--masks", trained / "data"]
    arguments += ["--checkpoints", trained / "checkpoints"]
    assert evaluated(monkeypatch, *arguments) == 2
    assert "masks.csv" in capsys.readouterr().err


@pytest.mark.parametrize("more", [(), ("--from-run", "a", "--epochs", 0)], ids=["none", "one"])
def test_two_fillers_are_joined_only_from_two_runs(trained, more):
    with pytest.raises(inpaint.start.BadStart, match="trained apart"):
        run(*options(trained, "both", *more))


def test_what_was_never_trained_is_not_published(trained):
    more = ("--epochs", 0, "--publish", "none")
    arguments = options(trained, "thin", *more)
    arguments[arguments.index("--run") + 1] = trained / "fresh"
    with pytest.raises(inpaint.start.BadStart, match="is missing"):
        run(*arguments)
    assert not (trained / "checkpoints" / "inpaint" / "none").exists()


def test_thin_holes_are_given_to_one_filler_and_wide_ones_to_the_other():
    network = ContextEncoder(thin_filler(), wide_filler()).eval()
    for filler, level in ((network.thin, 1.0), (network.wide, 2.0)):
        torch.nn.init.constant_(filler.leave.bias, level)
    masks = np.zeros((2, 96, 96), bool)
    cv2.line(thin := np.zeros((96, 96), np.uint8), (8, 8), (88, 80), 1, 9)
    masks[0], masks[1, 30:70, 20:80] = thin.astype(bool), True
    film = torch.rand(2, 1, 96, 96)
    batch = torch.cat([film, torch.from_numpy(masks)[:, None].float()], 1)
    with torch.inference_mode():
        changed = (network(batch) - film)[:, 0].numpy()
    assert np.allclose(changed[~masks], 0)
    assert 1.8 < changed[1][masks[1]].mean() / changed[0][masks[0]].mean() < 2.2


def test_the_kernel_distance_is_about_0_for_sets_of_one_kind_and_grows():
    rng = np.random.default_rng(0)
    one, same = rng.normal(size=(80, 6)), rng.normal(size=(60, 6))
    near, far = (rng.normal(shift, size=(60, 6)) for shift in (0.5, 2))
    assert abs(kernel_distance(one, same)) < 0.1
    assert 0.1 < kernel_distance(one, near) < kernel_distance(one, far)
    dead = np.zeros((80, 1)), np.full((60, 1), 1e-7)
    assert kernel_distance(*(np.hstack(pair) for pair in zip((one, near), dead, strict=True))) == (
        pytest.approx(kernel_distance(one, near))
    )
    with pytest.raises(ValueError, match="two pictures"):
        kernel_distance(one, same[:1])

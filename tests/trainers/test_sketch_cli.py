"""Small runs from lesions to published generators that the app's library opens."""

import csv
import shutil
import zipfile

import cv2
import numpy as np
import pytest
import torch

from core.lesions import CODES
from core.models import catalogue, faults, find
from core.options import BadOption
from core.sketchers import noise, one_hot, open_sketcher
from trainers import sketch
from trainers.options import parse
from trainers.sketch import read_masks
from trainers.start import BadStart

MASK = np.zeros((128, 128), bool)
MASK[30:90, 40:100] = True


def write_lesions(root, masks: bool = True) -> None:
    """Twelve lesions of every diagnosis, each an ellipse of its diagnosis' grey."""
    (root / "images").mkdir(parents=True)
    (root / "masks").mkdir()
    rows = ["image_id,lesion_id,dx"]
    for i in range(12 * len(CODES)):
        code = i % len(CODES)
        name = f"ISIC_{i:07d}"
        mask = np.zeros((60, 80), np.uint8)
        cv2.ellipse(mask, (40, 30), (10 + i % 9, 8 + i % 7), 0, 0, 360, 255, -1)
        picture = np.where(mask > 0, 30 + 20 * code, 220)
        picture = picture + np.random.default_rng(i).normal(0, 12, mask.shape)  # none twice
        picture = np.clip(picture, 0, 255).astype(np.uint8)
        cv2.imwrite(str(root / "images" / f"{name}.jpg"), cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR))
        if masks:
            cv2.imwrite(str(root / "masks" / f"{name}_segmentation.png"), mask)
        rows.append(f"{name},HAM_{i:07d},{CODES[code]}")
    (root / "labels.csv").write_text("\n".join(rows) + "\n")


def run(root, network: str, *more) -> None:
    command = [
        *("--data", root / "data", "--checkpoints", root / "checkpoints"),
        *("--network", network, "--run", root / network, "--precision", "32-true"),
        *("--eyes", root / "eyes.pth", "--steps", 1, *more),
    ]
    sketch.main(parse("sketch", [str(part) for part in command]))


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folder of whole runs: data/, cgan/, seed/ and checkpoints/."""
    root = tmp_path_factory.mktemp("sketch")
    write_lesions(root / "data")
    import timm  # only now: trainers mend torchvision first

    torch.manual_seed(0)
    eyes = timm.create_model("mobilenetv2_100", pad_type="same", bn_eps=1e-3)
    torch.save(eyes.state_dict(), root / "eyes.pth")
    run(root, "cgan", "--epochs", 2, "--critics-from", 1, "--publish", "cgan")
    run(root, "seed", "--epochs", 1, "--critics-from", 0, "--publish", "cgan_seed")
    return root


@pytest.mark.parametrize(("network", "epochs"), [("cgan", 2), ("seed", 1)])
def test_a_run_records_its_numbers_and_samples_after_every_epoch(trained, network, epochs):
    with (trained / network / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == [str(epoch + 1) for epoch in range(epochs)]
    assert {"distance", "diversity", "critics", "pleasing"} <= set(rows[0])
    assert "balanced_accuracy" not in rows[0], "no classifier is published there"
    sheet = cv2.imread(str(trained / network / "samples" / f"{epochs:04d}.png"))
    assert sheet.shape == (8 * 128, 8 * 128, 3)


def test_a_run_goes_on_where_it_stopped(trained, tmp_path):
    for name in ("data", "eyes.pth"):
        (tmp_path / name).symlink_to(trained / name)
    shutil.copytree(trained / "seed", tmp_path / "seed")
    first = torch.load(tmp_path / "seed" / "last.pt", weights_only=True)
    row = (tmp_path / "seed" / "metrics.csv").read_text()
    run(tmp_path, "seed", "--epochs", 2, "--critics-from", 0)
    assert (tmp_path / "seed" / "metrics.csv").read_text().startswith(row)
    second = torch.load(tmp_path / "seed" / "last.pt", weights_only=True)
    steps = [state["optimiser"]["state"][0]["step"].item() for state in (first, second)]
    assert steps == [1, 2]
    weights = [state["network"]["body.0.weight"] for state in (first, second)]
    assert torch.allclose(*weights, atol=1e-3), "a step moves a weight by the rate at most"


def test_a_finished_run_is_published_again_with_the_weights_it_learned(trained, tmp_path):
    for name in ("data", "eyes.pth"):
        (tmp_path / name).symlink_to(trained / name)
    shutil.copytree(trained / "seed", tmp_path / "seed")
    run(tmp_path, "seed", "--epochs", 1, "--critics-from", 0, "--publish", "cgan_seed")
    (one, other) = (find(r / "checkpoints", "sketch", "cgan_seed") for r in (trained, tmp_path))
    assert one.sha256 == other.sha256


def test_no_epochs_publish_nothing(trained, tmp_path):
    for name in ("data", "eyes.pth"):
        (tmp_path / name).symlink_to(trained / name)
    with pytest.raises(BadOption, match="--epochs must be a whole number from 1 "):
        run(tmp_path, "seed", "--epochs", 0, "--publish", "cgan_seed")


def test_the_card_tells_how_it_was_trained(trained):
    training = find(trained / "checkpoints", "sketch", "cgan").details["training"]
    assert training["rate"] == 4e-4
    assert training["batch"] == 16
    assert training["unpaired"] == 0
    assert "ImageNet" in training["how"]


@pytest.mark.parametrize(("name", "kinds"), [("cgan", 2), ("cgan_seed", 1)])
def test_the_published_generators_open_and_draw(trained, name, kinds):
    root = trained / "checkpoints"
    assert faults(root) == []
    assert {card.name for card in catalogue(root, "sketch")} == {"cgan", "cgan_seed"}
    sketcher = open_sketcher(find(root, "sketch", name))
    drawn = sketcher.draw(MASK, np.stack([one_hot("nv")] * 2), noise([1, 2]))
    assert drawn.shape == (2, 128, 128, 3)
    assert len(np.unique(drawn.reshape(2, -1), axis=0)) == kinds, "only one of them knows noise"


def test_lesions_without_masks_cannot_teach(trained, tmp_path):
    write_lesions(tmp_path / "data", masks=False)
    (tmp_path / "eyes.pth").symlink_to(trained / "eyes.pth")
    with pytest.raises(BadStart, match="has a diagnosis and a mask"):
        run(tmp_path, "cgan", "--epochs", 1)


def test_eyes_must_be_weights_of_their_network(trained, tmp_path):
    (tmp_path / "data").symlink_to(trained / "data")
    torch.save({"weight": torch.zeros(1)}, tmp_path / "eyes.pth")
    with pytest.raises(BadStart, match="does not hold a mobilenetv2_100"):
        run(tmp_path, "cgan", "--epochs", 1)


def test_unpaired_masks_are_read_from_folders_and_zips(tmp_path):
    picture = np.zeros((60, 80), np.uint8)
    picture[20:40, 30:50] = 255
    kept, empty = (cv2.imencode(".png", p)[1].tobytes() for p in (picture, 0 * picture))
    folder = tmp_path / "folder"
    folder.mkdir()
    files = {"a.png": kept, "empty.png": empty, "bad.png": b"no", "none.png": b"", "a.txt": kept}
    for name, data in files.items():
        (folder / name).write_bytes(data)
    with zipfile.ZipFile(tmp_path / "some.zip", "w") as archive:
        archive.writestr("deep/b.png", kept)
    masks = read_masks([folder, tmp_path / "some.zip"])
    assert masks.shape == (2, 128, 128)
    assert masks.mean() == pytest.approx((20 / 60) ** 2, rel=0.1)
    assert read_masks([]).shape == (0, 128, 128)


def test_pictures_beside_masks_are_no_sketches(tmp_path):
    bright = cv2.imencode(".png", np.full((60, 80), 200, np.uint8))[1].tobytes()
    outline = np.zeros((60, 80), np.uint8)
    outline[20:40, 30:50] = 255
    (tmp_path / "a.png").write_bytes(bright)
    (tmp_path / "a_segmentation.png").write_bytes(cv2.imencode(".png", outline)[1].tobytes())
    (mask,) = read_masks([tmp_path])
    assert mask.mean() < 0.2

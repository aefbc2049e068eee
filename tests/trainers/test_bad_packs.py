"""T8: a pack that cannot teach is refused in one clear sentence before anything is learned."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from core.archive import BadPack
from core.artefacts import Annotation, from_masks
from core.samples import png
from core.settings import CHECKOUT
from tests.marked_films import write_pack
from trainers import artefact, fracture, inpaint, lesion, moblg, segment, severity, sketch
from trainers.options import parse
from trainers.weights import BadStart

MAINS = {
    each.__name__.removeprefix("trainers."): each.main
    for each in (artefact, fracture, inpaint, lesion, moblg, segment, severity, sketch)
}
NEEDED = {
    "moblg": ["--frozen", "mobilenetv2_frozen", "--checkpoints", str(CHECKOUT / "checkpoints")],
    "inpaint": ["--network", "thin"],
    "sketch": ["--network", "seed"],
    "fracture": ["--backbone", "simple_cnn"],
    "severity": ["--backbone", "plain_cnn"],
    "lesion": ["--backbone", "mobilenetv2_035"],
}
FILMS = ("fracture", "moblg", "severity", "inpaint")
LESIONS = ("lesion", "segment", "sketch")


def picture(seed: int) -> bytes:
    grey = np.random.default_rng(seed).integers(0, 256, (64, 64)).astype(np.uint8)
    return png(cv2.GaussianBlur(grey, (0, 0), 2))


def write(root: Path, *names: str) -> None:
    """A picture in each of these files; in a table or a text whatever stands behind its `=`."""
    for seed, name in enumerate(names):
        name, _, text = name.partition("=")
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(text.encode() if text else picture(seed))


def lesions(count: int, table: str, masks: bool = False) -> list[str]:
    """A pack of `count` lesions; `table` is the diagnosis of all, or "" for no table."""
    names = [f"images/ISIC_{at:07d}.png" for at in range(count)]
    if masks:
        names += [f"masks/ISIC_{at:07d}_segmentation.png" for at in range(count)]
    rows = "".join(f"\nISIC_{at:07d},{at},{table}" for at in range(count))
    return names + ([f"labels.csv=image_id,lesion_id,dx{rows}"] if table else [])


EMPTY = {name: ((), r"holds no|is no pack of lesions") for name in MAINS}
TEXT = {name: (("notes.txt=none",), reason) for name, (_, reason) in EMPTY.items()}
ONE = {
    "fracture": (("fractured/a.png",), "train split of .* holds one class only"),
    "severity": (("train/3/a.png",), "train split of .* holds one class only"),
    "inpaint": (("train/3/a.png",), "has no readable picture in its val split"),
    **{name: (lesions(1, "nv", True), "no readable picture in its train") for name in LESIONS},
}
CLASS = {
    "fracture": (
        [f"{split}/fractured/{split}{at}.png" for split in ("train", "val") for at in "ab"],
        "train split of .* holds one class only",
    ),
    "moblg": (
        ["train/fractured/a.png", "train/normal/b.png", "val/normal/c.png"],
        "val split of .* holds one class only",
    ),
    "severity": (["train/3/9000001L.png", "val/3/9000002L.png"], "holds one class only"),
    "lesion": (lesions(20, "nv"), "holds one class only"),
}
LABELS = {
    **{name: (("a.png", "more/b.png"), "holds no known layout") for name in FILMS},
    **{name: (lesions(20, ""), "neither a table of diagnoses .* nor masks") for name in LESIONS},
}
CASES = {
    f"{kind}, {name}": (name, *case)
    for kind, cases in {
        "empty": EMPTY,
        "no images": TEXT,
        "one image": ONE,
        "one class": CLASS,
        "no labels": LABELS,
        "no label in the table": {
            "lesion": (lesions(20, "?"), "No picture in the train .* labelled")
        },
        "masks alone": {"lesion": (lesions(20, "", True), "No picture in the train .* labelled")},
        "no masks": {
            "segment": (lesions(20, "nv"), "holds no mask"),
            "sketch": (lesions(20, "nv"), "has a diagnosis and a mask"),
        },
    }.items()
    for name, case in cases.items()
}


@pytest.mark.parametrize(("name", "files", "sentence"), CASES.values(), ids=CASES)
def test_t8_a_pack_that_cannot_teach_is_refused(tmp_path, name, files, sentence):
    (tmp_path / "data").mkdir()
    write(tmp_path / "data", *files)
    words = ["--data", tmp_path / "data", "--run", tmp_path / "run", *NEEDED.get(name, [])]
    with pytest.raises((BadPack, BadStart), match=sentence) as refused:
        MAINS[name](parse(name, list(map(str, words))))
    said = str(refused.value)
    assert said.endswith(".") and "\n" not in said
    assert not list(tmp_path.rglob("*.pt"))


def test_t8_one_marked_film_cannot_teach_to_find_marks(tmp_path):
    disc = cv2.circle(np.zeros((64, 64), np.uint8), (30, 30), 9, 1, -1).astype(bool)
    write_pack(tmp_path / "pack.zip", {picture(0): Annotation(from_masks({"screw": disc}))})
    words = ["--data", str(tmp_path / "pack.zip"), "--run", str(tmp_path / "run")]
    with pytest.raises(BadPack, match=r"holds 1 films with masks of .* two are needed"):
        artefact.main(parse("artefact", words))


@pytest.mark.parametrize("name", MAINS)
def test_data_that_is_not_there_is_refused(tmp_path, name):
    words = ["--data", str(tmp_path / "none"), "--run", str(tmp_path / "run")]
    with pytest.raises(BadPack, match="neither a folder nor a zip"):
        MAINS[name](parse(name, [*words, *NEEDED.get(name, [])]))

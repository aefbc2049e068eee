"""The audit finds what stands twice, what cannot be read, and what makes a score worthless."""

import argparse
import contextlib
import hashlib
import json
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.artefacts import Annotation, from_masks
from core.audit.duplicates import NEAR_BITS, NEAR_CORRELATION, difference_hash
from core.film_packs import BadPack, Pack
from core.lesions import CODES
from core.phantoms import long_bone
from core.samples import png
from tests.bad_files import encoded
from tests.marked_films import write_pack
from trainers.audit import audit, films, lesions, masked, require_sound
from trainers.lesions import LesionPack
from trainers.mask_pack import MaskPack


@cache
def film(seed: int) -> np.ndarray:
    """A small film, different from that of any other seed."""
    grey = long_bone(seed, fractured=False).pixels
    return cv2.resize(grey, (96, 96), interpolation=cv2.INTER_AREA)


def write(root: Path, name: str, grey: np.ndarray | bytes) -> None:
    data = grey if isinstance(grey, bytes) else cv2.imencode(".png", grey)[1].tobytes()
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_bytes(data)


@pytest.fixture
def clean(tmp_path) -> Path:
    """Four films in each split, none alike."""
    names = [f"{s}/{c}" for s in ("train", "val") for c in ("fractured", "normal")]
    for seed in range(8):
        write(tmp_path, f"{names[seed % 4]}/film{seed}.png", film(seed))
    return tmp_path


def lighter(grey: np.ndarray) -> np.ndarray:
    return np.clip(grey * 0.9 + 12, 0, 255).astype(np.uint8)


def test_a_clean_pack_passes(clean):
    report = audit(films(Pack(clean)))
    assert report.blocks is None
    assert report.films == 8
    assert report.counts == {s: {"0": 2, "1": 2} for s in ("train", "val")}
    for found in (report.unreadable, report.identical, report.near, report.crossing):
        assert found == []
    assert report.conflicts == [] and report.split_groups == []
    assert "8 pictures" in report.summary()


# Each film added to the clean pack is a variant of film0, which is train/fractured.
COPIES = {
    "same split": ("train/fractured/copy.png", film, "identical", False, False),
    "other label": ("train/normal/copy.png", film, "identical", False, True),
    "other split": ("val/fractured/copy.png", film, "identical", True, False),
    "other split and label": ("val/normal/copy.png", film, "identical", True, True),
    "lighter": ("train/fractured/copy.png", lambda s: lighter(film(s)), "near", False, False),
    "lighter, other split": ("val/normal/copy.png", lambda s: lighter(film(s)), "near", True, True),
    "smaller, other split": (
        "val/fractured/copy.png",
        lambda s: cv2.resize(film(s), (80, 80), interpolation=cv2.INTER_AREA),
        "near",
        True,
        False,
    ),
}


@pytest.mark.parametrize(
    ("name", "variant", "kind", "crosses", "conflicts"), COPIES.values(), ids=COPIES
)
def test_copies_are_found(clean, name, variant, kind, crosses, conflicts):
    write(clean, name, variant(0))
    report = audit(films(Pack(clean)))
    pairs = {"identical": report.identical, "near": report.near}
    assert [set(pair) for pair in pairs.pop(kind)] == [{"film0.png", "copy.png"}]
    assert pairs.popitem()[1] == []
    assert len(report.crossing) == crosses
    assert len(report.conflicts) == conflicts
    assert (report.blocks is not None) == crosses
    if crosses:
        assert "1 pairs" in report.blocks and "--allow-leak" in report.blocks
    assert "copy.png" in report.summary()


def burnt_out(seed: int) -> bytes:
    """An overexposed knee: the coarse shape is every knee's, only fine detail is its own."""
    height, width = np.indices((96, 96)) / 96
    shape = 250 - 120 * np.abs(width - 0.5) ** 1.5 - 60 * height + 8 * np.sin(9 * height * width)
    grain = cv2.GaussianBlur(
        np.random.default_rng(seed).normal(0, 3, (96, 96)).astype(np.float32), (0, 0), 0.8
    )
    return cv2.imencode(".png", np.clip(shape + grain, 0, 255).astype(np.uint8))[1].tobytes()


def test_two_films_alike_in_all_but_detail_are_not_one(clean):
    write(clean, "train/normal/knee.png", burnt_out(1))
    write(clean, "val/normal/other.png", burnt_out(2))
    assert audit(films(Pack(clean))).near == []
    thumbs = [cv2.imdecode(np.frombuffer(burnt_out(s), np.uint8), 0) for s in (1, 2)]
    assert (
        np.bitwise_count(difference_hash(thumbs[0]) ^ difference_hash(thumbs[1])).sum() <= NEAR_BITS
    )
    coarse = [cv2.resize(t, (32, 32), interpolation=cv2.INTER_AREA).ravel() for t in thumbs]
    assert np.corrcoef(*coarse)[0, 1] > NEAR_CORRELATION


def test_a_group_on_both_sides_blocks_though_its_films_differ(clean):
    write(clean, "train/normal/5.png", film(20))
    write(clean, "val/normal/5-rotated1.png", film(21))
    report = audit(films(Pack(clean)))
    assert report.split_groups == ["0/5"] and report.crossing == []
    assert "1 groups" in report.blocks


@pytest.mark.parametrize("data", [b"", b"no film", b"\x89PNG\r\n\x1a\n cut"])
def test_a_film_that_cannot_be_read_is_listed_with_its_reason(clean, data):
    write(clean, "train/fractured/bad.png", data)
    report = audit(films(Pack(clean)))
    ((name, reason),) = report.unreadable
    assert name == "bad.png" and reason.endswith(".")
    assert report.films == 8 and report.blocks is None
    assert "bad.png" in report.summary()


def manifest(root: Path, rows: list[tuple[str, int, str]]) -> Pack:
    lines = ["image_id,fractured,split,group"]
    for seed, (name, label, split) in enumerate(rows):
        write(root, f"images/{name}", film(seed))
        lines.append(f"{name},{label},{split},{name}")
    (root / "manifest.csv").write_text("\n".join(lines))
    return Pack(root)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([], "no readable picture in its train split"),
        ([("a.png", 1, "train"), ("b.png", 0, "train")], "no readable picture in its val split"),
        ([("a.png", 1, "val"), ("b.png", 0, "val")], "no readable picture in its train split"),
        (
            [("a.png", 1, "train"), ("b.png", 1, "train"), ("c.png", 0, "val")],
            "train split of .* holds one class only",
        ),
        (
            [("a.png", 1, "train"), ("b.png", 0, "train"), ("c.png", 0, "val")],
            "val split of .* holds one class only",
        ),
    ],
    ids=["empty", "no val", "no train", "one class in train", "one class in val"],
)
def test_a_pack_that_teaches_nothing_is_refused(tmp_path, rows, reason):
    with pytest.raises(BadPack, match=reason):
        audit(films(manifest(tmp_path, rows)))


def test_report_is_written_whole(clean, tmp_path):
    write(clean, "val/normal/copy.png", film(0))
    report = audit(films(Pack(clean)))
    report.write(tmp_path / "run" / "audit.json")
    content = json.loads((tmp_path / "run" / "audit.json").read_text())
    assert content["crossing"] == [list(pair) for pair in report.crossing] != []
    assert content["films"] == 9
    kinds = ("unreadable", "identical", "near", "crossing", "conflicts", "split_groups")
    assert content["lengths"] == {kind: len(content[kind]) for kind in kinds}


@pytest.mark.parametrize("allowed", [False, True])
def test_a_leak_is_written_down_and_refused_unless_allowed(clean, tmp_path, allowed, capsys):
    write(clean, "val/normal/copy.png", film(0))
    asked = argparse.Namespace(run=tmp_path / "run", allow_leak=allowed)
    refused = contextlib.nullcontext() if allowed else pytest.raises(BadPack, match="leaks")
    with refused:
        require_sound(films(Pack(clean)), asked)
    assert json.loads((tmp_path / "run" / "audit.json").read_text())["lengths"]["crossing"] == 1
    assert "pairs across splits: 1" in capsys.readouterr().out


def test_one_grade_is_enough_where_grades_are_not_learned(tmp_path):
    for seed, split in enumerate(("train", "val")):
        write(tmp_path, f"{split}/2/900000{seed}L.png", film(seed))
    assert audit(films(Pack(tmp_path), classes=1)).blocks is None
    with pytest.raises(BadPack, match="one class only"):
        audit(films(Pack(tmp_path)))


def lesion_pack(root: Path, seeds: list[int]) -> LesionPack:
    """Lesions 0, 1, ... that look as their seeds say, naevi and melanomas in turn."""
    rows = ["image_id,lesion_id,dx"]
    for at, seed in enumerate(seeds):
        write(root, f"images/ISIC_{at:07d}.png", film(seed) if seed >= 0 else b"none")
        rows.append(f"ISIC_{at:07d},HAM_{at // 2:07d},{('nv', 'mel')[at // 2 % 2]}")
    (root / "labels.csv").write_text("\n".join(rows))
    return LesionPack(root)


def test_a_sound_pack_of_lesions_passes(tmp_path):
    report = audit(lesions(lesion_pack(tmp_path, list(range(16))), classes=2))
    assert report.blocks is None and report.films == 16
    assert {split: set(count) for split, count in report.counts.items()} == {
        split: {"nv", "mel"} for split in ("train", "val")
    }


@pytest.mark.parametrize("variant", [film, lambda seed: lighter(film(seed))], ids=["same", "light"])
def test_a_lesion_in_both_splits_blocks_though_it_has_two_names(tmp_path, variant):
    pack = lesion_pack(tmp_path, list(range(16)))
    held_out = next(x for x in pack.split("val") if x.label == CODES.index("nv"))
    other = next(x for x in pack.split("train") if x.label == CODES.index("mel"))
    write(tmp_path, other.image, variant(int(held_out.name[-7:])))
    report = audit(lesions(LesionPack(tmp_path)))
    assert [set(pair) for pair in report.crossing] == [{held_out.name, other.name}]
    assert len(report.conflicts) == 1 and report.split_groups == []
    assert "The split leaks" in report.blocks


def test_twins_of_one_lesion_in_one_split_are_listed_and_do_not_block(tmp_path):
    """As in HAM10000."""
    seeds = [at // 2 for at in range(16)]
    report = audit(lesions(lesion_pack(tmp_path, seeds), classes=2))
    assert len(report.identical) == 8
    assert report.blocks is None and report.conflicts == []


def test_a_lesion_that_cannot_be_read_is_listed(tmp_path):
    report = audit(lesions(lesion_pack(tmp_path, [*range(15), -1])))
    assert report.unreadable == [("ISIC_0000015", "ISIC_0000015 cannot be read.")]
    assert report.films == 15


def test_a_marked_film_in_both_splits_blocks(tmp_path):
    spot = cv2.circle(np.zeros((96, 96), np.uint8), (40, 40), 9, 1, -1).astype(bool)
    marked, nothing = Annotation(from_masks({"screw": spot})), Annotation(nothing=True)
    said = {png(film(seed)): marked for seed in range(6)} | {png(film(9)): nothing}
    pack = MaskPack(write_pack(tmp_path / "pack.zip", said))
    assert audit(masked(pack, ["screw"])).blocks is None
    # The film whose hash is lowest is held out: of it and its copy one is, whichever.
    seed = min(range(6), key=lambda seed: hashlib.sha256(png(film(seed))).hexdigest())
    said[encoded(film(seed), "BMP")] = marked
    report = audit(masked(MaskPack(write_pack(tmp_path / "more.zip", said)), ["screw"]))
    assert len(report.crossing) == 1 and "1 pairs" in report.blocks
    assert report.counts["train"]["marked"] + report.counts["val"]["marked"] == 7


def test_hash_ignores_exposure_and_sees_another_film():
    def distance(one, other):
        return np.bitwise_count(difference_hash(one) ^ difference_hash(other)).sum()

    assert difference_hash(film(0)).shape == (32,)
    assert distance(film(0), lighter(film(0))) <= 12
    assert min(distance(film(0), film(seed)) for seed in range(1, 8)) > 30

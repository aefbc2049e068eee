"""What training may use: found under one root, or brought and kept."""

import io
import json
import os
import zipfile

import pytest

from core import training_files
from core.training_files import BadFile, check_weights, check_zip, keep, packs, under, weights


def zipped(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "data"
    for name in (
        "fracture.zip",
        "notes.txt",
        ".hidden.zip",
        "FracAtlas/dataset.csv",
        "FracAtlas/images/Fractured/a.jpg",
        "knee/train/0/a.png",
        "shelf/lesion.zip",
        "shelf/HAM10000/metadata.csv",
        "deep/er/est/pack.zip",
        "weights/net.safetensors",
        "weights/net.pt",
        "top.pth",
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")
    (root / "empty").mkdir()
    return root


def test_packs_are_zips_and_folders_at_most_two_levels_deep(root):
    assert packs(root) == [
        "FracAtlas",
        "deep",
        "fracture.zip",
        "knee",
        "shelf/HAM10000",
        "shelf/lesion.zip",
        "weights",
    ]
    assert weights(root) == ["top.pth", "weights/net.pt", "weights/net.safetensors"]


def test_where_nothing_is_nothing_is_found(tmp_path):
    assert packs(tmp_path / "nowhere") == weights(tmp_path / "nowhere") == []


def test_u9_links_that_lead_out_are_passed_over(root, tmp_path):
    (tmp_path / "secret.zip").write_bytes(b"x")
    os.symlink(tmp_path / "secret.zip", root / "link.zip")
    os.symlink(root / "ring.zip", root / "ring.zip")
    os.symlink(root / "fracture.zip", root / "same.zip")
    assert "link.zip" not in packs(root) and "ring.zip" not in packs(root)
    assert "same.zip" in packs(root)


@pytest.mark.parametrize(
    "name", ["../secret.zip", "/etc/passwd", "link.zip", "ring", "gone.zip", "a\0b", "x" * 5000]
)
def test_u9_no_name_leads_out_of_the_root(root, tmp_path, name):
    (tmp_path / "secret.zip").write_bytes(b"x")
    os.symlink(tmp_path / "secret.zip", root / "link.zip")
    os.symlink(root / "ring", root / "ring")
    assert under(root, "fracture.zip") == (root / "fracture.zip").resolve()
    with pytest.raises(BadFile, match="choose again"):
        under(root, name)


def test_u1_a_file_that_is_brought_is_named_after_its_bytes(tmp_path):
    path = keep(tmp_path, b"one", ".zip")
    assert path.parent == tmp_path / "uploads" and path.read_bytes() == b"one"
    assert keep(tmp_path, b"one", ".zip") == path != keep(tmp_path, b"other", ".zip")
    assert len(list(path.parent.iterdir())) == 2


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "uploads").write_text("a file where the folder should be")
    with pytest.raises(BadFile, match="could not be kept"):
        keep(tmp_path, b"one", ".zip")


def test_an_honest_zip_passes():
    check_zip(zipped(**{"train/0/a.png": b"a", "manifest.csv": b"b"}))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "damaged"),
        (b"PK\3\4" * 9, "damaged"),
        (zipped(a=b"a" * 99)[:60], "damaged"),
        (zipped(), "no file"),
        (zipped(a=b"\0" * 101), "as no film is"),
        (zipped(a=b"1", b=b"2", c=b"3", d=b"4"), "more than 3 files"),
        (zipped(a=b"\0" * 90, b=b"\0" * 90, c=b"\0" * 90), "or 0 GB"),
    ],
    # A zip holds the time it was made at, and a test's name must not.
    ids=["empty", "no zip", "torn", "nothing in it", "a bomb", "too many", "too large together"],
)
def test_u8_a_zip_is_refused_in_a_sentence(monkeypatch, data, said):
    monkeypatch.setattr(training_files, "MOST_MEMBER_BYTES", 100)
    monkeypatch.setattr(training_files, "MOST_MEMBERS", 3)
    monkeypatch.setattr(training_files, "MOST_UNPACKED", 200)
    with pytest.raises(BadFile, match=said):
        check_zip(data)


def test_u8_an_encrypted_zip_is_refused():
    data = bytearray(zipped(a=b"a"))
    data[6] |= 1  # the flag stands in the member's head and in the zip's directory
    data[data.index(b"PK\1\2") + 8] |= 1
    with pytest.raises(BadFile, match="password"):
        check_zip(bytes(data))


def safetensors(head: object, body: bytes = b"") -> bytes:
    text = json.dumps(head).encode()
    return len(text).to_bytes(8, "little") + text + body


WHOLE = {"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}, "__metadata__": {"a": "b"}}


def test_a_whole_safetensors_file_passes():
    check_weights(safetensors(WHOLE, b"1234"))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no whole"),
        (b"PK\3\4 a .pt file that was called otherwise", "longer than"),
        ((2**60).to_bytes(8, "little") + b"{}", "longer than"),
        (safetensors(WHOLE, b"123"), "no whole"),
        (safetensors(WHOLE, b"12345"), "no whole"),
        (safetensors({}), "no whole"),
        (safetensors([1, 2]), "no whole"),
        (safetensors({"w": {"data_offsets": ["0", "4"]}}), "no whole"),
        (safetensors({"w": 4}), "no whole"),
        (safetensors(WHOLE)[:20], "no whole"),
    ],
)
def test_k2_k7_what_is_no_safetensors_file_is_refused(data, said):
    with pytest.raises(BadFile, match=said):
        check_weights(data)

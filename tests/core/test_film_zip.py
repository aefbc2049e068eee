"""Films come out of a zip as they went in; a zip that is not safe is refused as a whole."""

import io
import stat
import struct
import tracemalloc
import zipfile
import zlib

import numpy as np
import pytest

from core import film_zip
from core.film_zip import MAX_MEMBERS, BadZip, unpack

FILM = bytes(range(256)) * 4  # nothing that shrinks much


def packed(*files: tuple[str | zipfile.ZipInfo, bytes], way: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of (name, bytes)."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in files:
            archive.writestr(name, data, None if isinstance(name, zipfile.ZipInfo) else way)
    return file.getvalue()


def entry(name: str, kind: int) -> zipfile.ZipInfo:
    """A member that claims to be of this kind, as Unix writes it."""
    info = zipfile.ZipInfo(name)
    info.external_attr = (kind | 0o644) << 16
    return info


def changed(data: bytes, at: int, value: bytes) -> bytes:
    """The zip with bytes of its last entry, counted from the entry's start, changed."""
    at += data.rindex(b"PK\x01\x02")
    return data[:at] + value + data[at + len(value) :]


def lying(unpacked: bytes, claimed: int) -> bytes:
    """A zip whose member is far longer than it says, and whose sum is that of the claimed part."""
    data = packed(("a.png", unpacked))
    data = changed(data, 16, struct.pack("<I", zlib.crc32(unpacked[:claimed])))
    return changed(data, 24, struct.pack("<I", claimed))


GOOD = {
    "films": ([("a.png", FILM), ("b.dcm", FILM[::-1])], ["a.png", "b.dcm"]),
    "in folders": ([("knees/", b""), ("knees/left/a.png", FILM)], ["knees/left/a.png"]),
    "of one name": ([("1/a.png", FILM), ("2/a.png", FILM)], ["1/a.png", "2/a.png"]),
    "dots in a name": ([("a..b.png", FILM), ("...png", FILM)], ["a..b.png", "...png"]),
    "not English": ([("Knie größer 膝.png", FILM)], ["Knie größer 膝.png"]),
    "a regular file": ([(entry("a.png", stat.S_IFREG), FILM)], ["a.png"]),
    "a system's own": (
        [("__MACOSX/._a.png", FILM), ("x/.DS_Store", FILM), ("Thumbs.db", FILM), ("a.png", FILM)],
        ["a.png"],
    ),
    "as many as may be": (
        [(f"{number}.png", b"film") for number in range(MAX_MEMBERS)],
        [f"{number}.png" for number in range(MAX_MEMBERS)],
    ),
    "an empty file": ([("a.png", b"")], ["a.png"]),
}


@pytest.mark.parametrize(
    "way", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED], ids=["stored", "packed"]
)
@pytest.mark.parametrize(("files", "names"), GOOD.values(), ids=GOOD)
def test_films_come_out_as_they_went_in(files, names, way):
    found = unpack(packed(*files, way=way), "films.zip")
    assert [name for name, _ in found] == names
    kept = {getattr(name, "filename", name): data for name, data in files}
    assert all(data == kept[name] for name, data in found)


SAFE = packed(("a.png", FILM))
BAD = {
    "nothing": (b"", "damaged or no zip"),
    "no zip": (b"Fracture of the radius.\n" * 9, "damaged or no zip"),
    "cut short": (SAFE[:-9], "damaged or no zip"),
    "half of it": (packed(("a.png", FILM), ("b.png", FILM))[400:], "damaged or no zip"),
    "a changed film": (changed(SAFE, 16, b"\1\2\3\4"), "damaged or no zip"),
    "holds nothing": (packed(), "holds no file"),
    "folders alone": (packed(("knees/", b""), ("__MACOSX/._a.png", FILM)), "holds no file"),
    "up and out": (packed(("../a.png", FILM)), "outside its folder"),
    "up inside": (packed(("knees/../../a.png", FILM)), "outside its folder"),
    "up as Windows does": (packed((r"knees\..\..\a.png", FILM)), "outside its folder"),
    "up to a folder": (packed(("..", b""), ("a.png", FILM)), "outside its folder"),
    "absolute": (packed(("/etc/a.png", FILM)), "outside its folder"),
    "absolute on Windows": (packed((r"C:\a.png", FILM)), "outside its folder"),
    "a share": (packed((r"\\server\a.png", FILM)), "outside its folder"),
    "up among a system's own": (packed(("__MACOSX/../../a", FILM), ("b.png", FILM)), "outside"),
    "a link": (packed((entry("a.png", stat.S_IFLNK), b"/etc/passwd")), "a link instead"),
    "a device": (packed((entry("a.png", stat.S_IFCHR), b"")), "a link instead"),
    "encrypted": (changed(SAFE, 8, b"\1\0"), "protected by a password"),
    "strongly encrypted": (changed(SAFE, 8, b"\x41\0"), "protected by a password"),
    "bzip2": (packed(("a.png", FILM), way=zipfile.ZIP_BZIP2), "in an unusual way"),
    "LZMA": (packed(("a.png", FILM), way=zipfile.ZIP_LZMA), "in an unusual way"),
    "too many": (packed(*((f"{n}.png", FILM) for n in range(MAX_MEMBERS + 1))), "more than 500"),
    "10,000 members": (packed(*((f"{n}", b"") for n in range(10_000))), "more than 500"),
    "a bomb": (packed(("a.png", bytes(2**20))), "grows more than 100 times"),
    "a bomb beside a film": (packed(("a.png", FILM), ("b", bytes(2**20))), "grows more than 100"),
}


@pytest.mark.parametrize(("data", "words"), BAD.values(), ids=BAD)
def test_u8_a_zip_that_is_not_safe_is_refused_as_a_whole(data, words):
    with pytest.raises(BadZip, match=words) as caught:
        unpack(data, "../my<films>.zip")
    assert caught.value.reason.count(". ") == 0 and caught.value.reason.endswith(".")
    assert "<" not in caught.value.reason and "../" not in caught.value.reason


def test_u8_no_more_is_unpacked_than_may_be(monkeypatch):
    monkeypatch.setattr(film_zip, "MAX_UNPACKED", 2 * len(FILM))
    two, three = ([(f"{number}.png", FILM) for number in range(count)] for count in (2, 3))
    assert len(unpack(packed(*two), "films.zip")) == 2
    with pytest.raises(BadZip, match="holds more than"):
        unpack(packed(*three), "films.zip")


def test_u8_a_member_is_unpacked_no_further_than_it_says():
    data = lying(bytes(50 * 2**20), 4000)
    tracemalloc.start()
    try:
        assert unpack(data, "films.zip") == [("a.png", bytes(4000))]
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def test_u8_damaged_zips_are_refused_in_a_sentence_or_hold_what_was_packed():
    whole, rng = packed(*((f"{n}.png", FILM[n:]) for n in range(3))), np.random.default_rng(8)
    refused = 0
    for _ in range(400):
        data = bytearray(whole)
        for at in rng.integers(0, len(data), 3):
            data[at] = rng.integers(256)
        try:
            found = unpack(bytes(data), "films.zip")
        except BadZip:
            refused += 1
        else:
            assert all(film in (FILM, FILM[1:], FILM[2:]) for _, film in found)
    assert 0 < refused < 400


def test_u8_what_is_not_wanted_is_passed_over_unread_and_uncounted(monkeypatch):
    monkeypatch.setattr(film_zip, "MAX_UNPACKED", len(FILM))
    data = packed(("films/a.png", FILM), ("films/bomb", bytes(10**6)), ("a.json", FILM))
    assert unpack(data, "x.zip", 1, unread="films/") == [("a.json", FILM)]
    with pytest.raises(BadZip):
        unpack(data, "x.zip", 1)

"""What is packed is the same whenever it is packed, is no bomb, and fits into memory."""

import io
import zipfile
from datetime import datetime

import numpy as np
import pytest

from core.exchange import parcel
from core.exchange.parcel import Parcel
from core.film_zip import unpack

NOON = datetime(2024, 5, 6, 12)
NOISE = np.random.default_rng(0).integers(0, 256, 3 * 2**20, np.uint8).tobytes()


def ways(**files: bytes) -> dict[str, int]:
    """How each file lies in the zip, by its name."""
    packed = Parcel(NOON)
    for name, data in files.items():
        packed.add(name, data)
    whole = packed.close()
    assert dict(unpack(whole, "x.zip")) == files  # refuses bombs
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        return {told.filename: told.compress_type for told in archive.infolist()}


@pytest.mark.parametrize(
    ("name", "data", "way"),
    [
        pytest.param("a.png", b"ab" * 900, zipfile.ZIP_STORED, id="packed already"),
        pytest.param("a.csv", b"1, 2, 3\n" * 9 + NOISE[:99], zipfile.ZIP_DEFLATED, id="text"),
        pytest.param("a.csv", bytes(10**6), zipfile.ZIP_STORED, id="empty"),
        pytest.param("a.dcm", bytes(4 * 2**20), zipfile.ZIP_STORED, id="empty film"),
        pytest.param("a.dcm", NOISE[:9000] + bytes(9 * 2**20), zipfile.ZIP_STORED, id="nearly"),
        pytest.param("a.dcm", bytes(2**20) + NOISE, zipfile.ZIP_DEFLATED, id="dark above"),
        pytest.param("a.dcm", NOISE + bytes(2**20), zipfile.ZIP_DEFLATED, id="dark below"),
    ],
)
def test_u8_nothing_is_packed_so_that_it_would_be_taken_for_a_bomb(name, data, way):
    assert ways(**{name: data}) == {name: way}


def test_u8_a_zip_larger_than_memory_should_hold_is_refused_on_the_way(monkeypatch):
    monkeypatch.setattr(parcel, "MAX_PARCEL", 2**20)
    packed = Parcel(NOON)
    packed.add("a.png", NOISE[: 2**19])
    with pytest.raises(ValueError, match="more than 1 MB: leave out the films, or some formats"):
        packed.add("b.png", NOISE[: 2**20])

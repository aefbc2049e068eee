"""Mutated files: a picture within the limits or BadImage, never anything else, and never long."""

import os
import random
import struct

import numpy as np
import pytest

from core.images import BadImage, decode
from tests import bad_files
from tests.dicom_files import compressed, dicom

MUTATIONS = 200  # of each file, which makes 1,040
APART = 40  # of the file that a process of its own decodes
CPU_SECONDS = 2.0


# What pydicom remarks on a broken file is of no interest here.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom")


def seeds() -> dict[str, bytes]:
    """Return six small valid files."""
    deep, film = bad_files.film(top=4095), bad_files.film()
    exif = bad_files.exif(orientation=6)
    window = {"BitsStored": 12, "WindowCenter": 2000, "WindowWidth": 1000, "RescaleSlope": 2}
    return {
        "png": bad_files.encoded(np.dstack([film, film[::-1], film[:, ::-1]]), "PNG", exif=exif),
        "jpeg": bad_files.encoded(film, "JPEG", progressive=True, exif=exif),
        "tiff": bad_files.encoded(deep, "TIFF", compression="tiff_lzw"),
        "bmp": bad_files.encoded(film, "BMP", mode="P"),
        "dicom": dicom(deep, **window),
        "dicom-apart": compressed(dicom(deep, **window), "JPEGLSLossless"),
    }


def mutate(data: bytes, chance: random.Random) -> bytes:
    """Return the file after one to three random injuries, half of the time with checksums true."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 3)):
        chance.choice((flip_bits, truncate, splice, edit_length))(changed, chance)
    return bad_files.resealed(bytes(changed)) if chance.random() < 0.5 else bytes(changed)


def flip_bits(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.randint(1, 8)):
        if data:
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def truncate(data: bytearray, chance: random.Random) -> None:
    del data[chance.randint(0, len(data)) :]


def splice(data: bytearray, chance: random.Random) -> None:
    start, end = sorted(chance.randint(0, len(data)) for _ in range(2))
    at = chance.randint(0, len(data))
    data[at : at + chance.choice((0, end - start))] = data[start : min(end, start + 200)]


def edit_length(data: bytearray, chance: random.Random) -> None:
    """Overwrite two or four bytes, early in the file as a rule, with a number that matters."""
    layout = chance.choice(("<H", ">H", "<I", ">I"))
    largest = 256 ** struct.calcsize(layout) - 1
    number = chance.choice((0, 1, 15, 16, 255, 4096, 8192, 65535, largest // 2, largest))
    at = int(chance.random() ** 2 * max(len(data) - 4, 0))
    data[at : at + struct.calcsize(layout)] = struct.pack(layout, min(number, largest))


def cpu_seconds() -> float:
    """Return the time that this process and its finished children have computed."""
    return sum(os.times()[:4])


@pytest.mark.parametrize("name", seeds())
def test_mutated_file_is_an_image_within_limits_or_refused(name):
    data, chance = seeds()[name], random.Random(f"lightbox {name}")
    decode(data, name)  # the file itself is valid
    slowest, outcomes = 0.0, {True: 0, False: 0}
    for number in range(APART if name == "dicom-apart" else MUTATIONS):
        mutated = mutate(data, chance)
        started = cpu_seconds()
        try:
            image = decode(mutated, name)
        except BadImage as refusal:
            assert refusal.reason.endswith("."), number
            outcomes[False] += 1
        else:
            height, width = image.pixels.shape[:2]
            assert 16 <= min(height, width) <= max(height, width) <= 8192, number
            assert height * width <= 40_000_000, number
            assert image.pixels.dtype in (np.uint8, np.uint16), number
            outcomes[True] += 1
        slowest = max(slowest, cpu_seconds() - started)
    assert slowest < CPU_SECONDS
    assert min(outcomes.values()) > 0  # the mutations are neither harmless nor all fatal

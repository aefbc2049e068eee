"""Which pictures stand there twice: the same bytes, or all but the same picture."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import cv2
import numpy as np

NEAR_BITS = 12  # of 256: neighbours in a hand series differ by 30 or more
NEAR_CORRELATION = 0.985
# Two burnt-out knees of different patients pass both, but share little detail (at most 0.66 seen).
NEAR_DETAIL = 0.75
DETAIL_SIDE = 96
COARSE_SIDE = 32
BLOCK = 256  # pictures compared with all others at a time
MOST_CANDIDATES = 1_000_000


class Print(NamedTuple):
    """By what a picture is known again: `bits` (32,) uint8, its difference hash, and `thumb`
    (96, 96) uint8."""

    bits: np.ndarray
    thumb: np.ndarray


def fingerprint(grey: np.ndarray) -> Print:
    """By what a (H, W) uint8 picture is known again."""
    size = (DETAIL_SIDE, DETAIL_SIDE)
    return Print(difference_hash(grey), cv2.resize(grey, size, interpolation=cv2.INTER_AREA))


def difference_hash(grey: np.ndarray) -> np.ndarray:
    """256 bits (32 bytes): is each cell of a 16 by 17 thumbnail brighter than its left one?"""
    small = cv2.resize(grey, (17, 16), interpolation=cv2.INTER_AREA).astype(np.int16)
    return np.packbits((small[:, 1:] > small[:, :-1]).ravel())


def identical_pairs(digests: Sequence[str]) -> list[tuple[int, int]]:
    """(first, later) indices of equal digests."""
    first: dict[str, int] = {}
    pairs = []
    for index, digest in enumerate(digests):
        if digest in first:
            pairs.append((first[digest], index))
        first.setdefault(digest, index)
    return pairs


def near_pairs(prints: Sequence[Print]) -> list[tuple[int, int]]:
    """Pairs whose hashes differ by few bits and whose thumbnails correlate, detail included.

    Of more than a million pairs of like hashes, as no honest set has, only so many are compared.
    """
    coarse: dict[int, np.ndarray] = {}  # of candidates alone: most pictures resemble no other

    def coarsely(at: int) -> np.ndarray:
        if at not in coarse:
            size = (COARSE_SIDE, COARSE_SIDE)
            coarse[at] = _unit(cv2.resize(prints[at].thumb, size, interpolation=cv2.INTER_AREA))
        return coarse[at]

    def finely(at: int) -> np.ndarray:
        thumb = prints[at].thumb.astype(np.float32)
        return _unit(thumb - cv2.GaussianBlur(thumb, (0, 0), 2))

    return [
        (one, other)
        for one, other in islice(_alike([p.bits for p in prints]), MOST_CANDIDATES)
        if coarsely(one) @ coarsely(other) > NEAR_CORRELATION
        and finely(one) @ finely(other) > NEAR_DETAIL
    ]


def _alike(hashes: Sequence[np.ndarray]) -> Iterator[tuple[int, int]]:
    """Pairs of hashes that differ by `NEAR_BITS` at most."""
    words = np.array(hashes, np.uint8).reshape(-1, 32).view(np.uint64)
    for start in range(0, len(words), BLOCK):
        block, rest = words[start : start + BLOCK], words[start:]
        distance = np.zeros((len(block), len(rest)), np.uint16)
        for word in range(words.shape[1]):
            distance += np.bitwise_count(block[:, word, None] ^ rest[None, :, word])
        rows, columns = np.nonzero(np.triu(distance <= NEAR_BITS, 1))
        yield from zip((rows + start).tolist(), (columns + start).tolist(), strict=True)


def _unit(values: np.ndarray) -> np.ndarray:
    """Values less their mean, flat and of length 1, so that a product is a correlation."""
    flat = values.astype(np.float32).ravel()
    flat = flat - flat.mean()
    return flat / max(float(np.linalg.norm(flat)), 1e-3)

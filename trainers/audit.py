"""Look a data pack over before the first step: what cannot be read, what stands there twice."""

import hashlib
import json
import logging
from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from core.images import BadImage
from trainers.archive import BadPack
from trainers.films import Film, Pack
from trainers.squares import read_grey

log = logging.getLogger(__name__)

NEAR_BITS = 12  # of 256: neighbours in a hand series differ by 30 or more
NEAR_CORRELATION = 0.985
# Two burnt-out knees of different patients pass both, but share little detail (at most 0.66 seen).
NEAR_DETAIL = 0.75
DETAIL_SIDE = 96


@dataclass(frozen=True)
class Report:
    """Findings of an audit. Each pair is (name, name); `crossing` ones lie in different splits."""

    films: int
    unreadable: list[tuple[str, str]]
    identical: list[tuple[str, str]]
    near: list[tuple[str, str]]
    crossing: list[tuple[str, str]]
    conflicts: list[tuple[str, str]]
    split_groups: list[str]
    counts: dict[str, dict[str, int]]

    @property
    def blocks(self) -> str | None:
        """Why a validation score would be worthless, or None."""
        found = len(self.crossing) + len(self.split_groups)
        if not found:
            return None
        return (
            f"The split leaks: {len(self.crossing)} pairs of the same film and "
            f"{len(self.split_groups)} groups lie on both sides (see audit.json). "
            "Mend the split, or pass --allow-leak to score it all the same."
        )

    def summary(self) -> str:
        """The findings in a few lines."""
        lines = [f"{self.films} films: {json.dumps(self.counts)}"]
        for title, found in (
            ("unreadable", self.unreadable),
            ("byte-identical pairs", self.identical),
            ("near-duplicate pairs", self.near),
            ("pairs across splits", self.crossing),
            ("pairs with different labels", self.conflicts),
            ("groups across splits", self.split_groups),
        ):
            first = "; ".join(" = ".join(f) if isinstance(f, tuple) else f for f in found[:3])
            lines.append(f"  {title}: {len(found)}" + (f" ({first}...)" if found else ""))
        return "\n".join(lines)

    def write(self, path: Path) -> None:
        """Every finding as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=1))


def audit(pack: Pack) -> Report:
    """Audit all films of a pack.

    Raises:
        BadPack: no film, one class only, or an empty split that training needs.
    """
    films, hashes, thumbs, digests, unreadable = [], [], [], [], []
    for film, data in tqdm(pack.read_all(pack.films), "auditing", total=len(pack.films)):
        try:
            grey = read_grey(data, film.name)
        except BadImage as error:
            unreadable.append((film.name, error.reason))
            continue
        films.append(film)
        digests.append(hashlib.sha256(data).hexdigest())
        hashes.append(difference_hash(grey))
        thumbs.append(cv2.resize(grey, (DETAIL_SIDE, DETAIL_SIDE), interpolation=cv2.INTER_AREA))
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for film in films:
        counts[film.split][str(film.label)] += 1
    _require_both_classes(films)
    identical = _same_digest(digests)
    near = [pair for pair in _near_pairs(hashes, thumbs) if pair not in set(identical)]
    pairs = identical + near
    splits_of_group = defaultdict(set)
    for film in films:
        splits_of_group[film.group].add(film.split)

    def named(chosen: list[tuple[int, int]]) -> list[tuple[str, str]]:
        return [(films[a].name, films[b].name) for a, b in chosen]

    return Report(
        len(films),
        unreadable,
        named(identical),
        named(near),
        named([(a, b) for a, b in pairs if films[a].split != films[b].split]),
        named([(a, b) for a, b in pairs if films[a].label != films[b].label]),
        sorted(group for group, splits in splits_of_group.items() if len(splits) > 1),
        {split: dict(of_split) for split, of_split in counts.items()},
    )


def require_sound(pack: Pack, run: Path, allow_leak: bool = False) -> Report:
    """Audit a pack, print the findings and write them to the run's `audit.json`.

    Raises BadPack when the split leaks and that is not allowed, or as `audit` does.
    """
    report = audit(pack)
    print(report.summary())
    report.write(run / "audit.json")
    if report.blocks and not allow_leak:
        raise BadPack(report.blocks)
    return report


def difference_hash(grey: np.ndarray) -> np.ndarray:
    """256 bits (32 bytes): is each cell of a 16 by 17 thumbnail brighter than its left one?"""
    small = cv2.resize(grey, (17, 16), interpolation=cv2.INTER_AREA).astype(np.int16)
    return np.packbits((small[:, 1:] > small[:, :-1]).ravel())


def _require_both_classes(films: list[Film]) -> None:
    for split in ("train", "val"):
        labels = {film.label for film in films if film.split == split}
        if not labels:
            raise BadPack(f"The pack has no readable film in its {split} split.")
        if len(labels) < 2:
            raise BadPack(f"The {split} split holds one class only: both are needed to learn.")


def _same_digest(digests: list[str]) -> list[tuple[int, int]]:
    first: dict[str, int] = {}
    pairs = []
    for index, digest in enumerate(digests):
        if digest in first:
            pairs.append((first[digest], index))
        first.setdefault(digest, index)
    return pairs


def _near_pairs(hashes: list[np.ndarray], thumbs: list[np.ndarray]) -> list[tuple[int, int]]:
    """Pairs whose hashes differ by few bits and whose thumbnails correlate, detail included."""
    stack = np.stack(hashes)
    pairs = []
    for index in range(len(stack) - 1):
        distance = np.bitwise_count(stack[index + 1 :] ^ stack[index]).sum(1)
        for other in np.flatnonzero(distance <= NEAR_BITS) + index + 1:
            if _same_film(thumbs[index], thumbs[other]):
                pairs.append((index, int(other)))
    return pairs


def _same_film(one: np.ndarray, other: np.ndarray) -> bool:
    coarse = [cv2.resize(thumb, (32, 32), interpolation=cv2.INTER_AREA) for thumb in (one, other)]
    if _correlation(*coarse) <= NEAR_CORRELATION:
        return False
    detail = [thumb - cv2.GaussianBlur(thumb, (0, 0), 2) for thumb in map(np.float32, (one, other))]
    return _correlation(*detail) > NEAR_DETAIL


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    one, other = (part.astype(np.float32) - part.mean() for part in (one, other))
    return float((one * other).sum() / max(np.linalg.norm(one) * np.linalg.norm(other), 1e-6))

"""A generator of lesions measured on every real lesion that has a sketch and a diagnosis.

Each is painted once from its own mask and diagnosis, with noise that its name decides; published
networks, which learned from real pictures alone, then look at both.
"""

import csv
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.spatial.distance import pdist

from core.archive import BadPack
from core.diagnose import embeddings, probabilities
from core.lesions import CODES
from core.models import Model, catalogue, find, open_model
from core.segment import Segmenter, lesion_mask, open_segmenter
from core.sketchers import Sketcher, noise, one_hot
from trainers.lesion_scoring import iou
from trainers.lesions import Lesion, LesionPack, Squares
from trainers.progress import MEASURING, current

FIRST = "mobilenetv2"  # whose numbers bear no name
SKETCHES, SEEDS = 8, 8  # of each diagnosis, and of each sketch, to see how much pictures vary
MANY = 100  # real pictures of a diagnosis
LEAST = 8  # lesions: with fewer there are no two halves to compare
BATCH = 16


@dataclass(frozen=True)
class Judges:
    """The published networks that look: classifiers by name, FIRST first, and a segmenter."""

    classifiers: dict[str, Model]
    segmenter: Segmenter

    @classmethod
    def published(cls, checkpoints: Path, threads: int = 2) -> "Judges":
        """Open them. Raises BadModel when FIRST or the segmenter is missing."""
        others = [card for card in catalogue(checkpoints, "lesion") if card.name != FIRST]
        cards = [find(checkpoints, "lesion", FIRST), *others]
        return cls(
            {card.name: open_model(card, threads) for card in cards},
            open_segmenter(find(checkpoints, "segment", "unet"), threads),
        )


@dataclass(frozen=True)
class Floor:
    """Two sets of real pictures that share no lesion, nearly as many of each diagnosis in either.

    `first` (M,) indexes the scored lesions, `second` are others, and `words` tell what both are.
    """

    first: np.ndarray
    second: Squares
    words: str


@dataclass(frozen=True)
class Opinion:
    """What a classifier makes of N pictures: probabilities (N, 7) and embeddings (N, E)."""

    probabilities: np.ndarray
    embeddings: np.ndarray

    @classmethod
    def of(cls, model: Model, squares: np.ndarray) -> "Opinion":
        """Ask `model` as the app does."""
        return cls(probabilities(model, squares), embeddings(model, squares))


@dataclass(frozen=True)
class SketchReading:
    """All that was seen of `lesions`, in step with them.

    `painted` and `real` hold what each classifier makes of generated and real pictures, `overlaps`
    (N,) the IoU of the sketch with the segmenter's outline of both, `floor_embeddings` what each
    classifier reads of the floor's second set. `variety` is the mean distance of pictures by
    diagnosis. `skipped` and `left_out` are those of `trainers.lesions.Squares`.
    """

    lesions: Sequence[Lesion]
    painted: dict[str, Opinion]
    real: dict[str, Opinion]
    overlaps: dict[str, np.ndarray]
    variety: dict[str, dict[str, float]]
    floor: Floor
    floor_embeddings: dict[str, np.ndarray]
    skipped: Sequence[tuple[str, str]]
    left_out: Mapping[str, int]

    @property
    def labels(self) -> np.ndarray:
        """(N,) diagnoses asked for, as indices into `core.lesions.CODES`."""
        return np.array([lesion.label for lesion in self.lesions])

    @property
    def features(self) -> str:
        """What distances are measured in, in words."""
        told = {
            name: f"lesion/{name} ({opinion.embeddings.shape[1]} numbers a picture)"
            for name, opinion in self.real.items()
        }
        others = "".join(
            f"; in those of {words} where a name ends in _{name}"
            for name, words in told.items()
            if name != FIRST
        )
        return f"the pooled features of the last layer of {told[FIRST]}{others}"

    @property
    def groups(self) -> list[str]:
        """The lesion that each picture shows."""
        return [lesion.group for lesion in self.lesions]

    def write(self, path: Path) -> None:
        """CSV: image, label (a code), then FIRST's probability of each diagnosis, seen on the
        generated picture."""
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["image", "label", *CODES])
            rows = self.painted[FIRST].probabilities
            for lesion, row in zip(self.lesions, rows, strict=True):
                writer.writerow([lesion.name, CODES[lesion.label], *(f"{p:.6f}" for p in row)])


def describe(reading: SketchReading) -> dict:
    """What was scored, for a report or a card."""
    counts = np.bincount(reading.labels, minlength=len(CODES)).tolist()
    fewer = len(reading.floor.first) < len(reading.lesions)
    advice = {"compare": "fid_floor with fid_same_size, not with fid, which is of more pictures"}
    return {
        "n": len(reading.lesions),
        "lesions": len(set(reading.groups)),
        "diagnoses": dict(zip(CODES, counts, strict=True)),
        "features": reading.features,
        "floor": reading.floor.words,
        **(advice if fewer else {}),
    }


def scorable(pack: LesionPack, split: str) -> Squares:
    """The lesions of a split that have a diagnosis and a mask that outlines something. Raises
    BadPack when they are too few."""
    squares = pack.squares(split)
    kept = squares.with_diagnosis().with_outline()
    count = len({lesion.group for lesion in kept.lesions})
    if count < LEAST:
        missing = [
            word
            for word, there in (("masks", squares.outlined), ("diagnoses", squares.labels >= 0))
            if not there.any()
        ]
        raise BadPack(
            f"{pack.path} holds {count or 'no'} lesion{'s' if count != 1 else ''} with both a mask "
            f"and one of the seven diagnoses in its split {split!r}"
            + (f" (no {' and no '.join(missing)} at all)" if missing else "")
            + f": scoring a generator needs {LEAST} or more."
        )
    return kept


def read_all(
    sketcher: Sketcher, judges: Judges, pack: LesionPack, split: str = "val"
) -> SketchReading:
    """Paint every lesion of a split and look at all. Raises BadPack when there are too few."""
    real = scorable(pack, split)
    floor = floor_of(pack, split, real)
    painted = paint(sketcher, real)
    pictures = {"painted": painted, "real": real.images}
    opinions = {
        kind: {name: Opinion.of(model, squares) for name, model in judges.classifiers.items()}
        for kind, squares in pictures.items()
    }
    return SketchReading(
        lesions=real.lesions,
        **opinions,
        overlaps={
            kind: overlaps(judges.segmenter, squares, real.masks)
            for kind, squares in pictures.items()
        },
        variety={"painted": painted_variety(sketcher, real), "real": real_variety(real)},
        floor=floor,
        floor_embeddings={
            name: embeddings(model, floor.second.images)
            for name, model in judges.classifiers.items()
        },
        skipped=real.skipped,
        left_out=real.left_out,
    )


def paint(sketcher: Sketcher, real: Squares) -> np.ndarray:
    """(N, S, S, 3) uint8: each real lesion's mask and diagnosis painted once. A picture is the same
    whichever others are painted with it."""
    seeds = [zlib.crc32(lesion.name.encode()) for lesion in real.lesions]
    labels = np.stack([one_hot(CODES[label]) for label in real.labels])
    parts = [np.s_[begin : begin + BATCH] for begin in range(0, len(real), BATCH)]
    return np.concatenate(
        [
            sketcher.draw(real.masks[part], labels[part], noise(seeds[part]))
            for part in current().watch(parts, MEASURING, len(parts))
        ]
    )


def overlaps(segmenter: Segmenter, squares: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """(N,) IoU of the sketches `masks` (N, S, S) bool with the segmenter's outline of pictures."""
    found = map(lesion_mask, segmenter.outline(squares))
    return np.array([iou(outline, mask) for outline, mask in zip(found, masks, strict=True)])


def floor_of(pack: LesionPack, split: str, real: Squares) -> Floor:
    """Real pictures to compare real pictures with.

    For each of the scored, one of the same diagnosis from the rest of the pack, which shows other
    lesions: as many pictures as are painted, so that the distance has the same bias as theirs.
    Where all of the pack is scored, or the rest is too small, one half of the scored lesions is
    compared with the other.
    """
    rng = np.random.default_rng(0)
    scored = {lesion.group for lesion in real.lesions}
    rest = [lesion for lesion in pack.lesions if lesion.split != split and split != "all"]
    first, drawn = [], []
    for label in np.unique(real.labels):
        have = np.flatnonzero(real.labels == label)
        others = [lesion for lesion in rest if lesion.label == label]
        count = min(len(have), len(others))
        first += sorted(rng.permutation(have)[:count])
        drawn += [others[at] for at in rng.permutation(len(others))[:count]]
    second = pack.read_squares(drawn)
    readable = {lesion.name for lesion in second.lesions}
    first = [at for at, other in zip(first, drawn, strict=True) if other.name in readable]
    sides = [[real.lesions[at] for at in first], second.lesions]
    if min(len({lesion.group for lesion in side}) for side in sides) >= LEAST:
        words = f"{len(first)} scored pictures against as many of other lesions in the pack, with "
        return Floor(np.array(first), second, words + "the same diagnoses")
    diagnoses = dict(zip((lesion.group for lesion in real.lesions), real.labels, strict=True))
    shuffled = rng.permutation(sorted(scored))
    # In the order of their diagnoses, so that either half gets as many of each.
    halves = sorted(shuffled, key=lambda group: diagnoses[group])[::2]
    half = np.isin([lesion.group for lesion in real.lesions], halves)
    words = f"one half of the scored lesions ({half.sum()} pictures) against the other"
    return Floor(np.flatnonzero(half), real.only(~half), words)


def painted_variety(sketcher: Sketcher, real: Squares) -> dict[str, float]:
    """By diagnosis, how far two pictures of one sketch are apart, in grey levels: the mean over up
    to SKETCHES sketches and all pairs of SEEDS seeds."""
    found = {}
    for label in np.unique(real.labels):
        masks = real.masks[real.labels == label]
        chosen = masks[np.linspace(0, len(masks) - 1, min(SKETCHES, len(masks))).astype(int)]
        labels = np.stack([one_hot(CODES[label])] * SEEDS)
        apart = [mean_distance(sketcher.draw(m, labels, noise(range(SEEDS)))) for m in chosen]
        found[CODES[label]] = float(np.mean(apart))
    return found


def real_variety(real: Squares) -> dict[str, float]:
    """By diagnosis, how far two real pictures of different lesions are apart, in grey levels; of
    diagnoses with more than one lesion."""
    found = {}
    for label in np.unique(real.labels):
        at = np.flatnonzero(real.labels == label)
        lesions = {real.lesions[i].group: i for i in at}  # one picture of each
        if len(lesions) > 1:
            found[CODES[label]] = mean_distance(real.images[list(lesions.values())[:MANY]])
    return found


def mean_distance(pictures: np.ndarray) -> float:
    """Mean over all pairs of pictures (N, S, S, 3) uint8 of the root mean square difference of
    their values, in grey levels."""
    flat = pictures.reshape(len(pictures), -1)
    return float(pdist(flat.astype(np.float32)).mean() / np.sqrt(flat.shape[1]))

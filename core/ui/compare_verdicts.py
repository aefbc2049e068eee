"""What models say of films, as Compare tells it: in words, numbers and pictures, for each task."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core import disagreement
from core.disagreement import Disagreement
from core.grading import called_grades
from core.images import BadImage
from core.kellgren_lawrence import GRADES
from core.models import ModelCard
from core.ui import cached, cached_knees
from core.ui.compare_readings import Read
from core.ui.film import Film
from core.ui.linked_pictures import Legend, Picture
from core.ui.verdict import words
from core.ui.words import percent

ALONE = "Differs from most"
CALLED = "called"


@dataclass(frozen=True)
class Verdicts:
    """Fracture or no fracture, each model at its own of the `thresholds`, by name."""

    thresholds: Mapping[str, float]
    noun = "film"

    def disagreement(self, probabilities: np.ndarray, cards: Sequence[ModelCard]) -> Disagreement:
        """On (N, M, 2) probabilities."""
        at = np.array([self.thresholds[card.name] for card in cards])
        return disagreement.of_verdicts(probabilities[..., 1], at)

    def called(self, probabilities: np.ndarray, cards: Sequence[ModelCard]) -> np.ndarray:
        """(M,) classes called of one film, from (M, 2) probabilities."""
        return np.array(
            [p >= self.thresholds[c.name] for p, c in zip(probabilities[:, 1], cards, strict=True)]
        )

    def split(self, score: float, models: int) -> str:
        """What a score of `disagreement` means among several models."""
        pairs = models * (models - 1) // 2
        if pairs == 1:
            return "the two models disagree" if score else "the two models agree"
        return f"{round(score * pairs)} of {pairs} pairs of models disagree"

    def lines(self, card: ModelCard, chances: np.ndarray) -> tuple[str, str]:
        """What a model says of a film, from (2,) probabilities."""
        threshold = self.thresholds[card.name]
        side = "at or above" if chances[1] >= threshold else "below"
        return (
            f"{words(chances[1], threshold)} · {percent(chances[1])}",
            f"{side} its threshold of {percent(threshold, 1)}",
        )

    def number(self, chances: np.ndarray) -> float:
        """What a table shows of (2,) probabilities."""
        return round(float(chances[1]), 4)

    def told(self, card: ModelCard, chances: np.ndarray) -> dict:
        """What a table file tells of (2,) probabilities."""
        threshold = self.thresholds[card.name]
        return {
            "probability of fracture": self.number(chances),
            "threshold": round(threshold, 4),
            "verdict": words(chances[1], threshold),
        }

    def film(self, read: Read, keeper: cached.Gatekeeper | None) -> Film:
        """The film that was read. Raises OSError where its file is gone."""
        return _film(read)

    def heat(self, film: Film, read: Read, card: ModelCard) -> tuple[np.ndarray, str]:
        """Heat (h, w) over the film, and what its colours are. Raises BadModel."""
        scale = "absolute" if card.heatmap == "class map" else "relative"
        return cached.verdict(film, read.inverted, card).heat, f"Heat: {card.heatmap}, {scale}"

    @property
    def legend(self) -> Legend:
        """What the colours mean."""
        return Legend(
            "0, or cold",
            "1, or the hottest place",
            (
                "Absolute: a class map, the evidence for a fracture at each place from 0 to 1, so "
                "two pictures can be compared by their brightness.",
                "Relative: Grad-CAM, or how far the score falls without a place, as a share of its "
                "maximum on that picture, so its brightest place is always full and says nothing "
                "of how sure the model is.",
            ),
        )


@dataclass(frozen=True)
class Grades:
    """Kellgren-Lawrence grades; `target` is the grade whose heat is shown, or CALLED."""

    target: str = CALLED
    noun = "knee"

    def disagreement(self, probabilities: np.ndarray, cards: Sequence[ModelCard]) -> Disagreement:
        """On (N, M, 5) probabilities."""
        return disagreement.of_grades(probabilities)

    def called(self, probabilities: np.ndarray, cards: Sequence[ModelCard]) -> np.ndarray:
        """(M,) grades called of one knee, from (M, 5) probabilities."""
        return called_grades(probabilities)

    def split(self, score: float, models: int) -> str:
        """What a score of `disagreement` means among several models."""
        return f"two models' grades are {score * (len(GRADES) - 1):.1f} apart on average"

    def lines(self, card: ModelCard, chances: np.ndarray) -> tuple[str, str]:
        """What a model says of a knee, from (5,) probabilities."""
        (grade,) = called_grades(chances[None])
        return (
            f"Grade {grade}, {GRADES[grade].name} · {percent(chances[grade])}",
            f"expected grade {chances @ np.arange(len(chances)):.1f}",
        )

    def number(self, chances: np.ndarray) -> float:
        """What a table shows of (5,) probabilities."""
        return round(float(chances @ np.arange(len(chances))), 2)

    def told(self, card: ModelCard, chances: np.ndarray) -> dict:
        """What a table file tells of (5,) probabilities."""
        return {
            "grade": int(called_grades(chances[None])[0]),
            "expected grade": self.number(chances),
            **{f"p({grade})": round(float(p), 4) for grade, p in enumerate(chances)},
        }

    def film(self, read: Read, keeper: cached.Gatekeeper | None) -> Film:
        """The part of a film with the knee that was read. Raises OSError where its file is gone."""
        film = _film(read)
        knees = cached_knees.find(film, read.inverted, keeper) or cached_knees.find(
            film, read.inverted, None
        )
        return cached_knees.cut(film, next(each for each in knees if each.side == read.side))

    def heat(self, film: Film, read: Read, card: ModelCard) -> tuple[np.ndarray, str]:
        """Heat (h, w) over the knee, and what its colours are. Raises BadModel."""
        reading = cached_knees.grading(film, read.inverted, card)
        grade = reading.grade if self.target == CALLED else int(self.target)
        heat = reading.heat(grade)
        if not heat.any():
            return heat, f"No heat: nothing speaks for grade {grade}"
        return heat, f"Heat: Grad-CAM for grade {grade}, relative"

    @property
    def legend(self) -> Legend:
        """What the colours mean."""
        return Legend(
            "cold",
            "hottest place",
            (
                "Relative: Grad-CAM, what speaks for the grade that is named, as a share of its "
                "maximum on that picture, so its brightest place is always full and says nothing "
                "of how sure the model is.",
            ),
        )


Task = Verdicts | Grades


def pictures(
    read: Read,
    name: str,
    task: Task,
    cards: Sequence[ModelCard],
    titles: Mapping[str, str],
    keeper: cached.Gatekeeper | None,
) -> tuple[Picture, ...]:
    """The film, which is called so, and the film as each model saw it. Raises OSError and
    BadModel."""
    film = task.film(read, keeper)
    shown = film.shown(read.inverted)
    made = [Picture(shown, "Without heatmap", (), f"X-ray film {name}")]
    odd = minority(task.called(read.probabilities, cards))
    for card, chances, alone in zip(cards, read.probabilities, odd, strict=True):
        heat, kind = task.heat(film, read, card)
        said = task.lines(card, chances)
        title = titles[card.name]
        alt = f"X-ray film {name} under the heatmap of {title}: {said[0]}"
        made.append(Picture(shown, title, (*said, kind), alt, heat, ALONE * bool(alone)))
    return tuple(made)


def minority(called: np.ndarray) -> np.ndarray:
    """(M,) bool: who calls otherwise than more than half of (M,) do; nobody where there is no such
    half."""
    classes, counts = np.unique(called, return_counts=True)
    most = counts.argmax()
    if 2 * counts[most] <= len(called):
        return np.zeros(len(called), bool)
    return called != classes[most]


def _film(read: Read) -> Film:
    found = read.entry.film()
    if isinstance(found, BadImage):
        raise OSError(found.reason)
    return found

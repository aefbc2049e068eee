"""What the validation films say of a grader, counted from its predictions."""

import csv
from dataclasses import dataclass

import numpy as np
import streamlit as st

from core import grading
from core.kellgren_lawrence import GRADES
from core.models import ModelCard
from core.ui import grade_charts
from core.ui.words import interval, percent, plain


@dataclass(frozen=True)
class GradeValidation:
    """A grader's validation films: true grades `labels` (N,) and `probabilities` (N, 5)."""

    labels: np.ndarray
    probabilities: np.ndarray

    @property
    def called(self) -> np.ndarray:
        """(N,) grades, called as the page does."""
        return grading.called_grades(self.probabilities)


def load(card: ModelCard) -> GradeValidation | None:
    """The validation predictions of a grader, or None where they are missing or unreadable."""
    path = card.predictions
    return _load(str(path), path.stat().st_mtime_ns, card.classes) if path else None


@st.cache_data(max_entries=16, show_spinner=False)
def _load(path: str, changed: int, classes: tuple[str, ...]) -> GradeValidation | None:
    try:
        with open(path, newline="", encoding="utf-8") as file:
            rows = [
                (int(row["label"]), [float(row[name]) for name in classes])
                for row in csv.DictReader(file)
            ]
        labels, chances = (np.array(column) for column in zip(*rows, strict=True))
    except (OSError, ValueError, KeyError, TypeError, csv.Error):
        return None
    sound = np.isin(labels, range(len(classes))).all() and np.isfinite(chances).all()
    return GradeValidation(labels, chances) if sound else None


def show(card: ModelCard) -> None:
    """Confusion matrix, recall by grade and reliability, with n."""
    found = load(card)
    if found is None:
        st.info(
            "This model has no readable validation predictions, so nothing can be counted here; "
            "the grade above does not depend on them.",
            icon=":material/info:",
        )
        return
    n = len(found.labels)
    st.markdown(
        f"On **n = {n:,}** validation films ({plain(str(card.validation.get('data', '')))}): "
        f"weighted kappa {interval(card.metrics.get('qwk'))}, accuracy "
        f"{interval(card.metrics.get('accuracy'))}, mean error "
        f"{interval(card.metrics.get('mae'))} grades. In brackets 95 % intervals over patients."
    )
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**Which grades it confuses**")
        grade_charts.confusion(found.labels, found.called)
    with right:
        st.markdown("**Whether its probabilities hold**")
        grade_charts.reliability(found.labels, found.probabilities)
    recalls = grading.recalls(found.labels, found.called)
    counts = np.bincount(found.labels, minlength=len(GRADES))
    rows = [
        {
            "True grade": f"{grade.number}, {grade.name}",
            "Films": f"{counts[grade.number]:,}",
            "Called so (recall)": _recall(card, grade.number, float(recalls[grade.number])),
            "Called within one grade": percent(_near(found, grade.number)),
        }
        for grade in GRADES
    ]
    st.table(rows, hide_index=True, alt=f"Recall of {card.title} by grade")
    st.caption(
        "Grade 1 is doubtful by name: readers disagree on it most, and so does every network. "
        "The best epoch and the calibration were chosen on these same films, so the numbers are "
        "somewhat favourable."
    )


def _recall(card: ModelCard, grade: int, counted: float) -> str:
    """Recall of a grade, with its interval where the card holds one."""
    metric = card.metrics.get(f"recall_{grade}")
    if metric is None or metric.low is None or metric.high is None:
        return percent(counted)
    return f"{percent(counted)} ({percent(metric.low)} to {percent(metric.high)})"


def _near(found: GradeValidation, grade: int) -> float:
    of_grade = found.labels == grade
    near = np.abs(found.called[of_grade] - grade) <= 1
    return float(near.mean()) if len(near) else float("nan")

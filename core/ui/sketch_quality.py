"""How good generated lesions are by their cards, and why one number is not enough."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from core.lesions import CODES
from core.models import ModelCard
from core.ui.sketch_orders import NAMES
from core.ui.words import interval, plain, score


@dataclass(frozen=True)
class Measure:
    """A row: its title, the metric of a generator, that of real pictures, and how it is written."""

    title: str
    name: str
    real: str
    write: Callable[[float], str] = score


MEASURES = (
    Measure("Fréchet distance (FID): lower is better", "fid", "fid_floor", "{:.1f}".format),
    Measure("Kernel distance (KID): lower is better", "kid", "kid_floor", "{:.4f}".format),
    Measure(
        "FID on Inception features: lower is better",
        "fid_inception",
        "fid_inception_floor",
        "{:.1f}".format,
    ),
    Measure(
        "Inception score: higher is better",
        "inception_score",
        "inception_score_real",
        "{:.2f}".format,
    ),
    Measure("Balanced accuracy of the classifier", "balanced_accuracy", "balanced_accuracy_real"),
    Measure("Overlap of sketch and painted lesion (IoU)", "mask_iou", "mask_iou_real"),
    Measure("Diversity of one sketch's variants", "diversity", "diversity_real"),
)
TRAP = (
    "The project that this page grew from reported that a classifier is right in **70 %** of its "
    "generated pictures; its **balanced** accuracy, each diagnosis counted alike, was **21.6 %**. "
    "Two of three pictures there are naevi, so answering “naevus” every time, without looking, "
    "scores **67 %**."
)


def show(cards: Sequence[ModelCard]) -> None:
    """The table of all generators beside real pictures, and the trap."""
    measured = [card for card in cards if card.metrics]
    if measured:
        table(measured)
    else:
        st.info("No model here carries numbers: score one with python -m trainers.evaluate sketch.")
    st.info(TRAP, icon=":material/balance:", title="Why accuracy alone is a trap")


def table(cards: Sequence[ModelCard]) -> None:
    """The numbers of generators, side by side."""
    rows = [_row(measure, cards) for measure in MEASURES if _known(measure, cards)]
    st.table(rows, hide_index=True, alt="How good the generators are, beside real pictures")
    data = cards[0].validation
    st.caption(
        f"On {data.get('n', 0):,} held-out sketches with their diagnoses ({_of(cards[0])}), which "
        "no network here learned from. FID and KID compare what a classifier sees in generated and "
        "in real pictures; the column of real pictures compares real ones with other real ones: "
        "nothing can be expected to do better. In brackets, 95 % intervals, where computed."
    )
    recalls = [
        Measure(NAMES[code], f"recall_{code}", f"recall_real_{code}")
        for code in CODES
        if any(f"recall_{code}" in card.metrics for card in cards)
    ]
    if recalls:
        with st.expander("Diagnosis by diagnosis", icon=":material/list:"):
            st.table(
                [_row(measure, cards) for measure in recalls],
                hide_index=True,
                alt="How many pictures of each diagnosis the classifier recognises",
            )
            st.caption("The share of pictures of each diagnosis in which the classifier sees it.")


def _known(measure: Measure, cards: Sequence[ModelCard]) -> bool:
    return any(measure.name in card.metrics for card in cards)


def _row(measure: Measure, cards: Sequence[ModelCard]) -> dict[str, str]:
    real = next(
        (card.metrics[measure.real] for card in cards if measure.real in card.metrics), None
    )
    return {
        "Measure": measure.title,
        **{
            plain(card.title): interval(card.metrics.get(measure.name), measure.write)
            for card in cards
        },
        "Real pictures": interval(real, measure.write) if real else "not applicable",
    }


def _of(card: ModelCard) -> str:
    return plain(str(card.validation.get("data", "data not stated")))

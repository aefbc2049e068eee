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


ONE, TWO = "{:.1f}".format, "{:.2f}".format
MEASURES = (
    Measure("Fréchet distance (FID), lower is better", "fid", "fid_floor", ONE),
    Measure("FID of as many pictures as real ones", "fid_same_size", "fid_floor", ONE),
    Measure("FID as the other classifier sees it", "fid_resnet18", "fid_floor_resnet18", ONE),
    Measure("Kernel distance (KID), lower is better", "kid", "kid_floor", TWO),
    Measure("Inception score, at most 7", "inception_score", "inception_score_real", TWO),
    Measure("Balanced accuracy of the classifier", "balanced_accuracy", "balanced_accuracy_real"),
    Measure(
        "Balanced accuracy of the other classifier",
        "balanced_accuracy_resnet18",
        "balanced_accuracy_real_resnet18",
    ),
    Measure("Overlap of the sketch with the painted lesion (IoU)", "mask_iou", "mask_iou_real"),
    Measure("Diversity, grey levels between pictures", "diversity", "diversity_real", ONE),
)
TRAP = (
    "The project that this page grew from reported that a classifier is right in **70 %** of its "
    "generated pictures; its **balanced** accuracy, each diagnosis counted alike, was **21.6 %**. "
    "Two of three pictures there are naevi, so answering “naevus” every time, without looking, "
    "scores **67 %**."
)

WITNESS = (
    "FID and KID compare features that our own classifiers read, as Inception's weights were not "
    "at hand. The classifier of most rows, a MobileNetV2 from ImageNet, is a near relative of the "
    "network that `cgan` learned to please; the other one, a ResNet18 from scratch, is the "
    "independent witness. Pictures that are recognised more often than real ones are typical "
    "rather than true: see how little they differ."
)


def show(cards: Sequence[ModelCard]) -> None:
    """The table of all generators beside real pictures, and the trap."""
    measured = [card for card in cards if card.metrics]
    if measured:
        table(measured)
        with st.expander("Diagnosis by diagnosis", icon=":material/list:"):
            recalls(measured)
    else:
        st.info("No model here carries numbers: score one with python -m trainers.evaluate sketch.")
    st.info(TRAP, icon=":material/balance:", title="Why accuracy alone is a trap")


def table(cards: Sequence[ModelCard]) -> None:
    """The numbers of generators, side by side."""
    rows = [_row(measure, cards) for measure in MEASURES if _known(measure, cards)]
    st.table(rows, hide_index=True, alt="How good the generators are, beside real pictures")
    data = cards[0].validation
    floor = f" ({plain(str(data['floor']))})" if "floor" in data else ""
    st.caption(
        f"On {data.get('n', 0):,} held-out sketches with their diagnoses ({_of(cards[0])}), which "
        "no network here learned from; only the classifiers' temperature and the threshold at "
        "which a photo is no skin were set on them. The column of real pictures compares real ones "
        f"with other real ones{floor}: about the best to be expected. In brackets, 95 % intervals."
    )
    st.caption(WITNESS)


def recalls(cards: Sequence[ModelCard]) -> None:
    """How many pictures of each diagnosis the classifier recognises, by the generators' cards."""
    measures = [Measure(NAMES[code], f"recall_{code}", f"recall_real_{code}") for code in CODES]
    rows = [_row(measure, cards) for measure in measures if _known(measure, cards)]
    if rows:
        st.table(rows, hide_index=True, alt="Pictures of each diagnosis that are recognised")
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

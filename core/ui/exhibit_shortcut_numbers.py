"""What models said of FracAtlas films before and after metal was erased or drawn: counted."""

from collections.abc import Sequence

import streamlit as st

from core.exhibits import shortcut
from core.models import Metric, ModelCard
from core.ui import exhibit_asked, exhibit_changes
from core.ui.choices import default_threshold
from core.ui.words import interval, percent, score

STEPS = {  # of the numbers, and what the films are
    "Metal erased": (shortcut.ERASED, "val films with hardware on which metal is found"),
    "As much erased elsewhere": (shortcut.ELSEWHERE, "of the same films"),
    "Metal drawn": (shortcut.DRAWN, "sound val films without hardware"),
    "Drawn, and erased again": (shortcut.REMOVED, "of the same sound films"),
}


def show(cards: Sequence[ModelCard]) -> None:
    """What was done, what it changed for every model of the table, and what metal alone is worth.
    `cards`: those of its models that are published here."""
    both, val = shortcut.hardware(), shortcut.hardware("val")
    st.markdown(
        f"Of the FracAtlas films used here, {both.films} carry hardware, and "
        f"**{both.fractured} of these {both.films} are fractured**: {val.films} of them are "
        "validation films, which no model learned from."
    )
    step = st.segmented_control(
        "What was done",
        list(STEPS),
        key="shortcut-step",
        default="Metal drawn",
        required=True,
        help="Each time the same films are asked about twice: as they are, and after it.",
    )
    treatment, films = STEPS[step]
    names = shortcut.models()
    titles = exhibit_asked.titled(names, cards)
    said = [shortcut.pairs(name, treatment) for name in names]
    changes = _changes(tuple(names), treatment)
    exhibit_changes.forest(dict(zip(titles, changes, strict=True)), step, "shortcut-forest")
    n, groups = len(said[0].groups), len(set(said[0].groups))
    st.caption(
        f"Change of the probability of a fracture against the film as it is: mean over {n} {films} "
        f"({groups} groups of neighbouring films), with 95 % intervals by a bootstrap over groups. "
        "Asked were the models that came with Lightbox. "
        "Filled by the context encoder, which learned knees. A fill leaves traces of its own that "
        "some models take for a break: compare with what was erased elsewhere, and erased again."
    )
    thresholds = {card.name: default_threshold(card) for card in cards}
    rows = [
        {
            "Model": title,
            f"Called fractured of {n}": f"{int((pairs.before >= thresholds[name]).sum())}",
            "and then": f"{int((pairs.after >= thresholds[name]).sum())}",
            "Mean change, in points": exhibit_changes.points(change),
        }
        for name, title, pairs, change in zip(names, titles, said, changes, strict=True)
        if name in thresholds
    ]
    if rows:
        st.table(rows, hide_index=True, alt=f"{step}: films called fractured before and after")
    _scores(titles, names, cards)


@st.cache_data(show_spinner="Counting")
def _changes(names: tuple[str, ...], treatment: str) -> list[Metric]:
    return [shortcut.pairs(name, treatment).change() for name in names]


def _scores(titles: Sequence[str], names: Sequence[str], cards: Sequence[ModelCard]) -> None:
    """AUROC with and without the films that carry hardware, and what metal alone is worth."""
    known = {card.name: card for card in cards if card.name in names}
    told = {name: _apart(card.version, card) for name, card in known.items()}
    told = {name: found for name, found in told.items() if found}
    if not told:
        return
    counts = next(iter(told.values())).counts
    alone = (counts.sensitivity + counts.specificity) / 2
    fractured = counts.true_positives + counts.false_negatives
    st.markdown(
        f"**Who called fractured whatever carries metal**, and nothing else, would be right each "
        f"time it does ({counts.true_positives} of "
        f"{counts.true_positives + counts.false_positives} validation films), find "
        f"{percent(counts.sensitivity)} of the {fractured} fractured ones and call none of the "
        f"{counts.n - fractured} others by mistake: an AUROC of {score(alone)}, from no bone at "
        "all. Few films carry metal, so leaving them out hardly moves a model's score; a shortcut "
        "shows on the films that take it."
    )
    st.table(
        [
            {
                "Model": title,
                f"AUROC, all {counts.n} films": interval(known[name].metrics["auroc"]),
                f"without the {counts.true_positives + counts.false_positives} with metal": (
                    interval(told[name].without)
                ),
            }
            for title, name in zip(titles, names, strict=True)
            if name in told
        ],
        hide_index=True,
        alt="AUROC of every model with and without the films that carry hardware",
    )
    st.caption("FracAtlas val split; 95 % intervals by a bootstrap over groups of films.")


@st.cache_data(show_spinner="Counting")
def _apart(version: str, _card: ModelCard) -> shortcut.Apart | None:
    return shortcut.apart(_card)

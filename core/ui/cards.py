"""Model cards as a reader meets them."""

from collections.abc import Iterator, Sequence

import streamlit as st

from core.models import ModelCard
from core.ui.words import interval, percent, plain, score

NAMES = {
    "auroc": "AUROC",
    "average_precision": "Average precision",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "brier": "Brier score (lower is better)",
    "ece": "Calibration error (lower is better)",
    "pointing_game": "Heatmap points into a fracture box",
}


def overview(cards: Sequence[ModelCard]) -> None:
    """One row a model: what it is, how big, how good."""
    rows = [
        {
            "Model": plain(card.title),
            "AUROC (95 % interval)": interval(card.metrics.get("auroc")),
            "Heatmap points right": interval(card.metrics.get("pointing_game")),
            "Films": f"{card.validation.get('n', 0):,}",
            "Input": f"{card.input.size} px",
            "File": _megabytes(card),
        }
        for card in cards
    ]
    st.table(rows, hide_index=True, alt="The published models, best AUROC first")


def full(card: ModelCard) -> None:
    """Everything a card says, under headings."""
    st.markdown(plain(card.summary))
    left, right = st.columns(2, gap="medium")
    with left:
        _metrics(card)
    with right:
        _points(card)
        _subgroups(card)
    _origin(card)
    _besides(card)


def _metrics(card: ModelCard) -> None:
    at = card.validation.get("threshold")
    st.markdown(f"**On {card.validation.get('n', 0):,} validation films**")
    rows = [
        {"Measure": NAMES.get(name, plain(name)), "Value (95 % interval)": interval(metric)}
        for name, metric in card.metrics.items()
    ]
    st.table(rows, hide_index=True, alt=f"Validation metrics of {card.title}")
    if at:
        st.caption(f"The rates and the heatmap's hits are measured at the operating point {at}.")


def _points(card: ModelCard) -> None:
    st.markdown("**Operating points**")
    rows = [
        {
            "Name": point.name.replace("at least", "≥"),
            "Threshold": percent(point.threshold, 1),
            "Sens.": percent(point.sensitivity),
            "Spec.": percent(point.specificity),
            "PPV": percent(point.ppv),
        }
        for point in card.operating_points
    ]
    st.table(rows, hide_index=True, alt=f"Operating points of {card.title}")


def _subgroups(card: ModelCard) -> None:
    groups = card.details.get("subgroups")
    if not groups:
        return
    st.markdown("**By kind of film**")
    rows = [
        {
            "Films": plain(name).capitalize(),
            "AUROC": score(group["auroc"]),
            "n": f"{group['n']:,}",
            "Fractured": f"{group['fractured']:,}",
        }
        for name, group in groups.items()
    ]
    st.table(rows, hide_index=True, alt=f"AUROC of {card.title} by kind of film")


def _besides(card: ModelCard) -> None:
    extras = {name: card.details[name] for name in ("gate", "exhibits") if name in card.details}
    rows = [
        {"Measured besides": plain(name.replace("_", " ")).capitalize(), "Value": plain(text)}
        for name, text in _leaves(extras)
    ]
    if rows:
        st.table(rows, hide_index=True, alt=f"What else was measured of {card.title}")


def _leaves(entry: object, name: str = "") -> Iterator[tuple[str, str]]:
    """Every number and text of a nested entry, named by the way to it."""
    if isinstance(entry, dict):
        for key, value in entry.items():
            yield from _leaves(value, f"{name}, {key}" if name else str(key))
    else:
        yield name, f"{entry:.3f}" if isinstance(entry, float) else str(entry)


def _origin(card: ModelCard) -> None:
    details = card.details
    data, training = details.get("training_data", {}), details.get("training", {})
    facts = {
        "Trained on": f"{data.get('name', 'not stated')}, {data.get('n', 0):,} films",
        "Validated on": card.validation.get("data"),
        "Licence": details.get("licence"),
        "Started from": details.get("weights_started_from"),
        "Training": ", ".join(f"{name} {value}" for name, value in training.items()),
        "Input": f"{card.input.size} × {card.input.size} px, letterboxed, "
        f"{len(card.input.mean)} channel{'s' if len(card.input.mean) > 1 else ''}",
        "Heatmap": card.heatmap,
        "Flipped copy averaged in": "yes" if card.flips else "no",
        "Seed": details.get("seed"),
        "Commit": details.get("commit"),
        "Date": details.get("date"),
        "File": f"{_megabytes(card)}, sha256 {card.sha256}",
    }
    st.markdown("**Where it comes from**")
    st.markdown(
        "\n".join(
            f"- {name}: {plain(str(text))}" for name, text in facts.items() if text or text == 0
        )
    )


def _megabytes(card: ModelCard) -> str:
    try:
        return f"{card.weights.stat().st_size / 1e6:.1f} MB"
    except OSError:
        return "missing"

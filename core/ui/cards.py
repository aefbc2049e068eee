"""Model cards as a reader meets them."""

from collections.abc import Mapping, Sequence

import streamlit as st

from core import inpaint
from core.lesions import DIAGNOSES
from core.models import ModelCard
from core.ui import sketch_quality
from core.ui.origin import LESIONS, seen
from core.ui.words import interval, percent, plain, score

NAMES = {
    "auroc": "AUROC",
    "average_precision": "Average precision",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "brier": "Brier score (lower is better)",
    "ece": "Calibration error (lower is better)",
    "pointing_game": "Heatmap points into a fracture box",
    "qwk": "Quadratic weighted kappa",
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy",
    "mae": "Mean error, in grades (lower is better)",
    **{f"recall_{grade}": f"Recall of grade {grade}" for grade in range(5)},
    "iou": "Overlap with the true outline (IoU), mean",
    "iou_median": "Overlap with the true outline (IoU), median",
    "dice": "Dice score, mean",
    "found": "Outlines that overlap by at least half",
    "false_alarms": "Films without artefacts on which some are suggested",
    **{f"recall_{one.code}": f"Recall: {one.name.lower()}" for one in DIAGNOSES},
}


# Task → the metrics of its overview, by the heading of their column; the first ranks.
COLUMNS = {
    "fracture": {"AUROC (95 % interval)": "auroc", "Heatmap points right": "pointing_game"},
    "severity": {
        "Weighted kappa (95 % interval)": "qwk",
        "Accuracy": "accuracy",
        "Mean error, grades": "mae",
    },
    "inpaint": {
        "PSNR, hardware (95 % interval)": "psnr_hardware_model",
        "PSNR, strokes": "psnr_strokes_model",
        "L1, centre": "l1_centre_model",
    },
    "artefact": {"Dice (95 % interval)": "dice", "False alarms": "false_alarms"},
    "sketch": {
        "Fréchet distance (lower is better)": "fid",
        "that of real pictures": "fid_floor",
        "Balanced accuracy": "balanced_accuracy",
        "Overlap with the sketch": "mask_iou",
        "Diversity": "diversity",
    },
    "lesion": {
        "Balanced accuracy (95 % interval)": "balanced_accuracy",
        "Accuracy": "accuracy",
        "AUROC": "auroc",
    },
    "segment": {"Overlap, IoU (95 % interval)": "iou", "Dice": "dice"},
}
HOLES = {"hardware": "Hardware", "strokes": "Strokes", "centre": "Centre"}
MEASURES = {"psnr": "PSNR, dB", "l1": "L1, grey levels", "ssim": "SSIM"}


def overview(cards: Sequence[ModelCard], task: str) -> None:
    """One row a model of one task: what it is, how big, how good."""
    rows = [
        {
            "Model": plain(card.title),
            **{title: _metric(card, name) for title, name in COLUMNS[task].items()},
            seen(task).capitalize(): f"{card.measured_on:,}",
            "Input": f"{card.details.get('largest_view', card.input.size)} px",
            "File": _megabytes(card),
        }
        for card in cards
    ]
    st.table(rows, hide_index=True, alt=f"The published {task} models, best first")


def full(card: ModelCard) -> None:
    """Everything a card says, under headings."""
    st.markdown(plain(card.summary))
    if notes := card.details.get("notes"):
        lines = plain(str(notes)).replace("\n", "  \n")  # each stays a line of its own
        st.markdown(f"**Notes**  \n{lines}")
    if card.task == "inpaint":
        _fills(card)
        _origin(card)
        return
    if card.task == "sketch":
        sketch_quality.table([card])
        sketch_quality.recalls([card])
        _origin(card)
        return
    left, right = st.columns(2, gap="medium")
    with left:
        _metrics(card)
    with right:
        if card.operating_points:
            _points(card)
        _subgroups(card)
    _leak(card)
    _gate(card)
    _origin(card)


def _metrics(card: ModelCard) -> None:
    at = card.validation.get("threshold")
    st.markdown(f"**On {card.measured_on:,} validation {seen(card.task)}**")
    rows = [
        {"Measure": NAMES.get(name, plain(name)), "Value (95 % interval)": interval(metric)}
        for name, metric in card.metrics.items()
    ]
    st.table(rows, hide_index=True, alt=f"Validation metrics of {card.title}")
    if at:
        st.caption(f"The rates and the heatmap's hits are measured at the operating point {at}.")


def _metric(card: ModelCard, name: str) -> str:
    """One metric with its interval: a share as .934, others as 12.3."""
    one_digit = name.startswith(("psnr", "l1", "fid", "diversity"))
    written = interval(card.metrics.get(name), "{:.1f}".format if one_digit else score)
    # A network of the middle alone can fill few of the holes: its number is of those.
    n, holes = card.measured_on, card.validation.get("holes", {})
    few = next((holes[kind] for kind in HOLES if f"_{kind}_" in name and kind in holes), n)
    return written if few == n or name not in card.metrics else f"{written}, n = {few:,}"


def _fills(card: ModelCard) -> None:
    """How near fills come to the truth, by kind of hole and method."""
    methods = {"model": plain(card.title)} | inpaint.CLASSICAL
    holes = card.validation.get("holes", {})
    st.markdown(f"**Inside the hole, on {card.measured_on:,} validation films**")
    rows = [
        {"Hole": title, "Measure": measure}
        | {method: _metric(card, f"{of}_{kind}_{name}") for name, method in methods.items()}
        for kind, title in HOLES.items()
        if kind in holes
        for of, measure in MEASURES.items()
    ]
    st.table(rows, hide_index=True, alt=f"How near the fills of {card.title} come to the truth")
    st.caption(
        "PSNR and SSIM: the higher the better. L1, the mean error of 255 grey levels: the lower. "
        "Hardware: drawn implants. Strokes: of a brush. Centre: the middle of the film, 162 by 112 "
        "of 224 pixels. No grain is added. In brackets, 95 % intervals."
    )


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


GATED = {"severity": "a knee film", "segment": "a photo of a lesion"}


def _gate(card: ModelCard) -> None:
    gate = card.details.get("gate")
    if not gate:
        return
    films = seen(card.task)
    st.markdown(f"**Is it {GATED.get(card.task, 'a bone X-ray')} at all?**")
    st.caption(
        f"The gate lets {percent(gate['passing'])} of {gate[f'val {films}']:,} validation {films} "
        "pass."
    )
    rows = [
        {"Images": plain(kind.replace("_", " ")).capitalize()}
        | ({"AUROC": score(found["auroc"])} if "auroc" in found else {})
        | {"Refused": percent(found["refused"]), "n": f"{found['n']:,}"}
        for kind, found in gate.get("against", {}).items()
    ]
    if rows:
        st.table(rows, hide_index=True, alt=f"The gate of {card.title} against other images")
        st.caption("None of these images was learned from.")


def _leak(card: ModelCard) -> None:
    exhibit = card.details.get("exhibit")
    if not exhibit:
        return
    st.markdown("**What a leak would have claimed**")
    st.caption(
        "The stack was once published with a first stage that had seen the test films. Fitted that "
        "way on purpose, it scores as in the second row; it has learned nothing more."
    )
    ways = {
        "out_of_fold": "First stage saw training films only, out of fold",
        "first_stage_saw_val": "First stage saw the validation films too",
    }
    rows = [
        {"Way": ways[way], "AUROC": score(found["auroc"]), "Accuracy": score(found["accuracy"])}
        for way, found in exhibit.items()
    ]
    st.table(rows, hide_index=True, alt=f"{card.title}, fitted honestly and with a leak")


def _origin(card: ModelCard) -> None:
    details = card.details
    data, training = details.get("training_data", {}), details.get("training", {})
    facts = {
        "Trained on": f"{data.get('name', 'not stated')}, {data.get('n', 0):,} {seen(card.task)}",
        "Validated on": card.validation.get("data"),
        "Licence": details.get("licence"),
        "Started from": details.get("weights_started_from"),
        "Training": ", ".join(f"{name} {value}" for name, value in training.items()),
        "Run": details.get("run"),
        "Checked": _checked(details.get("check", {})),
        "Input": _input(card),
        **_reading(card),
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


def _checked(check: Mapping[str, Mapping[str, float]]) -> str:
    """How near the exported file comes to what was trained."""
    known = {"torch": "torch", "stages": "both of its stages"}
    return "; ".join(
        f"against {whom} on {check[name]['n']} validation inputs, largest difference "
        f"{check[name]['largest_difference']:.1g}"
        for name, whom in known.items()
        if name in check
    )


def _input(card: ModelCard) -> str:
    if card.task == "inpaint":
        return f"{card.details.get('view')}, at most {card.details.get('largest_view')} px a side"
    channels = len(card.input.mean)
    size = f"{card.input.size} × {card.input.size} px"
    if card.task in LESIONS:
        return f"{size}, {'a sketch' if card.task == 'sketch' else 'the middle square, in colour'}"
    return f"{size}, letterboxed, {channels} channel{'s' if channels > 1 else ''}"


def _reading(card: ModelCard) -> dict[str, str]:
    """What is to be known of a network that reads films, not of one that fills or paints them."""
    if card.task == "inpaint" or card.heatmap == "none":
        return {}
    flipped = "yes, but not in the scores of its training" if card.flips else "no"
    return {"Heatmap": card.heatmap, "Flipped copy averaged in": flipped}


def _megabytes(card: ModelCard) -> str:
    try:
        return f"{card.weights.stat().st_size / 1e6:.1f} MB"
    except OSError:
        return "missing"

"""How far the readings of a film agree: in numbers, and on a map of where they differ."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from core.annotations import Film, Reading
from core.artefacts import LABELS, Annotation
from core.ui import cached_readings, reader_maps
from core.ui.cached_readings import WHOLE as WHOLE_FILM
from core.ui.cached_readings import Ground
from core.ui.overlay import TALLEST
from core.ui.reader_maps import Look
from core.ui.words import SPACE, score

ALL = "All labels"
WHOLE, NEAR = "Whole film", "Around the marks"
DIFFER, EACH = "Where they differ", "Each reader"
BESIDE = 3  # readers' pictures in a row
EVERYBODY = (-1, -1)  # the choice of a map of all readers, and of no two of them


@st.fragment
def compare(readings: Sequence[Reading], names: dict[int, str], film: Film, ground: Ground) -> None:
    """The map of one or more readings, and a table of every two. names: of the readers, by the
    readings' ids. What is chosen here reruns nothing else."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        each = _each(readings)
        label = "" if each else _label(readings, film)
        which = EVERYBODY if each else _which(readings, names)
        near = _part()
    found = cached_readings.compared(readings, film, label)
    if not found.counts.any():
        st.info(
            "None of the readers marked anything on this film."
            if not label
            else f"None of the readers marked this label: {LABELS[label]}."
        )
    place = found.around if near else WHOLE_FILM
    if each:
        _drawings(readings, names, film, ground, place)
        return
    kinds, looks = _map(readings, names, film, label, which, found.counts)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        key = (ground.key, cached_readings.names(readings), label, which, near)
        picture = cached_readings.picture(
            key, lambda: reader_maps.map_picture(ground.grey[place], kinds[place], looks)
        )
        _picture(picture, ground.grey[place].shape, kinds, looks, film)
    with right:
        if len(readings) > 1:
            _agreement(readings, names, found, film)
        _legend(kinds, looks)


def _each(readings: Sequence[Reading]) -> bool:
    """Whether every reader's drawing is looked at by itself."""
    if len(readings) == 1:
        return True
    chosen = st.segmented_control(
        "Show",
        [DIFFER, EACH],
        default=DIFFER,
        required=True,
        key="annotate-review-show",
        persist_state="session",
    )
    return chosen == EACH


def _drawings(
    readings: Sequence[Reading],
    names: dict[int, str],
    film: Film,
    ground: Ground,
    place: tuple[slice, slice],
) -> None:
    for first in range(0, len(readings), BESIDE):
        row = readings[first : first + BESIDE]
        for column, reading in zip(st.columns(BESIDE, gap="small"), row, strict=False):
            with column:
                key = cached_readings.names((reading,))
                labels = [label for label in cached_readings.said(reading, film).pixels if label]
                who = f"reader {_letter(names, reading)}"
                drawn(ground, reading.annotation, key, labels, place, who, film)
                st.caption(names[reading.id])


def drawn(
    ground: Ground,
    annotation: Annotation,
    key: tuple,
    labels: Sequence[str],
    place: tuple[slice, slice],
    who: str,
    film: Film,
) -> None:
    """What one annotation, told from others by `key`, marks with `labels` in a part of a film."""
    marked = ", ".join(LABELS[label].lower() for label in labels) or "nothing"
    st.image(
        cached_readings.picture(
            (ground.key, key, str(place)),
            lambda: reader_maps.as_drawn(ground.grey, annotation.strokes, place),
        ),
        alt=f"X-ray film {film.name} with what {who} marked: {marked}",
    )


def _label(readings: Sequence[Reading], film: Film) -> str:
    used = {label for reading in readings for label in cached_readings.said(reading, film).pixels}
    return st.selectbox(
        "Label",
        ["", *(label for label in LABELS if label in used)],
        format_func=lambda label: LABELS.get(label, ALL),
        key=f"annotate-review-label-{film.sha256}",
        persist_state="session",
        width=200,
        help="All labels joined, or one by itself.",
    )


def _which(readings: Sequence[Reading], names: dict[int, str]) -> tuple[int, int]:
    """The readings on the map, by their places: all of them, or two beside each other."""
    pairs = [(one, other) for other in range(len(readings)) for one in range(other)]
    if len(readings) == 2:
        return pairs[0]
    return st.selectbox(
        "On the map",
        [EVERYBODY, *sorted(pairs)],
        format_func=lambda pair: (
            f"All {len(readings)} readers"
            if pair == EVERYBODY
            else " and ".join(_letter(names, readings[at]) for at in pair)
        ),
        key=f"annotate-review-pair-{readings[0].sha256}",
        persist_state="session",
        width=180,
    )


def _part() -> bool:
    return (
        st.segmented_control(
            "Part of the film",
            [WHOLE, NEAR],
            default=WHOLE,
            required=True,
            key="annotate-review-part",
            persist_state="session",
        )
        == NEAR
    )


def _map(
    readings: Sequence[Reading],
    names: dict[int, str],
    film: Film,
    label: str,
    which: tuple[int, int],
    counts: np.ndarray,
) -> tuple[np.ndarray, tuple[Look, ...]]:
    """The kind of every place, and how each kind looks."""
    if which == EVERYBODY:
        return counts, reader_maps.count_looks(len(readings))
    one, other = (readings[at] for at in which)
    looks = reader_maps.pair_looks(_letter(names, one), _letter(names, other))
    return cached_readings.sides(one, other, film, label), looks


def _letter(names: dict[int, str], reading: Reading) -> str:
    return names[reading.id].partition(" ")[0]


def _picture(
    picture: bytes,
    shape: tuple[int, int],
    kinds: np.ndarray,
    looks: Sequence[Look],
    film: Film,
) -> None:
    told = ", ".join(
        f"{look.words}: {int((kinds == kind).sum()):,} pixels" for kind, look in enumerate(looks, 1)
    )
    st.image(
        picture,
        width=min(900, round(TALLEST * shape[1] / shape[0])),
        alt=f"X-ray film {film.name} with what its readers marked. {told}",
    )


def _legend(kinds: np.ndarray, looks: Sequence[Look]) -> None:
    st.markdown("**On the map**")
    for kind, look in enumerate(looks, 1):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.image(reader_maps.swatch(look), width=36, alt=f"Pattern of: {look.words}")
            pixels = int((kinds == kind).sum())
            st.caption(f"{look.words}: {pixels:,}{SPACE}px", width="content")


def _agreement(
    readings: Sequence[Reading],
    names: dict[int, str],
    found: cached_readings.Compared,
    film: Film,
) -> None:
    st.markdown("**Agreement**")
    rows = []
    for (one, other), pair in found.pairs.items():
        rows.append(
            {
                "Readers": f"{_letter(names, readings[one])}, {_letter(names, readings[other])}",
                "Dice": score(pair.dice),
                "95 % Hausdorff": _distance(pair.hd95_px, pair.hd95_mm),
                "Areas": f"{pair.area_a:,}; {pair.area_b:,}{SPACE}px",
            }
        )
    st.table(rows, hide_index=True, alt="Agreement of every two readers")
    one_film = f"This film only, n{SPACE}={SPACE}1"
    st.caption(
        "Dice: twice the overlap by the sum of areas, 1 is the same. 95 % Hausdorff: 95 in 100 "
        "pixels of either outline lie at most so far from the other's. "
        + (one_film if film.spacing_mm else f"The film tells no size in mm. {one_film}")
        + "."
    )


def _distance(px: float | None, mm: float | None) -> str:
    if px is None:
        return "none: one is empty"
    return f"{px:.1f}{SPACE}px" + (f", {mm:.1f}{SPACE}mm" if mm is not None else "")

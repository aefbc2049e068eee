"""What every method made of one hole: the pictures, how near each comes to the truth, its file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from core import disagreement
from core.export import stamp
from core.fidelity import fidelity
from core.images import display_name
from core.inpaint import BadHole
from core.models import BadModel
from core.repair_samples import Repair
from core.ui import cached_fills, fill_pictures
from core.ui.batch import as_csv
from core.ui.cached_fills import Hole, Method
from core.ui.film import Film
from core.ui.linked_pictures import Picture, Row, linked_pictures
from core.ui.source import Entry
from core.ui.verdict import is_inverted
from core.ui.words import SPACE, duration, percent, plain, score


@dataclass(frozen=True, eq=False)
class Filling:
    """What a method made of a hole: the film (H, W) uint8 as displayed, the time, and how near it
    comes to the truth (see `core.fidelity`), or nothing where that is not known."""

    method: Method
    grey: np.ndarray
    seconds: float
    near: dict[str, float]


def show(
    entry: Entry,
    film: Film,
    repair: Repair | None,
    hole: Hole,
    known: str,
    methods: Sequence[Method],
) -> None:
    """The fills, how near each comes to the truth where that is known, and their table.

    known: the truth under the mask is the `repair`'s ("drawn"), the film itself ("film"), or not
    known (""). Raises OSError where the film's file is gone.
    """
    inverted = is_inverted(film.sha256, film.negative)
    image = cached_fills.image(entry, film.sha256)
    before = film.shown(inverted)
    truth = {
        "drawn": lambda: cached_fills.displayed(image, repair.clean, inverted),
        "film": lambda: before,
        "": lambda: None,
    }[known]()
    fillings, refused = _filled(image, hole, methods, inverted, truth)
    if not fillings:
        st.markdown("\n".join(refused))
        return
    apart = np.stack([filling.grey[hole.mask] for filling in fillings], 1)
    gap = float(disagreement.mean_gap(apart).mean())
    share = percent(float(hole.mask.mean()), 1)
    st.subheader(
        f"{len(fillings)} {'fill' if len(fillings) == 1 else 'fills'} of {share} of the film",
        anchor=False,
    )
    place = fill_pictures.around(hole.mask)
    made = [_before(film, before, hole.mask, place)]
    if known == "drawn":
        alt = f"The part round the mask on {film.name} without hardware"
        made.append(Picture(truth[place], "Truth", ("what lies under the hardware",), alt))
    made += [_picture(film, filling, place) for filling in fillings]
    note = f"Inside the mask two methods are {gap:.1f} of 255 grey levels apart on average."
    rows = [Row(display_name(entry.name), note * (len(fillings) > 1), tuple(made))]
    linked_pictures(rows, "lightbox-compare-inpaint")
    _table(fillings, known)
    if refused:
        st.markdown("\n".join(refused))


def _filled(image, hole: Hole, methods, inverted: bool, truth) -> tuple[list[Filling], list[str]]:
    """Every method's fill, nearest to the truth first where that is known; and why the others
    cannot fill this hole."""
    found, refused = [], []
    for method in methods:
        try:
            with st.spinner(f"Filling by {method.title}"):
                filled = cached_fills.fill(image, hole, method, inverted)
        except (BadHole, BadModel) as error:
            named = error.reason.startswith(method.title)
            refused.append(f"- {'' if named else f'{plain(method.title)}: '}{plain(error.reason)}")
            continue
        grey = cached_fills.displayed(image, filled.pixels, inverted)
        near = {} if truth is None else fidelity(grey, truth, hole.mask)
        found.append(Filling(method, grey, filled.seconds, near))
    return sorted(found, key=lambda filling: -filling.near.get("psnr", 0)), refused


def _before(film: Film, before: np.ndarray, mask: np.ndarray, place) -> Picture:
    alt = f"The part round the mask on {film.name}, with a line round the mask"
    outlined = fill_pictures.outlined(before[place], mask[place])
    return Picture(outlined, "Before", ("the line goes round the mask",), alt)


def _picture(film: Film, filling: Filling, place) -> Picture:
    title, near = filling.method.title, filling.near
    lines = (f"PSNR {near['psnr']:.1f}{SPACE}dB, L1 {near['l1']:.1f}",) if near else ()
    return Picture(
        stamp(filling.grey[place]),
        title,
        (*lines, "Synthetic: made up by a program"),
        f"The part round the mask on {film.name}, filled by {title}",
    )


def _table(fillings: Sequence[Filling], known: str) -> None:
    rows = [
        {
            "Method": plain(filling.method.title),
            **_near(filling.near),
            "Time": duration(filling.seconds),
        }
        for filling in fillings
    ]
    st.table(pd.DataFrame(rows), hide_index=True, alt="Every method on this mask")
    st.download_button(
        "Download results (CSV)",
        lambda: as_csv(
            [
                {
                    "method": filling.method.name,
                    **{name: round(value, 4) for name, value in filling.near.items()},
                    "seconds": round(filling.seconds, 3),
                }
                for filling in fillings
            ]
        ),
        "lightbox-compare-inpaint.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
    )
    st.caption(_SAID[known] + " How each method does on many films is on the Models page.")


def _near(near: Mapping[str, float]) -> dict[str, str]:
    if not near:
        return {}
    return {
        "L1": f"{near['l1']:.1f}",
        "PSNR": f"{near['psnr']:.1f}{SPACE}dB",
        "SSIM": score(near["ssim"]),
    }


_MEASURES = (
    "inside the mask. L1: mean error, in grey levels of 255. PSNR: the higher the better, and the "
    "order above. SSIM: 1 is the same. This film only, n = 1."
)
_SAID = {
    "drawn": f"Measured against the film without its drawn hardware, {_MEASURES}",
    "film": f"Measured against the film as it was, {_MEASURES}",
    "": "What lies under this mask is not known, so nothing is measured: a fill may look right and "
    "be wrong.",
}

"""A fill as a reader meets it: before and after, what changed, how near the truth, its files."""

import hashlib
from dataclasses import dataclass
from functools import partial

import numpy as np
import streamlit as st

from core import export, mask_files
from core.fidelity import fidelity
from core.images import MedicalImage
from core.inpaint import Filled
from core.intake import recognise
from core.masks import to_json
from core.ui import cached_fills, fill_pictures
from core.ui.cached_fills import Hole, Method
from core.ui.curtain import curtain
from core.ui.fill_orders import Order
from core.ui.film import Film
from core.ui.overlay import TALLEST
from core.ui.words import SPACE, duration, percent, plain, score

CURTAIN, DIFFERENCE = "Before and after", "Difference"
WHOLE, NEAR = "Whole film", "Around the fill"
MARK = "inpaint-mark"
GAINS = (1, 2, 4, 8)
FILES = {
    "png": ("PNG", "image/png"),
    "tiff": ("TIFF", "image/tiff"),
    "dicom": ("DICOM", "application/dicom"),
}


@dataclass(frozen=True, eq=False)
class Result:
    """A fill that was asked for, with the film it was made of.

    before, after, truth: (H, W) uint8 as displayed; truth is None where it is not known.
    """

    film: Film
    image: MedicalImage
    order: Order
    hole: Hole
    method: Method
    filled: Filled
    before: np.ndarray
    after: np.ndarray
    truth: np.ndarray | None

    @property
    def key(self) -> str:
        """Tells this fill from others of the film."""
        # Not the method's sha256 in the order: another may be published under its name by now.
        order, method = self.order, self.method
        return f"{order.mask_sha256}-{method.name}-{method.sha256}-{order.grain}"

    @classmethod
    def of(
        cls,
        film: Film,
        image: MedicalImage,
        order: Order,
        method: Method,
        clean: np.ndarray | None,
    ) -> "Result":
        """Work out an order, or take it as it was kept. `clean` is the film without hardware, like
        the image's pixels. Raises BadHole and BadModel."""
        hole, inverted = order.hole, order.inverted
        filled = cached_fills.fill(image, hole, method, inverted, order.grain)
        return cls(
            film,
            image,
            order,
            hole,
            method,
            filled,
            film.shown(inverted),
            cached_fills.displayed(image, filled.pixels, inverted),
            None if clean is None else cached_fills.displayed(image, clean, inverted),
        )


@st.fragment
def show(result: Result, data: bytes) -> None:
    """The fill, what is known of it, and its files. `data` is the film's file."""
    st.subheader(f"Filled by {plain(result.method.title)}", anchor=False)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        _pictures(result)
    with right:
        _facts(result)
        _files(result, data)


def _pictures(result: Result) -> None:
    with st.container(horizontal=True, gap="small"):
        view = st.segmented_control(
            "View",
            [CURTAIN, DIFFERENCE],
            default=CURTAIN,
            required=True,
            key="inpaint-view",
            persist_state="session",
            label_visibility="collapsed",
        )
        part = st.segmented_control(
            "Part of the film",
            [WHOLE, NEAR],
            default=WHOLE,
            required=True,
            key="inpaint-part",
            persist_state="session",
            label_visibility="collapsed",
        )
    mask = result.hole.mask
    place = fill_pictures.around(mask) if part == NEAR else (slice(None), slice(None))
    before, name = result.before[place], f"X-ray film {result.film.name}"
    width = min(1000, round(TALLEST * before.shape[1] / before.shape[0]))
    of_part = ", the part around the fill" if part == NEAR else ""
    if view == CURTAIN:
        after = export.stamp(result.after) if st.session_state.get(MARK, True) else result.after
        curtain(
            fill_pictures.plain(before),
            fill_pictures.plain(after[place]),
            ("Before", "After"),
            (f"{name}{of_part}", f"{name} with the mask filled in{of_part}"),
            width,
            f"inpaint-curtain-{result.film.sha256}-{part}",
        )
        st.caption("Drag across the film, or use the slider and the arrow keys.")
        return
    gain = st.segmented_control(
        "Enlarged",
        GAINS,
        default=4,
        required=True,
        format_func=lambda gain: f"{gain}×",
        key="inpaint-gain",
        persist_state="session",
    )
    picture = fill_pictures.difference(before, result.after[place], mask[place], gain)
    st.image(picture, width=width, alt=f"What the fill changed on {name}{of_part}")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(f"{255 // gain} grey levels darker", width="content")
        st.image(fill_pictures.legend(160, 12), width=160, alt="Scale from blue to orange")
        st.caption(f"{255 // gain} brighter than before", width="content")
    changed = result.after[mask].astype(int) - result.before[mask]
    st.caption(
        f"Inside the mask the film is {abs(changed.mean()):.0f} of 255 grey levels "
        f"{'darker' if changed.mean() < 0 else 'brighter'} on average than before. Outside, "
        "nothing changed"
        + (" but for the corner mark." if st.session_state.get(MARK, True) else ".")
    )


def _facts(result: Result) -> None:
    filled, pixels = result.filled, int(result.hole.mask.sum())
    with st.container(border=True):
        holes = "one hole" if filled.holes == 1 else f"{filled.holes} holes, one by one"
        st.markdown(
            f"{pixels:,} pixels, {percent(pixels / result.hole.mask.size, 1)} of the film, were "
            f"filled as {holes}, in {duration(filled.seconds)}. All others are as in the file, to "
            "the last bit, but for the corner mark where that is on."
        )
        if filled.scale < 1:
            st.markdown(
                f"The largest hole was filled at {percent(filled.scale)} of the film's resolution "
                "and enlarged: finer detail than that is missing in it."
            )
        if result.truth is not None:
            _truth(result)
        st.warning(
            "What is filled in is invented from what surrounds it. It may look right and be wrong.",
            icon=":material/warning:",
        )


def _truth(result: Result) -> None:
    st.markdown("**Inside the mask, against the truth**")
    rows = {"As shown": result.after}
    if result.order.grain:
        bare = cached_fills.fill(
            result.image, result.hole, result.method, result.order.inverted, False
        )
        shown = cached_fills.displayed(result.image, bare.pixels, result.order.inverted)
        rows = {"As shown, with grain": result.after, "Without grain": shown}
    st.table(
        [
            {"Fill": name} | quality(grey, result.truth, result.hole.mask)
            for name, grey in rows.items()
        ],
        hide_index=True,
        alt="How near the fill is to the truth",
    )
    st.caption(
        "L1: mean error, in grey levels of 255. PSNR: the higher the better. SSIM: 1 is the same. "
        "This film only, n = 1."
    )


def quality(grey: np.ndarray, truth: np.ndarray, mask: np.ndarray) -> dict[str, str]:
    """How near a fill comes to the truth inside the mask, as the columns of a table."""
    found = fidelity(grey, truth, mask)
    return {
        "L1": f"{found['l1']:.1f}",
        "PSNR": f"{found['psnr']:.1f}{SPACE}dB",
        "SSIM": score(found["ssim"]),
    }


def _files(result: Result, data: bytes) -> None:
    st.markdown("**Download**")
    marked = st.toggle(
        "Corner mark",
        value=True,
        key=MARK,
        persist_state="session",
        help="Writes SYNTHETIC into the lower right corner of the pixels. Without it the file "
        "still says so in its metadata.",
    )
    sha256, strokes = result.image.sha256, result.order.strokes
    with st.container(horizontal=True, gap="small"):
        for kind, (label, mime) in FILES.items():
            st.download_button(
                label,
                partial(film_file, result, kind, marked, data),
                export.export_name(sha256, "filled", export.ENDINGS[kind]),
                mime,
                key=f"inpaint-{kind}",
                icon=":material/download:",
                help="The film at its own depth",
                on_click="ignore",
            )
    with st.container(horizontal=True, gap="small"):
        for label, told, made, what, ending, mime in (
            ("Mask", "PNG", lambda: mask_files.png(result.hole.mask), "mask", "png", "image/png"),
            (
                "Strokes",
                "JSON, to be opened here again",
                lambda: to_json(strokes, result.order.shape, sha256).encode(),
                "strokes",
                "json",
                "application/json",
            ),
            (
                "What was done",
                "JSON: the film, the mask, the method and the model",
                lambda: export.sidecar(film_statement(result, marked, data)),
                "filled",
                "json",
                "application/json",
            ),
        ):
            st.download_button(
                label,
                made,
                export.export_name(sha256, what, ending),
                mime,
                key=f"inpaint-{label}",
                icon=":material/download:",
                help=told,
                on_click="ignore",
            )
    depth = 8 * result.image.pixels.itemsize
    st.caption(f"The film comes at its own depth, {depth} bit, and says that it is synthetic.")


def film_file(result: Result, kind: str, marked: bool, data: bytes) -> bytes:
    """The filled film as a file of a kind that `core.export` writes. `data` is the film's file."""
    pixels = export.stamp(result.filled.pixels) if marked else result.filled.pixels
    source = data if recognise(data) == "DICOM" else None
    statement = film_statement(result, marked, data)
    return export.film_file(pixels, kind, statement, source, result.image.spacing_mm)


def film_statement(result: Result, marked: bool, data: bytes) -> dict:
    """What was done, of `core.export`; `marked` says whether the corner mark is on. `data` is the
    film's file, or the copy of it that a worklist keeps."""
    card, sha256 = result.method.card, hashlib.sha256(data).hexdigest()
    return export.statement(
        result.image,
        result.hole.mask,
        result.method.name,
        result.method.title,
        model=card.name if card else None,
        model_sha256=card.sha256 if card else None,
        seed=cached_fills.SEED if result.order.grain else None,
        grain=result.order.grain,
        stamped=marked,
        inverted=result.order.inverted,
        holes=result.filled.holes,
        scale=result.filled.scale,
        copy_sha256=sha256 if sha256 != result.image.sha256 else None,
        now=result.order.at,
    )

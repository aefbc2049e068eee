"""Where a mask is drawn and the fill is asked for."""

import numpy as np
import streamlit as st

from core.drawing import Drawing
from core.images import MedicalImage
from core.inpaint import BadHole
from core.masks import BadMask, rasterise
from core.models import BadModel
from core.outlines import traced
from core.ui import cached_fills, canvas, easel, fill_orders, mask_tools, origin, presses, sheet
from core.ui.cached_fills import Hole, Method
from core.ui.choices import INPAINT
from core.ui.fill_orders import Order, Used
from core.ui.film import Film
from core.ui.mask_tools import Tool
from core.ui.source import Start
from core.ui.words import plain

KEY = INPAINT.name  # of the canvas
GRAIN, PRESSED, LAID = "inpaint-grain", "inpaint-pressed", "inpaint-laid"
USE = "Use the worklist's mask"
WITHOUT_NETWORKS = (
    "No network that fills is published here, only the classical methods: restore the folder "
    "checkpoints/inpaint, or train one with python -m trainers.inpaint."
)
ABOUT = {
    "ns": "Carries the grey levels on along their lines into the hole (Bertalmio and others 2001).",
    "telea": "Fills from the rim inwards with means of what is near (Telea 2004).",
    "biharmonic": "The smoothest surface that meets the rim without a bend; slow on large holes.",
}


def choose_method(methods: dict[str, Method]) -> Method:
    """The method chooser, with what is known of the chosen one."""
    if not any(method.card for method in methods.values()):
        st.info(WITHOUT_NETWORKS, icon=":material/info:")
    name = st.selectbox(
        "Method",
        list(methods),
        format_func=lambda name: methods[name].title + " (classical)" * (not methods[name].card),
        key=INPAINT.model,
        persist_state="session",
    )
    method = methods[name]
    card = method.card
    st.caption(f"{plain(card.summary)} {origin.measured(card)}" if card else ABOUT[name])
    return method


@st.fragment
def desk(
    film: Film,
    image: MedicalImage,
    inverted: bool,
    method: Method,
    truth: np.ndarray | None,
    start: Start | None = None,
) -> None:
    """The canvas, the tools beside it and the button; strokes rerun nothing else.

    truth: (H, W) bool, where the hardware of a sample lies. start: a worklist's mask, which is laid
    onto a film on which nothing was drawn.
    """
    grey = film.shown(inverted)
    drawn_on, tools = st.columns([3, 2], gap="medium")
    with tools:
        mask_tools.work(KEY, film)
    with drawn_on:
        drawing = canvas.canvas(grey, film.sha256, film.name, KEY)
    if start and _lays(film, drawing, start):
        st.rerun()
    hole = Hole.of(rasterise(drawing.strokes, grey.shape))
    if drawing.strokes:
        fill_orders.use(film.sha256, Used(film.name, grey.shape, drawing.strokes))
    with tools:
        further = (Tool(USE, ":material/checklist:", _of(start), lambda mask: start.mask),)
        mask_tools.tools(KEY, film, inverted, drawing, method, truth, further if start else ())
        st.markdown("**Fill it**")
        grain = st.toggle(
            "Match the film's grain",
            value=True,
            key=GRAIN,
            persist_state="session",
            help="Adds fine noise as strong as the film's. It is invented: it looks right, and "
            "measured against the truth it makes the fill a little worse.",
        )
        st.button(
            "Fill",
            type="primary",
            icon=":material/healing:",
            width="stretch",
            key=f"{KEY}-fill",
            on_click=presses.press,
            args=(PRESSED, film.sha256),
        )
        if presses.waiting(PRESSED, film.sha256):
            order = Order.now(drawing.strokes, hole, method, inverted, grain)
            with presses.doing(PRESSED, film.sha256):
                filled = _fill(image, order, hole, method)
            if filled:
                st.rerun()
        if reason := fill_orders.refusal(film.sha256, hole, method):
            st.error(reason, icon=":material/error:")
    order = fill_orders.last(film.sha256)
    changed = order.changes(hole, method, inverted, grain) if order else []
    if changed:
        st.warning(
            f"What is shown below is older: {' and '.join(changed)} changed since. Press Fill to "
            "fill again.",
            icon=":material/update:",
        )


def _of(start: Start | None) -> str:
    return f"Of {plain(start.whose)}." if start else ""


def _lays(film: Film, drawing: Drawing, start: Start) -> bool:
    """Whether a worklist's mask is now laid onto a film: where nothing was drawn, here or in what
    the browser kept, or only another mask was laid so."""
    if not sheet.of(KEY, film.sha256).recalled:
        return False
    mask = Hole.of(start.mask).sha256
    laid, revision = st.session_state.get(f"{LAID}-{film.sha256}", ("", 0))
    fresh = not (drawing.strokes or drawing.revision) and not laid
    if mask == laid or not (fresh or (laid and drawing.revision == revision)):
        return False
    try:
        easel.replace(KEY, film.sha256, traced(start.mask))
    except BadMask:
        return False  # the tool beside says why
    revision = easel.current(KEY, film.sha256).revision
    st.session_state[f"{LAID}-{film.sha256}"] = (mask, revision)
    return True


def _fill(image: MedicalImage, order: Order, hole: Hole, method: Method) -> bool:
    """Fill and keep the order; or keep why not, leave the last one standing, and return False."""
    try:
        with st.spinner("Filling"):
            cached_fills.fill(image, hole, method, order.inverted, order.grain)
    except (BadHole, BadModel) as error:
        fill_orders.refuse(image.sha256, order, error.reason)
        return False
    fill_orders.keep(image.sha256, order)
    return True

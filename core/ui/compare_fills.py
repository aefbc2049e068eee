"""One hole in one film, filled by every method, side by side."""

import re
from collections.abc import Mapping
from functools import partial

import numpy as np
import streamlit as st

from core.images import BadImage, display_name
from core.models import catalogue
from core.repair_samples import Repair
from core.settings import Settings
from core.ui import cached_fills, compare_fill_result, fill_orders, gallery, source
from core.ui.cached_fills import Hole, Method
from core.ui.choices import FILES
from core.ui.compare_choices import names, offer
from core.ui.film import Film
from core.ui.source import Entry
from core.ui.verdict import is_inverted
from core.ui.words import plain

SAMPLE, SOURCE, METHODS = "compare-fill-sample", "compare-fill-source", "compare-fill-methods"
MASK, ACROSS, DOWN = "compare-mask", "compare-across", "compare-down"
FILMS = "Sample film"
DRAWN, METAL, BOX, OWN = "drawn", "metal", "box", "own"
MASKS = {
    DRAWN: "Drawn hardware",
    METAL: "What looks like metal",
    BOX: "A rectangle",
    OWN: "Your mask from Inpaint",
}
FIRST_BOX = {ACROSS: (40, 60), DOWN: (45, 55)}  # percent of the width and of the height
ADDRESS = re.compile(r"(\d{1,3})-(\d{1,3})x(\d{1,3})-(\d{1,3})")


class Fills:
    """The desk of the methods that fill, as `compare_choices.Desk`."""

    def choices(self) -> dict[str, str | None]:
        """As `compare_choices.Desk`."""
        state = st.session_state
        mask = state.get(MASK)
        if mask == BOX:
            sides = (state.get(key, first) for key, first in FIRST_BOX.items())
            mask = "x".join(f"{low}-{high}" for low, high in sides)
        own = state.get(SOURCE) == FILES
        return {
            "sample": None if own else state.get(SAMPLE),
            "mask": None if mask == OWN else mask,
            "models": ",".join(state.get(METHODS, ())),
        }

    def follow(self, asked: Mapping[str, str]) -> list[str]:
        """As `compare_choices.Desk`."""
        state = st.session_state
        if "sample" in asked:
            state[SOURCE], state[SAMPLE] = FILMS, asked["sample"]
        if "models" in asked:
            state[METHODS] = names(asked["models"])
        if "mask" not in asked:
            return []
        if asked["mask"] in (DRAWN, METAL):
            state[MASK] = asked["mask"]
            return []
        box = ADDRESS.fullmatch(asked["mask"])
        x0, x1, y0, y1 = map(int, box.groups()) if box else (1, 0, 1, 0)
        if not (x0 <= x1 <= 100 and y0 <= y1 <= 100):
            return ["The link's mask was left out; another one is used."]
        state[MASK], state[ACROSS], state[DOWN] = BOX, (x0, x1), (y0, y1)
        return []

    def show(self, settings: Settings) -> None:
        """As `compare_choices.Desk`."""
        methods = cached_fills.methods(catalogue(settings.checkpoints, "inpaint"))
        exhibits = gallery.repairs(settings.data)
        left, right = st.columns([3, 2], gap="medium")
        with left:
            entry = _entry(exhibits)
        with right:
            chosen = _methods(methods)
        if entry is None or not chosen:
            st.info("Choose a film and methods above, and their fills appear here.")
            return
        film = entry.film()
        if isinstance(film, BadImage):
            st.error(
                film.reason, title=plain(display_name(entry.name)), icon=":material/broken_image:"
            )
            return
        exhibit = exhibits.get(entry.key)
        try:
            repair = gallery.repair(exhibit.slug, exhibit) if exhibit else None
            with left:
                mask, truth = _mask(film, repair)
            if not mask.any():
                st.info("Nothing on this film looks like metal: choose another mask.")
                return
            compare_fill_result.show(entry, film, repair, Hole.of(mask), truth, chosen)
        except OSError:
            st.error(entry.gone)


def _entry(exhibits: Mapping[str, gallery.Exhibit]) -> Entry | None:
    state = st.session_state
    state.setdefault(SOURCE, FILMS)
    if state.setdefault(SAMPLE, next(iter(exhibits))) not in exhibits:
        st.warning("The sample film that was asked for is not here; another one is shown.")
        state[SAMPLE] = next(iter(exhibits))
    st.segmented_control(
        "Film", [FILMS, FILES], key=SOURCE, required=True, persist_state="session", width="stretch"
    )
    if state[SOURCE] == FILES:
        found = source.upload()
        st.caption("A link reopens the mask and the methods, not your own film.")
        return found[0] if found else None
    slug = st.selectbox(
        "Sample",
        list(exhibits),
        format_func=lambda slug: exhibits[slug].title,
        key=SAMPLE,
        persist_state="session",
    )
    exhibit = exhibits[slug]
    st.caption(exhibit.description)
    return Entry(slug, exhibit.filename, partial(gallery.file, slug, exhibit))


def _methods(methods: Mapping[str, Method]) -> list[Method]:
    anywhere = [name for name, method in methods.items() if not method.middle_only]
    offer(METHODS, list(methods), anywhere or list(methods), "methods")
    chosen = st.multiselect(
        "Methods",
        list(methods),
        format_func=lambda name: methods[name].title,
        key=METHODS,
        persist_state="session",
        placeholder="Choose methods",
    )
    return [method for name, method in methods.items() if name in chosen]


def _mask(film: Film, repair: Repair | None) -> tuple[np.ndarray, str]:
    """The hole (H, W) bool, and what is known of what lies under it: "drawn", "film" or nothing."""
    state, drawn = st.session_state, repair is not None and bool(repair.mask.any())
    order = fill_orders.last(film.sha256)
    missing = [DRAWN] * (not drawn) + [OWN] * (order is None)
    offered = [name for name in MASKS if name not in missing]
    if state.get(MASK) not in offered:
        state[MASK] = DRAWN if drawn else BOX
    st.segmented_control(
        "Mask",
        offered,
        format_func=MASKS.get,
        key=MASK,
        required=True,
        persist_state="session",
        help="Draw a mask of your own on Inpaint and press Fill there: it is offered here, too. A "
        "link does not carry it.",
    )
    boxed = state[MASK] == BOX
    sides = []
    for at, (label, (key, first)) in zip(
        st.columns(2), zip(("across", "down"), FIRST_BOX.items(), strict=True), strict=True
    ):
        state.setdefault(key, first)
        sides.append(
            at.slider(
                f"Rectangle, {label}",
                0,
                100,
                format="%d %%",
                key=key,
                persist_state="session",
                disabled=not boxed,
            )
        )
    if state[MASK] == DRAWN:
        return repair.mask, "drawn"
    known = "drawn" if drawn else "film" if boxed else ""
    if state[MASK] == OWN:
        return order.hole.mask, known
    if boxed:
        return box(film.grey.shape, *sides), known
    return cached_fills.suggestion(film, is_inverted(film.sha256, film.negative)), known


def box(shape: tuple[int, int], across: tuple[int, int], down: tuple[int, int]) -> np.ndarray:
    """A rectangle as a mask (H, W) bool, at least a pixel a side, from percent of both sides."""
    mask, parts = np.zeros(shape, bool), []
    for side, (low, high) in zip(shape, (down, across), strict=True):
        first = min(side - 1, round(side * low / 100))
        parts.append(slice(first, max(first + 1, round(side * high / 100))))
    mask[tuple(parts)] = True
    return mask

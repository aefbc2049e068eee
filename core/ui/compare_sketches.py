"""One outline and one diagnosis, painted by every generator, side by side."""

from collections.abc import Mapping, Sequence

import numpy as np
import streamlit as st

from core.contours import random_contour
from core.lesions import CODES
from core.models import ModelCard, catalogue
from core.settings import Settings
from core.sketch import BadSketch, check, closed, read_sketch
from core.sketch_samples import sketch_samples
from core.ui import compare_sketch_result
from core.ui.compare_choices import names, offer, titles
from core.ui.sketch_orders import LARGEST_SEED, NAMES

SOURCE, SAMPLE, NUMBER = "compare-outline", "compare-sketch-sample", "compare-outline-number"
DIAGNOSIS, SEED, VARIANTS, MODELS = (
    "compare-diagnosis",
    "compare-seed",
    "compare-variants",
    "compare-sketch-models",
)
SAMPLES, CHANCE, SAVED = "Sample", "By chance", "A saved sketch"
BY_SLUG = {sample.slug: sample for sample in sketch_samples()}
BY_CHANCE, NUMBERS = "chance-", 10_000
MOST = 4  # variants


class Sketches:
    """The desk of the generators, as `compare_choices.Desk`."""

    def choices(self) -> dict[str, str | None]:
        """As `compare_choices.Desk`."""
        state = st.session_state
        outline = {
            SAMPLES: state.get(SAMPLE),
            CHANCE: f"{BY_CHANCE}{state.get(NUMBER)}",
        }.get(state.get(SOURCE))
        numbers = {"seed": SEED, "variants": VARIANTS}
        return {
            "sample": outline,
            "diagnosis": state.get(DIAGNOSIS),
            **{name: str(state[key]) if key in state else None for name, key in numbers.items()},
            "models": ",".join(state.get(MODELS, ())),
        }

    def follow(self, asked: Mapping[str, str]) -> list[str]:
        """As `compare_choices.Desk`."""
        state, unknown = st.session_state, []
        sample = asked.get("sample", "")
        number = _whole(sample.removeprefix(BY_CHANCE), 0, NUMBERS - 1)
        if sample in BY_SLUG:
            state[SOURCE], state[SAMPLE] = SAMPLES, sample
        elif sample.startswith(BY_CHANCE) and number is not None:
            state[SOURCE], state[NUMBER] = CHANCE, number
        elif sample:
            unknown.append("The link names an outline that is not here; another one is used.")
        if asked.get("diagnosis") in CODES:
            state[DIAGNOSIS] = asked["diagnosis"]
        elif "diagnosis" in asked:
            unknown.append("The link names a diagnosis that is not known here.")
        for name, key, least, most in (
            ("seed", SEED, 0, LARGEST_SEED),
            ("variants", VARIANTS, 1, MOST),
        ):
            value = _whole(asked.get(name, ""), least, most)
            if value is not None:
                state[key] = value
            elif name in asked:
                unknown.append(f"The link's {name} was left out; another one is used.")
        if "models" in asked:
            state[MODELS] = names(asked["models"])
        return unknown

    def show(self, settings: Settings) -> None:
        """As `compare_choices.Desk`."""
        cards = catalogue(settings.checkpoints, "sketch")
        if not cards:
            st.info(
                "No network that paints lesions is published here: restore the folder "
                "checkpoints/sketch, or train one with python -m trainers.sketch.",
                icon=":material/info:",
            )
            return
        judges = catalogue(settings.checkpoints, "lesion")
        left, right = st.columns(2, gap="medium")
        with left:
            mask = _outline()
        with right:
            chosen, code, seeds = _orders(cards)
        if mask is None or not chosen:
            st.info("Choose an outline and generators above, and their pictures appear here.")
            return
        compare_sketch_result.show(chosen, judges, mask, code, seeds)


def _whole(text: str, least: int, most: int) -> int | None:
    value = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else -1
    return value if least <= value <= most else None


def _outline() -> np.ndarray | None:
    """The lesion (128, 128) bool, or None where none is chosen or it cannot be used."""
    state = st.session_state
    state.setdefault(SOURCE, SAMPLES)
    state.setdefault(SAMPLE, "notched" if "notched" in BY_SLUG else next(iter(BY_SLUG)))
    state.setdefault(NUMBER, 1)
    st.segmented_control(
        "Outline",
        [SAMPLES, CHANCE, SAVED],
        key=SOURCE,
        required=True,
        persist_state="session",
        width="stretch",
    )
    if state[SOURCE] == SAVED:
        return _saved()
    if state[SOURCE] == CHANCE:
        st.number_input(
            "Number of the outline",
            0,
            NUMBERS - 1,
            key=NUMBER,
            persist_state="session",
            help="Each number is an outline drawn by code, like those of real lesions.",
        )
        return closed([random_contour(state[NUMBER])])
    st.selectbox(
        "Sample",
        list(BY_SLUG),
        format_func=lambda slug: BY_SLUG[slug].title,
        key=SAMPLE,
        persist_state="session",
    )
    return closed(BY_SLUG[state[SAMPLE]].strokes)


def _saved() -> np.ndarray | None:
    file = st.file_uploader(
        "A sketch saved on the Sketch page (JSON)", type=["json"], key="compare-sketch-file"
    )
    st.caption("A link reopens the diagnosis, the seed and the generators, not your own sketch.")
    if file is None:
        return None
    try:
        mask = closed(read_sketch(file.getvalue()))
        check(mask)
    except BadSketch as error:
        st.warning(error.reason, icon=":material/draw:")
        return None
    return mask


def _orders(cards: Sequence[ModelCard]) -> tuple[list[ModelCard], str, list[int]]:
    """The generators, the diagnosis that they are to paint, and the seeds of the variants."""
    state, by_name, told = st.session_state, {card.name: card for card in cards}, titles(cards)
    for key, first in ((DIAGNOSIS, "mel"), (SEED, 1), (VARIANTS, 3)):
        state.setdefault(key, first)
    offer(MODELS, list(by_name), list(by_name), "generators")
    st.multiselect(
        "Generators",
        list(by_name),
        format_func=told.get,
        key=MODELS,
        persist_state="session",
        placeholder="Choose generators",
    )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        code = st.selectbox(
            "Diagnosis",
            CODES,
            format_func=NAMES.get,
            key=DIAGNOSIS,
            persist_state="session",
            width=220,
        )
        first = st.number_input(
            "First seed",
            0,
            LARGEST_SEED,
            key=SEED,
            persist_state="session",
            width=130,
            help="The same seed, outline and diagnosis give the same picture.",
        )
        count = st.slider("Variants", 1, MOST, key=VARIANTS, persist_state="session", width=140)
    chosen = [card for card in cards if card.name in state[MODELS]]
    return chosen, code, [first + at for at in range(count)]

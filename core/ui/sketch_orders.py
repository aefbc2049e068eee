"""What is to be drawn into a sketch: which diagnoses, with which noise, as the visitor chooses."""

import secrets
from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.lesions import CODES, DIAGNOSES
from core.sketchers import between, blend, noise, one_hot
from core.ui.words import percent

NAMES = {diagnosis.code: diagnosis.name for diagnosis in DIAGNOSES}
SENTENCES = {diagnosis.code: diagnosis.sentence for diagnosis in DIAGNOSES}
ONE, ALL, MORPH = "One diagnosis", "All seven at once", "Morph"
OF_DIAGNOSES, OF_SEEDS = "Two diagnoses", "Two seeds"
DIAGNOSIS, SEED, KEPT, MOST = "diagnosis", "sketch-seed", "sketch-kept", 8
LARGEST_SEED = 999_999
BLIND = (
    "This model takes no noise: it draws one picture for a sketch and a diagnosis, and never "
    "another."
)


@dataclass(frozen=True, eq=False)
class Piece:
    """One picture to be drawn: its title, its label (7,) and its noise (64,).

    code: the diagnosis that it is to show, None where it is a mixture of two. seed, strength: of
    the noise; `share` of the way to that of `other_seed`, where there is one. slot: the place of a
    variant, whose seed can be kept.
    """

    title: str
    label: np.ndarray
    noise: np.ndarray
    code: str | None
    seed: int
    strength: float
    other_seed: int | None = None
    share: float = 0.0
    slot: int | None = None


def pieces(varies: bool, above, below) -> list[Piece]:
    """The pictures to draw, by the controls in two containers, `above` and `below` them.

    varies: whether the model takes noise.
    """
    with above:
        what = st.segmented_control(
            "Draw",
            [ONE, ALL, MORPH],
            default=ONE,
            required=True,
            key="sketch-what",
            persist_state="session",
            width="stretch",
        )
    with below, st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        count = _count() if what == ONE and varies else 1
        strength = _strength() if varies else 1.0
    if not varies:
        below.caption(BLIND)
    with above:
        if what == ONE:
            return _variants(_diagnosis("Diagnosis", DIAGNOSIS), count, strength)
        if what == ALL:
            return _all_seven(strength)
        return _morph(strength, varies)


def _count() -> int:
    return st.slider(
        "Variants",
        1,
        MOST,
        4,
        key="sketch-variants",
        persist_state="session",
        width=160,
        help="Pictures of the same sketch and diagnosis, each with noise of its own.",
    )


def _strength() -> float:
    """The strength of the noise, with the seeds beside it."""
    strength = st.slider(
        "Strength of the noise",
        0,
        150,
        100,
        step=10,
        format="%d %%",
        key="sketch-noise",
        persist_state="session",
        width=200,
        help="At 0 % all variants are the same. Beyond 100 % the network is asked for more than it "
        "learned.",
    )
    st.number_input(
        "First seed",
        0,
        LARGEST_SEED,
        1,
        key=SEED,
        persist_state="session",
        width=130,
        help="The same seed, sketch and diagnosis give the same picture.",
    )
    st.button("New seeds", icon=":material/casino:", key="sketch-reseed", on_click=_reseed)
    return strength / 100


def _reseed() -> None:
    st.session_state[SEED] = secrets.randbelow(10_000)


def seed(slot: int) -> int:
    """The seed of a variant: the one that was kept, or the one whose turn it is."""
    return _kept().get(slot, st.session_state.get(SEED, 1) + slot)


def keep(slot: int, wanted: bool) -> None:
    """Keep the seed of a variant when others are drawn, or let it go again."""
    others = {at: number for at, number in _kept().items() if at != slot}
    st.session_state[KEPT] = others | ({slot: seed(slot)} if wanted else {})


def is_kept(slot: int) -> bool:
    """Whether the seed of a variant is kept."""
    return slot in _kept()


def _kept() -> dict[int, int]:
    return st.session_state.get(KEPT, {})


def _diagnosis(label: str, key: str) -> str:
    code = st.selectbox(label, CODES, format_func=NAMES.get, key=key, persist_state="session")
    st.caption(SENTENCES[code])
    return code


def _variants(code: str, count: int, strength: float) -> list[Piece]:
    seeds = [seed(slot) for slot in range(count)]
    return [
        Piece("", one_hot(code), row, code, number, strength, slot=slot)
        for slot, (number, row) in enumerate(zip(seeds, noise(seeds, strength), strict=True))
    ]


def _all_seven(strength: float) -> list[Piece]:
    st.caption("The same sketch and the same noise, with each of the diagnoses.")
    (row,) = noise([seed(0)], strength)
    return [Piece(NAMES[code], one_hot(code), row, code, seed(0), strength) for code in CODES]


def _morph(strength: float, varies: bool) -> list[Piece]:
    """Both ends and what lies between them."""
    of = OF_DIAGNOSES
    if varies:
        of = st.segmented_control(
            "Between",
            [OF_DIAGNOSES, OF_SEEDS],
            default=OF_DIAGNOSES,
            required=True,
            key="sketch-morph",
            persist_state="session",
        )
    seeds = seed(0), seed(1)
    rows = noise(seeds, strength)
    if of == OF_SEEDS:
        code = _diagnosis("Diagnosis", DIAGNOSIS)
        share, label = _share(), one_hot(code)
        way = between(*rows, share)
        return [
            Piece(f"Seed {seeds[0]}", label, rows[0], code, seeds[0], strength),
            Piece(_way(share), label, way, code, seeds[0], strength, seeds[1], share),
            Piece(f"Seed {seeds[1]}", label, rows[1], code, seeds[1], strength),
        ]
    left, right = st.columns(2, gap="small")
    with left:
        one = _diagnosis("From", "sketch-from")
    with right:
        other = _diagnosis("To", "sketch-to")
    share, ends = _share(), (one_hot(one), one_hot(other))
    labels = (ends[0], blend(*ends, share), ends[1])
    titles, codes = (NAMES[one], _way(share), NAMES[other]), (one, None, other)
    return [
        Piece(title, label, rows[0], code, seeds[0], strength)
        for title, label, code in zip(titles, labels, codes, strict=True)
    ]


def _share() -> float:
    return (
        st.slider(
            "How far",
            0,
            100,
            50,
            step=5,
            format="%d %%",
            key="sketch-share",
            persist_state="session",
        )
        / 100
    )


def _way(share: float) -> str:
    return f"{percent(share)} of the way"

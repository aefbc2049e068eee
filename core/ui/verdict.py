"""What the model says, and what is to be known of the film it says it of."""

import streamlit as st

from core.classify import Verdict
from core.models import ModelCard
from core.ui import cached
from core.ui.film import Film
from core.ui.words import percent, plain

NOT_BONE = "This does not look like a bone X-ray"
UNLIKE = (
    "Its features lie further from the training films than those of 99 in 100 real {}, so a "
    "verdict would mean nothing."
)


def words(probability: float, threshold: float) -> str:
    """The verdict at a threshold. Only what is likelier than not is called likely."""
    if probability < threshold:
        return "No fracture found"
    return "Fracture likely" if probability >= 0.5 else "Fracture possible"


def card(verdict: Verdict, threshold: float, model: ModelCard, truth: str | None) -> None:
    """The verdict in words and number, and how it came about."""
    said, number = words(verdict.probability, threshold), percent(verdict.probability)
    positive = verdict.probability >= threshold
    with st.container(border=True):
        icon = ":material/error:" if positive else ":material/check_circle:"
        st.subheader(f"{said} · {number}", icon=icon, anchor=False)
        side = "at or above" if positive else "below"
        st.markdown(
            f"The calibrated probability of a fracture is {number}, {side} the threshold of "
            f"{percent(threshold, 1)}."
        )
        if truth:
            st.markdown(f"Truth: **{plain(truth)}**.")
        milliseconds = 1000 * verdict.seconds
        st.caption(
            f"Read by {plain(model.title)} at {model.input.size} px "
            f"in {milliseconds:.{int(milliseconds < 10)}f} ms."
        )


def is_inverted(sha256: str, negative: bool) -> bool:
    """Whether a film is turned: as the visitor chose, or else as it looks."""
    return st.session_state.get(f"invert-{sha256}", negative)


def is_insisted(sha256: str, room: str = "fracture") -> bool:
    """Whether the visitor wants a room's verdict on a film that does not look like one."""
    return st.session_state.get(f"insist-{room}-{sha256}", False)


def refusal(
    film: Film,
    what: str = NOT_BONE,
    why: str = UNLIKE.format("bone films"),
    room: str = "fracture",
) -> bool:
    """Say what the film is not, and why, and return whether the visitor insists on a verdict."""
    with st.container(border=True):
        st.subheader(what, icon=":material/help:", anchor=False)
        st.markdown(why)
        return st.toggle(
            "Show the verdict anyway",
            key=f"insist-{room}-{film.sha256}",
            persist_state="session",
        )


def invert(film: Film) -> bool:
    """The polarity switch, set as the film looks; returns whether to turn it."""
    if film.negative:
        st.caption("This looks like a photographic negative; it was turned positive.")
    return st.toggle(
        "Invert grey values",
        value=film.negative,
        key=f"invert-{film.sha256}",
        persist_state="session",
    )


def film_notes(film: Film, inverted: bool) -> None:
    """The film's measures in number and word, and what was done to read it."""
    measures = cached.qualities(film, inverted)
    lines = [f"{name}: **{m.word}** ({m.value:.0f} %)" for name, m in measures.items()]
    lines += [film.facts, *map(plain, film.notes)]
    st.markdown("\n".join(f"- {line}" for line in lines))

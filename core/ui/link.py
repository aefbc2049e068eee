"""The address of a reading: `?sample=…&model=…&threshold=…` reopens the same view.

A knee has `side` (of a film of both) and `target` (the grade its heatmap explains) besides, a
sketch its `diagnosis`. A worklist has its own, `?worklist=…&film=…`, and so has a training run,
`?run=…`, and a pitfall `?exhibit=…`.
"""

import streamlit as st

NAMES = ("sample", "model", "threshold", "side", "target", "diagnosis", "worklist", "film", "run")
NAMES += ("exhibit",)
NAMES += ("view", "task", "models", "mask", "seed", "variants")  # of the Compare page
NAMES += ("part", "curve", "by", "measure", "pair", "only", "prevalence")  # of its labelled set


def asked(room: str, now: tuple) -> dict[str, str]:
    """What the address asks for when a visitor has opened, followed or gone back to it.

    An address that this page, `room`, wrote itself asks for nothing. Nor does one that merely
    lags behind a choice just made, which shows in `now`, the present choices.
    """
    written, then = st.session_state.get(f"link-{room}", (None, now))
    given = _given()
    return {} if given == written or now != then else given


def write(room: str, choices: dict[str, str | None], now: tuple) -> None:
    """Put the choices into the address; None leaves a name out."""
    wanted = {name: text for name, text in choices.items() if text is not None}
    if _given() != wanted:
        st.query_params.from_dict(wanted)
    st.session_state[f"link-{room}"] = (wanted, now)


def _given() -> dict[str, str]:
    return {name: st.query_params[name] for name in NAMES if name in st.query_params}

"""A file that is made when it is asked for, and kept until another is: in the visitor's session."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from core.annotations import StoreError
from core.ui import presses


@dataclass(frozen=True, eq=False)
class Made:
    """A file, and what is in it, in words."""

    data: bytes
    said: str


def offer(
    key: str, worklist: str, order: tuple, label: str, file_name: str, make: Callable[[], Made]
) -> None:
    """A button that makes a zip, or the file of a log, and one that downloads it.

    key: of the session's; worklist: its code; order: all that was chosen: a file of another order
    is called so. make: raises StoreError or ValueError, whose sentence is shown.
    """
    what, kind = ("zip", "zip") if file_name.endswith(".zip") else ("log", "jsonl")
    asked, kept = f"{key}-asked", f"{key}-made"
    st.button(
        label,
        icon=":material/folder_zip:" if what == "zip" else ":material/description:",
        key=f"{key}-make",
        on_click=presses.press,
        args=(asked, worklist),
    )
    for _ in presses.waiting(asked, worklist):
        with presses.doing(asked, worklist), st.spinner(f"Making the {what}"):
            try:
                st.session_state[kept] = (worklist, order, make())
            except (StoreError, ValueError) as error:
                st.session_state[kept] = (worklist, order, str(getattr(error, "reason", error)))
    code, made_of, made = st.session_state.get(kept, ("", (), ""))
    if code != worklist:
        return
    if isinstance(made, str):
        if made_of == order:
            st.warning(made, icon=":material/error:")
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.download_button(
            f"Download the {what}",
            made.data,
            file_name,
            f"application/{kind}",
            key=f"{key}-zip",
            icon=":material/download:",
            type="primary",
            on_click="ignore",
        )
        st.caption(made.said, width="content")
    if made_of != order:
        st.caption(":material/update: Something else is chosen now: make the zip again.")


def size(data: bytes) -> str:
    """How large a file is, in kB or MB."""
    return f"{len(data) / 1e3:,.0f} kB" if len(data) < 1e6 else f"{len(data) / 1e6:,.1f} MB"

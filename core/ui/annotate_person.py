"""Who is reading: asked once, shown on the page, changed there."""

from importlib.util import find_spec

import streamlit as st

from core.annotation_records import MAX_NAME, Reader
from core.ui import identity
from core.ui.words import plain

_TYPED = "annotate-typed"
NO_AUTHLIB = (
    "This server asks readers to sign in and lacks the package for it: run pip install Authlib "
    "where it runs, and start it anew."
)
UNVERIFIED = (
    "It is recorded with what you draw, as you type it and not verified. This browser remembers it."
)


def ask() -> None:
    """Ask who is reading: the form, or where this server is set up for it the way to sign in."""
    with st.container(border=True, width=520):
        if identity.sign_in_offered():
            st.markdown("**Sign in to annotate**")
            st.markdown("What you draw is recorded under the name that you sign in with.")
            able = find_spec("authlib") is not None
            st.button(
                "Sign in",
                type="primary",
                icon=":material/login:",
                disabled=not able,
                on_click=st.login,
            )
            if not able:
                st.error(NO_AUTHLIB, icon=":material/error:")
        else:
            st.markdown("**Who is reading?**")
            _form("Continue")


def person(reader: Reader) -> None:
    """Who is reading, and the way to be somebody else."""
    with st.popover(plain(reader.name), icon=":material/person:", help="Who is reading"):
        if reader.verified:
            st.markdown(f"You are signed in as **{plain(reader.name)}**.")
            st.button("Sign out", icon=":material/logout:", on_click=st.logout)
            return
        st.markdown(f"You read as **{plain(reader.name)}**. Readings belong to who made them.")
        _form("Read as somebody else")
        st.button(
            "Forget me in this browser",
            icon=":material/person_off:",
            on_click=identity.forget,
            help="The name, and which worklists were opened here. What is stored stays stored: "
            "keep the links.",
        )


def _form(press: str) -> None:
    with st.form("annotate-who", border=False):
        st.text_input("Your name or initials", key=_TYPED, max_chars=MAX_NAME, autocomplete="name")
        st.caption(UNVERIFIED)
        st.form_submit_button(press, type="primary", on_click=_introduce)


def _introduce() -> None:
    if name := identity.tidy(st.session_state[_TYPED]):
        identity.introduce(name)

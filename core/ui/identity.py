"""Who reads, and which worklists they have opened: asked once, and kept by their own browser.

A typed name is nobody's proof, and is recorded so; where `st.login` is configured, the signed-in
user is who they are. Either way the list of worklists stays in the browser's local storage, so that
on a public server nobody sees that another's worklist exists.
"""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from core.annotation_records import MAX_NAME, Reader, plain_line

MOST_WORKLISTS = 50
_KEY, _TOLD = "annotate-identity", "annotate-told"  # the component, and its first words
_NAME, _LEFT, _OPENED = "annotate-name", "annotate-left", "annotate-opened"
_SESSION = "annotate-session"

_SCRIPT = """
const NAME = "lightbox-reader"
const mounted = new WeakMap()

function recall() {
  try {
    const kept = JSON.parse(localStorage.getItem(NAME)) ?? {}
    return { name: kept.name ?? "", worklists: Array.isArray(kept.worklists) ? kept.worklists : [] }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return { name: "", worklists: [] }
  }
}

// Other tabs write here too, so what this visit changed is merged and not laid over theirs.
function keep(data) {
  const kept = recall()
  const opened = new Set(data.opened.map((one) => one.code))
  const others = kept.worklists.filter(
    (one) => !opened.has(one?.code) && !data.left.includes(one?.code)
  )
  const worklists = [...data.opened, ...others].sort((one, other) => other.at - one.at)
  const name = data.name ?? kept.name
  localStorage.setItem(NAME, JSON.stringify({ name, worklists: worklists.slice(0, data.most) }))
}

export default function ({ data, parentElement, setStateValue }) {
  let self = mounted.get(parentElement)
  if (!self) {
    self = { report: null, kept: null }
    mounted.set(parentElement, self)
  }
  if (!self.report) {
    try {
      self.report = { ...recall(), problem: false }
    } catch {
      self.report = { name: "", worklists: [], problem: true }
    }
    setStateValue("report", self.report)
  }
  const wanted = JSON.stringify(data)
  if (self.kept === wanted) return
  self.kept = wanted
  if (data.name === null && !data.opened.length && !data.left.length) return
  try {
    keep(data)
  } catch {
    if (!self.report.problem) {
      self.report = { ...self.report, problem: true }
      setStateValue("report", self.report)
    }
  }
}
"""
_IDENTITY = st.components.v2.component(
    "lightbox_identity", html="<div style='height: 0'></div>", js=_SCRIPT
)


@dataclass(frozen=True)
class Remembered:
    """A worklist that this browser has opened; at: when it last did, in seconds since 1970."""

    code: str
    title: str
    at: float


def mount() -> bool:
    """Mount what the browser keeps; returns whether it has told yet what it kept so far.

    Until then nothing is known of the visitor, and nothing should be asked.
    """
    state = st.session_state
    _IDENTITY(
        key=_KEY,
        data={
            "name": state.get(_NAME),
            "opened": [vars(one) for one in state.get(_OPENED, {}).values()],
            "left": sorted(state.get(_LEFT, ())),
            "most": MOST_WORKLISTS,
        },
        on_report_change=lambda: None,
        height="content",
    )
    said = (state.get(_KEY) or {}).get("report")
    if isinstance(said, Mapping):
        state[_TOLD] = dict(said)  # another page unmounts the component, and its state goes
    return _TOLD in state


def reader() -> Reader | None:
    """The signed-in user where this server is set up for that, else who the visitor says to be;
    None where nobody is signed in, or no name was given yet."""
    session = st.session_state.setdefault(_SESSION, secrets.token_hex(4))
    if sign_in_offered():
        user = _signed_in()
        return Reader(user, verified=True, session=session) if user else None
    name = st.session_state.get(_NAME, _told("name"))
    name = tidy(name) if isinstance(name, str) else ""
    return Reader(name, session=session) if name else None


def introduce(name: str) -> None:
    """Take a typed name for this session, and for this browser from now on."""
    st.session_state[_NAME] = tidy(name)


def forget() -> None:
    """Let this session and the browser forget the name, and every worklist that was opened."""
    for one in worklists():
        left(one.code)
    introduce("")


def tidy(name: str) -> str:
    """A name as it is recorded: one line of plain text, not too long."""
    return plain_line(name)[:MAX_NAME].strip()


def blocked() -> bool:
    """Whether the browser's storage is closed to this site, or full."""
    return bool(_told("problem"))


def worklists() -> list[Remembered]:
    """The worklists that this browser has opened, the last one first."""
    told = _told("worklists")
    known = {one.code: one for one in map(_remembered, told if isinstance(told, list) else ())}
    known |= st.session_state.get(_OPENED, {})
    left = st.session_state.get(_LEFT, set()) | {""}
    found = [one for code, one in known.items() if code not in left]
    return sorted(found, key=lambda one: one.at, reverse=True)[:MOST_WORKLISTS]


def opened(code: str, title: str) -> bool:
    """Let the browser remember a worklist as the one that was opened last, from the next run on;
    returns whether that is news."""
    state = st.session_state
    state.setdefault(_LEFT, set()).discard(code)
    here = state.setdefault(_OPENED, {})
    if here and next(reversed(here)) == code and here[code].title == title:
        return False
    here.pop(code, None)
    here[code] = Remembered(code, title, time.time())
    return True


def left(code: str) -> None:
    """Let the browser forget a worklist."""
    st.session_state.setdefault(_OPENED, {}).pop(code, None)
    st.session_state.setdefault(_LEFT, set()).add(code)


def sign_in_offered() -> bool:
    """Whether this server is set up for `st.login`: then a typed name is nobody."""
    return "is_logged_in" in st.user.to_dict()


def _signed_in() -> str:
    """What tells the signed-in user from every other: the email address, or a name and the
    provider's own number; "" where nobody is signed in."""
    claims = st.user.to_dict()
    if not claims.get("is_logged_in"):
        return ""
    if claims.get("email") and claims.get("email_verified") is not False:
        return tidy(str(claims["email"]))
    return tidy(f"{claims.get('sub', '')} {claims.get('name') or ''}")


def _told(what: str) -> object:
    return st.session_state.get(_TOLD, {}).get(what)


def _remembered(given: object) -> Remembered:
    """A worklist as the browser tells it; one without a code where that makes no sense."""
    kept = given if isinstance(given, Mapping) else {}
    code, title, at = kept.get("code"), kept.get("title"), kept.get("at")
    if not isinstance(code, str) or not isinstance(title, str) or len(code) > MAX_NAME:
        return Remembered("", "", 0.0)
    return Remembered(code, tidy(title), float(at) if isinstance(at, int | float) else 0.0)

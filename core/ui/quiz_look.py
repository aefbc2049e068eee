"""A page's regular look at where its quiz stands, by which it comes right whatever was lost.

Where a look reaches Streamlit 1.67 just as a run has ended, what that run still had to send is
dropped (`AppSession.request_rerun`), and only the server believes that the page shows it. So a page
does not look while it runs, and each look tells which run the page shows: where that is not the
last one, the page is run again.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field

import streamlit as st

from core.annotation_records import StoreError
from core.quizzes import Pulse, Quizzes
from core.ui import quiz_kept

EVERY_S = 1  # between two looks
PATIENCE = 4  # looks that are left out while the page runs, or one has no answer yet
GRACE_S = 3  # in which a run may be on its way

_SCRIPT = """
const mounted = new WeakMap()

export default function ({ data, parentElement, setTriggerValue }) {
  const app = document.querySelector("[data-testid=stApp]")
  let self = mounted.get(parentElement)
  if (!self) {
    self = { run: "", asked: false, held: 0 }
    mounted.set(parentElement, self)
    self.timer = setInterval(() => {
      const busy = self.asked || app.dataset.testScriptState !== "notRunning"
      if (busy && ++self.held <= data.patience) return
      self.asked = true
      self.held = 0
      self.look(self.run)
    }, 1000 * data.every)
  }
  self.look = (run) => setTriggerValue("look", run)
  self.run = data.run || self.run
  self.asked = false
  return () => {
    clearInterval(self.timer)
    mounted.delete(parentElement)
  }
}
"""
_LOOK = st.components.v2.component("lightbox_quiz_look", html="<span></span>", js=_SCRIPT)


@dataclass
class Drawn:
    """A run of the page: its name, when it was (s, of the monotonic clock), and whether its name
    was sent to the page."""

    name: str = field(default_factory=lambda: secrets.token_hex(4))
    at: float = field(default_factory=time.monotonic)
    sent: bool = False

    def missed(self, shown: str | None) -> bool:
        """Whether a page that shows the run of this name has missed this one; None: it did not
        tell."""
        return bool(shown) and shown != self.name and time.monotonic() - self.at > GRACE_S


def follow(quizzes: Quizzes, code: str, seen: Pulse) -> None:
    """Run the page again once the quiz has gone on from `seen`, the store has something else to
    say, or the page does not show this run; where the quiz has ended, for the last alone. Call it
    last, at a place that every run has: a look of another place is not answered."""
    _look(quizzes, code, seen, Drawn())


@st.fragment
def _look(quizzes: Quizzes, code: str, seen: Pulse, drawn: Drawn) -> None:
    told = _LOOK(
        key="quiz-look",
        data={
            "every": EVERY_S,
            "patience": PATIENCE,
            "run": "" if drawn.sent else drawn.name,  # a look's own answer draws no page
            "answer": secrets.token_hex(4),
        },
        on_look_change=lambda: None,
        height="content",
    )
    drawn.sent = True
    if drawn.missed(told.look) or (not seen.ended and _gone_on(quizzes, code, seen)):
        st.rerun()


def _gone_on(quizzes: Quizzes, code: str, seen: Pulse) -> bool:
    try:
        now = quiz_kept.pulse(quizzes, code)
    except StoreError:
        return True
    return now.version > seen.version and _stands(now) != _stands(seen)


def _stands(now: Pulse) -> tuple:
    """What students see changes with this."""
    return now.position, now.phase, now.ended

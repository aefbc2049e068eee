"""What the reader's own browser keeps of a reading while the store does not have it.

Every session keeps a draft of its own, so that two tabs do not take each other's away. They lie in
local storage, and go as soon as they are stored.
"""

from dataclasses import dataclass

import streamlit as st

from core.ui import browser_memory
from core.ui.browser_memory import Report

MOST_DAYS = 60
LARGEST = 4_000_000  # characters; browsers give a site about five million in all

_SCRIPT = """
const FRONT = "lightbox-unsaved:"
const mounted = new WeakMap()

function names(front) {
  return Array.from({ length: localStorage.length }, (_, at) => localStorage.key(at))
    .filter((name) => name.startsWith(front))
}

function read(name) {
  try {
    const kept = JSON.parse(localStorage.getItem(name))
    return { name, text: String(kept.text), saved: Number(kept.saved) || 0 }
  } catch {
    return { name, text: "", saved: 0 }
  }
}

// The newest first; of other readings what was left alone for long is dropped.
function recall(data) {
  const oldest = Date.now() - data.days * 864e5
  names(FRONT).map(read).forEach((kept) => {
    if (kept.saved < oldest) localStorage.removeItem(kept.name)
  })
  const drafts = names(`${FRONT}${data.room}:`).map(read)
  return drafts.sort((one, other) => other.saved - one.saved).map(({ name, text }) => [name, text])
}

function keep(data) {
  const name = `${FRONT}${data.room}:${data.session}`
  if (!data.keep) return localStorage.removeItem(name)
  if (data.keep.length > data.largest) throw new DOMException("Too large", "QuotaExceededError")
  localStorage.setItem(name, JSON.stringify({ text: data.keep, saved: Date.now() }))
}

export default function ({ data, parentElement, setStateValue }) {
  let self = mounted.get(parentElement)
  if (!self) {
    self = { report: null, kept: null, timer: 0 }
    mounted.set(parentElement, self)
    const ruler = parentElement.querySelector("div")
    self.measure = () => Math.floor(ruler.getBoundingClientRect().width)
    self.observer = new ResizeObserver(() => {
      clearTimeout(self.timer)
      self.timer = setTimeout(() => {
        const width = self.measure()
        if (width && Math.abs(width - self.report.width) > 24) self.tell({ width })
      }, 250)
    })
  }
  self.tell = (news) => {
    self.report = { ...self.report, ...news }
    setStateValue("report", self.report)
  }
  const attempt = (act) => {
    try {
      act()
      return null
    } catch (error) {
      return error?.name === "QuotaExceededError" ? "full" : "blocked"
    }
  }
  if (!self.report) {
    const touch = matchMedia("(pointer: coarse)").matches
    const report = { room: data.room, drafts: [], touch, width: self.measure() }
    report.problem = attempt(() => { report.drafts = recall(data) })
    self.tell(report)
    self.observer.observe(parentElement.querySelector("div"))
  }
  if (data.keep !== null && data.keep !== self.kept) {
    self.kept = data.keep
    const problem = attempt(() => keep(data))
    if (problem !== self.report.problem) self.tell({ problem })
  }
  attempt(() => data.drop.forEach((name) => {
    if (name.startsWith(`${FRONT}${data.room}:`)) localStorage.removeItem(name)
  }))
  return () => {
    self.observer.disconnect()
    clearTimeout(self.timer)
    mounted.delete(parentElement)
  }
}
"""
_UNSAVED = st.components.v2.component(
    "lightbox_browser_unsaved", html="<div style='width: 100%; height: 0'></div>", js=_SCRIPT
)


@dataclass(frozen=True)
class Told:
    """What the browser says: of itself, and of the drafts it keeps of the reading: name and text,
    the newest first."""

    report: Report
    drafts: tuple[tuple[str, str], ...] = ()


def told(key: str, sha256: str) -> Told | None:
    """What the browser says where this is mounted under `key`, None before it does; `sha256` is
    that of the film."""
    found = (st.session_state.get(key) or {}).get("report")
    if not isinstance(found, dict):
        return None
    width, drafts, problem = found.get("width"), found.get("drafts"), found.get("problem")
    report = Report(
        film=sha256,
        problem=problem if isinstance(problem, str) else None,
        width=int(width) if isinstance(width, int | float) else None,
        touch=bool(found.get("touch")),
    )
    texts = [
        tuple(draft)
        for draft in (drafts if isinstance(drafts, list) else ())
        if isinstance(draft, list) and [type(part) for part in draft] == [str, str]
    ]
    return Told(report, tuple(texts))


def keep(key: str, room: str, session: str, text: str | None, drop: tuple[str, ...] = ()) -> None:
    """Mount it: it tells once what it kept, and from then on keeps `text`.

    room: the reading; session: whose draft of it. text: "" to forget this session's, None to leave
    it alone. drop: names of drafts that are stored by now.
    """
    _UNSAVED(
        key=key,
        data={
            "room": room,
            "session": session,
            "keep": None if browser_memory.forgotten() else text,
            "drop": list(drop),
            "largest": LARGEST,
            "days": MOST_DAYS,
        },
        on_report_change=lambda: None,
        width="stretch",
        height="content",
    )

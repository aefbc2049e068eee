"""What the visitor's own browser keeps of a drawing, so that a reload does not lose it.

The server stores nothing: the strokes lie in the browser's local storage under the film's hash,
so a shared link shares no draft. The film's name is kept as a hash only.
"""

import hashlib
from dataclasses import dataclass

import streamlit as st

MOST_DRAWINGS, MOST_DAYS = 40, 60

_SCRIPT = """
const FRONT = "lightbox-drawing:"
const mounted = new WeakMap()

function entries(room) {
  const found = []
  for (let at = 0; at < localStorage.length; at++) {
    const name = localStorage.key(at)
    if (!name.startsWith(room)) continue
    try {
      found.push({ name, ...JSON.parse(localStorage.getItem(name)) })
    } catch {
      found.push({ name, saved: 0 })
    }
  }
  return found.sort((one, other) => one.saved - other.saved)
}

function tidy(most, days) {
  const all = entries(FRONT)
  const oldest = Date.now() - days * 864e5
  all.forEach((entry, at) => {
    if (entry.saved < oldest || at < all.length - most) localStorage.removeItem(entry.name)
  })
}

function recall(data) {
  const room = `${FRONT}${data.room}:`
  const name = room + data.film
  tidy(data.most, data.days)
  const all = entries(room)
  const kept = all.find((entry) => entry.name === name)
  const namesake = all.some((entry) => entry.name !== name && entry.title === data.title)
  return { drawing: kept?.drawing ?? null, namesake }
}

function keep(data) {
  const name = `${FRONT}${data.room}:${data.film}`
  if (!data.keep) return localStorage.removeItem(name)
  const entry = JSON.stringify({ drawing: data.keep, title: data.title, saved: Date.now() })
  for (;;) {
    try {
      return localStorage.setItem(name, entry)
    } catch (error) {
      // Full: drop the drawing that was left alone for longest, and try again.
      const other = entries(FRONT).find((entry) => entry.name !== name)
      if (!other) throw error
      localStorage.removeItem(other.name)
    }
  }
}

function problem(error) {
  return error?.name === "QuotaExceededError" ? "full" : "blocked"
}

export default function ({ data, parentElement, setStateValue }) {
  let self = mounted.get(parentElement)
  if (!self) {
    self = { report: null, kept: null, width: 0, timer: 0 }
    mounted.set(parentElement, self)
    const ruler = parentElement.querySelector("div")
    self.measure = () => Math.floor(ruler.getBoundingClientRect().width)
    // A scroll bar that comes and goes is not worth another canvas; a phone that is turned is.
    self.observer = new ResizeObserver(() => {
      clearTimeout(self.timer)
      self.timer = setTimeout(() => {
        const width = self.measure()
        if (width && Math.abs(width - self.width) > 24) self.tell({ width })
      }, 250)
    })
    self.observer.observe(ruler)
  }
  self.tell = (news) => {
    self.report = { ...self.report, ...news }
    self.width = self.report.width
    setStateValue("report", self.report)
  }
  if (self.report?.film !== data.film || self.report?.room !== data.room) {
    const news = { film: data.film, room: data.room, drawing: null, namesake: false, problem: null }
    try {
      Object.assign(news, recall(data))
    } catch (error) {
      news.problem = problem(error)
    }
    const touch = matchMedia("(pointer: coarse)").matches
    self.kept = null
    self.tell({ ...news, touch, width: self.measure() })
  }
  if (data.keep !== null && data.keep !== self.kept) {
    self.kept = data.keep
    let trouble = null
    try {
      keep(data)
    } catch (error) {
      trouble = problem(error)
    }
    if (trouble !== self.report.problem) self.tell({ problem: trouble })
  }
  return () => {
    self.observer.disconnect()
    clearTimeout(self.timer)
    mounted.delete(parentElement)
  }
}
"""
_MEMORY = st.components.v2.component(
    "lightbox_browser_memory", html="<div style='width: 100%; height: 0'></div>", js=_SCRIPT
)


@dataclass(frozen=True)
class Report:
    """What a browser says of the film with the hash `film`: `drawing` is the JSON text it kept or
    None, `namesake` whether it keeps one of another film of that name, `problem` "full", "blocked"
    or None; `width` px is what the page has room for, `touch` whether the pointer is a finger."""

    film: str = ""
    drawing: str | None = None
    namesake: bool = False
    problem: str | None = None
    width: int | None = None
    touch: bool = False


def report(key: str) -> Report:
    """The last report of the memory mounted under `key`, an empty one before the first."""
    found = (st.session_state.get(key) or {}).get("report")
    if not isinstance(found, dict):
        return Report()
    drawing, width = found.get("drawing"), found.get("width")
    return Report(
        str(found.get("film")),
        drawing if isinstance(drawing, str) else None,
        bool(found.get("namesake")),
        found.get("problem"),
        int(width) if isinstance(width, int | float) else None,
        bool(found.get("touch")),
    )


def remember(key: str, room: str, sha256: str, name: str, drawing: str | None) -> None:
    """Mount the memory: it reports once, and keeps `drawing` from then on.

    room: which canvas it is, so that two pages may keep drawings of the same film. drawing: JSON
    text, "" to forget the one of this film, None to leave it alone.
    """
    title = hashlib.sha256(name.encode(errors="replace")).hexdigest()[:16]
    _MEMORY(
        key=key,
        data={
            "room": room,
            "film": sha256,
            "title": title,
            "keep": drawing,
            "most": MOST_DRAWINGS,
            "days": MOST_DAYS,
        },
        on_report_change=lambda: None,
        width="stretch",
        height="content",
    )

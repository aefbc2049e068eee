"""What the visitor's own browser keeps of a drawing, so that a reload does not lose it.

The server stores nothing: the strokes lie in the browser's local storage under the film's hash,
so a shared link shares no draft. Of the film's name a hash is kept, with a random salt that never
leaves this browser and this session: compared with those of another browser it says nothing.
"""

import hashlib
import secrets
from dataclasses import dataclass

import streamlit as st

MOST_DRAWINGS, MOST_DAYS = 40, 60
LARGEST = 1_500_000  # characters of one drawing; browsers give a site about five million in all
_FORGOTTEN, _SESSION = "browser-memory-forgotten", "browser-memory-session"

_SCRIPT = """
const FRONT = "lightbox-drawing:"
const UNSAVED = "lightbox-unsaved:" // core.ui.browser_unsaved keeps these
const SALT = "lightbox-salt"
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

function salt() {
  let found = localStorage.getItem(SALT)
  if (!found) {
    const bytes = Array.from(crypto.getRandomValues(new Uint8Array(16)))
    found = bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("")
    try {
      localStorage.setItem(SALT, found)
    } catch {
      return null // Full: the name is not kept at all.
    }
  }
  return found
}

function forget() {
  const drawn = [...entries(FRONT), ...entries(UNSAVED)]
  drawn.forEach((entry) => localStorage.removeItem(entry.name))
  localStorage.removeItem(SALT)
}

function recall(data) {
  const room = `${FRONT}${data.room}:`
  const name = room + data.film
  tidy(data.most, data.days)
  const all = entries(room)
  const kept = all.find((entry) => entry.name === name)
  const titles = all.filter((entry) => entry.name !== name).map((entry) => entry.title ?? "")
  return { drawing: kept?.drawing ?? null, titles, salt: salt() }
}

function keep(data) {
  const name = `${FRONT}${data.room}:${data.film}`
  if (!data.keep) return localStorage.removeItem(name)
  const entry = JSON.stringify({ drawing: data.keep, title: data.title, saved: Date.now() })
  if (entry.length > data.largest) throw new DOMException("Too large", "QuotaExceededError")
  const dropped = []
  for (;;) {
    try {
      return localStorage.setItem(name, entry)
    } catch (error) {
      // Full: drop the drawing that was left alone for longest, and try again.
      const other = entries(FRONT).find((entry) => entry.name !== name)
      if (!other) {
        // Nothing was won by it: put all back, the newest first.
        for (const [one, text] of dropped.reverse()) localStorage.setItem(one, text)
        throw error
      }
      dropped.push([other.name, localStorage.getItem(other.name)])
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
  let closed = null
  if (data.forget) {
    try {
      forget()
    } catch (error) {
      closed = problem(error)
    }
  }
  if (self.report?.film !== data.film || self.report?.room !== data.room) {
    const news = { film: data.film, room: data.room, drawing: null, titles: [], salt: null }
    news.problem = closed
    try {
      if (!data.forget) Object.assign(news, recall(data))
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


def key(canvas: str) -> str:
    """What the memory of a canvas is mounted under. A browser that finds the server restarted
    tells again what its widgets told before: a new session must not take that for news."""
    session = st.session_state.setdefault(_SESSION, secrets.token_hex(4))
    return f"{canvas}-memory-{session}"


def report(key: str, name: str) -> Report:
    """The last report of the memory mounted under `key`, an empty one before the first.

    name: of the film that is open.
    """
    found = _told(key)
    if not found:
        return Report()
    drawing, width, titles = found.get("drawing"), found.get("width"), found.get("titles")
    title = _title(key, name)
    return Report(
        str(found.get("film")),
        drawing if isinstance(drawing, str) else None,
        bool(title) and isinstance(titles, list) and title in titles,
        problem if isinstance(problem := found.get("problem"), str) else None,
        int(width) if isinstance(width, int | float) else None,
        bool(found.get("touch")),
    )


def remember(key: str, room: str, sha256: str, name: str, drawing: str | None) -> None:
    """Mount the memory: it reports once, and keeps `drawing` from then on.

    room: which canvas it is, so that two pages may keep drawings of the same film. drawing: JSON
    text, "" to forget the one of this film, None to leave it alone.
    """
    _MEMORY(
        key=key,
        data={
            "room": room,
            "film": sha256,
            "title": _title(key, name),
            "keep": None if forgotten() else drawing,
            "forget": forgotten(),
            "largest": LARGEST,
            "most": MOST_DRAWINGS,
            "days": MOST_DAYS,
        },
        on_report_change=lambda: None,
        width="stretch",
        height="content",
    )


def forget() -> None:
    """Let the browser forget every drawing, of all pages, and keep none until the page is loaded
    anew: what is on the screen would be kept again with the next stroke."""
    st.session_state[_FORGOTTEN] = True


def forgotten() -> bool:
    """Whether the browser was asked to forget."""
    return st.session_state.get(_FORGOTTEN, False)


def _told(key: str) -> dict:
    found = (st.session_state.get(key) or {}).get("report")
    return found if isinstance(found, dict) else {}


def _title(key: str, name: str) -> str:
    """What is kept of a film's name: nothing without the browser's salt."""
    salt = _told(key).get("salt")
    if not isinstance(salt, str) or not salt:
        return ""
    return hashlib.sha256(f"{salt}/{name}".encode(errors="replace")).hexdigest()[:16]

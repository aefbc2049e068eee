"""The page's connection to its server: while it is gone nothing is drawn, for it could not be
stored; and while the store is gone, the page asks again by itself."""

import secrets

import streamlit as st

EVERY_S = 2  # between two attempts at a store that is gone

_STYLE = """
p { position: fixed; inset: auto 1rem 1rem; z-index: 999; max-width: 40rem; margin: 0 auto;
    padding: 0.6rem 0.8rem; border: 2px solid #E69F00; font-family: var(--st-font);
    color: var(--st-text-color); background: var(--st-secondary-background-color) }
p[hidden] { display: none }
"""
_SCRIPT = """
const mounted = new WeakMap()

export default function ({ data, parentElement, setStateValue }) {
  const app = document.querySelector("[data-testid=stApp]")
  const words = parentElement.querySelector("p")
  let self = mounted.get(parentElement)
  if (!self) {
    self = { lost: false, waiting: false, run: data.run }
    mounted.set(parentElement, self)
    self.desk = () => document.querySelector(`.st-key-${data.desk}`)
    self.show = () => {
      const paused = self.lost || self.waiting
      self.desk()?.toggleAttribute("inert", paused)
      words.hidden = !paused
    }
    self.look = () => {
      const lost = app.dataset.testConnectionState !== "CONNECTED"
      if (self.lost && !lost) {
        // A server that was started anew knows of no page until it is asked to run one.
        self.waiting = true
        setStateValue("back", Date.now())
      }
      self.lost = lost
      self.show()
    }
    self.observer = new MutationObserver(self.look)
    self.observer.observe(app, { attributeFilter: ["data-test-connection-state"] })
  }
  if (data.run !== self.run) self.waiting = false
  self.run = data.run
  self.look()
  return () => {
    self.observer.disconnect()
    self.desk()?.removeAttribute("inert")
    mounted.delete(parentElement)
  }
}
"""
_WATCH = st.components.v2.component(
    "lightbox_connection",
    html="<p role='status' hidden>No connection to the server: drawing is paused, so that nothing "
    "is drawn that cannot be stored. It goes on by itself when the server is back.</p>",
    css=_STYLE,
    js=_SCRIPT,
)
_AGAIN = st.components.v2.component(
    "lightbox_again",
    html="<span></span>",
    js="""
const timers = new WeakMap()

export default function ({ data, parentElement, setTriggerValue }) {
  if (!timers.has(parentElement)) {
    const timer = setInterval(() => setTriggerValue("again", true), 1000 * data.seconds)
    timers.set(parentElement, timer)
  }
  return () => {
    clearInterval(timers.get(parentElement))
    timers.delete(parentElement)
  }
}
""",
)


def watch(key: str, desk: str) -> None:
    """Pause the container whose key is `desk` while the page has no connection, and say so; when
    it is back the page is run, and drawing goes on. Call it outside of fragments, after what it
    pauses."""
    _WATCH(
        key=key,
        data={"desk": desk, "run": secrets.token_hex(8)},
        on_back_change=lambda: None,
        width="stretch",
        height="content",
    )


def ask_again(key: str) -> None:
    """Rerun the fragment that calls this, or the page, every EVERY_S seconds."""
    _AGAIN(key=key, data={"seconds": EVERY_S}, on_again_change=lambda: None, height="content")

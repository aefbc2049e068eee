"""Where a reader has zoomed a chart to, kept while its curves grow.

Streamlit draws a Plotly chart from scratch when its data change, and Plotly's own memory of a zoom,
`uirevision`, does not outlive that. So the browser tells where the axes stand, and the next drawing
begins there.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import streamlit as st

KEY = "train-zoom"
_SCRIPT = """
const SETTLED_MS = 600 // Plotly waits for the second of two clicks, which ends a zoom
const mounted = new WeakMap()

function range(axis) {
  return axis?.range && axis.autorange !== true ? axis.range.map(Number) : null
}

function drawing(key) { // while a chart is drawn anew, the old drawing stands beside it, hidden
  const drawings = document.querySelectorAll(`.st-key-${key} .js-plotly-plot`)
  return [...drawings].filter((each) => each.offsetWidth > 0).at(-1)
}

function look(charts) {
  return Object.entries(charts).map(([key, subject]) => {
    const layout = drawing(key)?.layout
    return { key, subject, x: range(layout?.xaxis), y: range(layout?.yaxis) }
  })
}

export default function ({ data, parentElement, setStateValue }) {
  let self = mounted.get(parentElement)
  if (!self) {
    self = { timer: 0, told: "" }
    mounted.set(parentElement, self)
    self.later = () => {
      clearTimeout(self.timer)
      self.timer = setTimeout(self.tell, SETTLED_MS)
    }
    document.addEventListener("pointerup", self.later, true)
  }
  self.tell = () => {
    const zooms = look(data.charts)
    const text = JSON.stringify(zooms)
    if (text === self.told || !(self.told || zooms.some(({ x, y }) => x || y))) return
    self.told = text
    setStateValue("zooms", zooms)
  }
  return () => {
    clearTimeout(self.timer)
    document.removeEventListener("pointerup", self.later, true)
    mounted.delete(parentElement)
  }
}
"""
_EAR = st.components.v2.component("lightbox_train_zoom", js=_SCRIPT)


def listen(charts: Mapping[str, str]) -> None:
    """Hear of zooms into charts; each lies in a container of its key and shows its subject."""
    _EAR(key=KEY, data={"charts": dict(charts)}, on_zooms_change=lambda: None, height=1)


def axes(key: str, subject: str, drawn: Hashable) -> dict[str, list[float]]:
    """The ranges of the axes "x" and "y" with which a chart is drawn, of those that were zoomed.

    subject: another one is not zoomed. drawn: what is on the chart; while that stays, so does the
    drawing's range, so that a zoom, which the browser shows at once, does not draw it again.
    """
    last = f"{KEY}-{key}"
    before = st.session_state.get(last)
    if before and before[0] == (subject, drawn):
        return before[1]
    ranges = _told(key, subject)
    st.session_state[last] = (subject, drawn), ranges
    return ranges


def _told(key: str, subject: str) -> dict[str, list[float]]:
    """What the browser said last of a chart while it showed a subject."""
    zooms = (st.session_state.get(KEY) or {}).get("zooms")
    for zoom in zooms if isinstance(zooms, list) else ():
        if isinstance(zoom, dict) and (zoom.get("key"), zoom.get("subject")) == (key, subject):
            return {axis: zoom[axis] for axis in ("x", "y") if _range(zoom.get(axis))}
    return {}


def _range(told: object) -> bool:
    return (
        isinstance(told, list)
        and len(told) == 2
        and all(isinstance(end, int | float) for end in told)
    )

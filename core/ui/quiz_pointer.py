"""A picture of a quiz, and the places on it: where a student points, where a model did, and the
truth.

Places are told apart by shape: a ring is the student's, a diamond the model's, dots the class's, a
dashed box the truth. A tap or click marks a place, and so do the arrow keys; two fingers still zoom
the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import streamlit as st
from streamlit.elements.lib.image_utils import image_to_url
from streamlit.elements.lib.layout_utils import LayoutConfig

from core.quiz_records import Picture

Place = tuple[float, float]
Box = tuple[float, float, float, float]

_PNG = b"\x89PNG"

_HTML = """
<figure>
  <div class="stage">
    <img draggable="false">
    <svg viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true"></svg>
    <span class="mark ring" aria-hidden="true" hidden></span>
    <span class="mark diamond" aria-hidden="true" hidden></span>
  </div>
  <figcaption></figcaption>
  <p role="status"></p>
</figure>
"""

_STYLE = """
figure { margin: 0; font-family: var(--st-font); color: var(--st-text-color); }
.stage { --tallest: 66vh; position: relative; line-height: 0;
  width: min(100%, calc(var(--tallest) * var(--aspect, 1)));
  border-radius: var(--st-base-radius); overflow: hidden; background: #000;
  touch-action: manipulation; user-select: none; -webkit-user-select: none;
  -webkit-touch-callout: none; }
.stage.open { cursor: crosshair; }
.stage:focus-visible { outline: 3px solid var(--st-primary-color); outline-offset: 2px; }
img { width: 100%; height: auto; display: block; -webkit-user-drag: none; }
svg { position: absolute; inset: 0; width: 100%; height: 100%; pointer-events: none; }
rect { fill: none; vector-effect: non-scaling-stroke; }
rect.under { stroke: #000; stroke-width: 5; }
rect.over { stroke: #F0E442; stroke-width: 2.5; stroke-dasharray: 8 5; }
@media (max-width: 640px) { .stage { --tallest: 46vh; } } /* a phone shows the answers too */
.mark { position: absolute; width: 30px; height: 30px; margin: -15px 0 0 -15px;
  box-sizing: border-box; pointer-events: none; }
.mark[hidden] { display: none; }
.ring { border: 3px solid #56B4E9; border-radius: 50%; box-shadow: 0 0 0 2px #000,
  inset 0 0 0 2px #000; }
.ring::after { content: ""; position: absolute; inset: 10px; border-radius: 50%;
  background: #56B4E9; box-shadow: 0 0 0 1px #000; }
.dot { width: 14px; height: 14px; margin: -7px 0 0 -7px; border: 2px solid #fff;
  border-radius: 50%; background: #0072B2; box-shadow: 0 0 0 1px #000; }
.diamond { width: 24px; height: 24px; margin: -12px 0 0 -12px; border: 3px solid #E69F00;
  transform: rotate(45deg); box-shadow: 0 0 0 2px #000, inset 0 0 0 2px #000; }
figcaption { font-size: 0.875rem; margin-top: 0.35rem; opacity: 0.8; }
figcaption:empty { display: none; }
p { position: absolute; width: 1px; height: 1px; margin: 0; overflow: hidden;
  clip-path: inset(50%); }
"""

_SCRIPT = """
const STEP = 0.02, FINE = 0.005
const LATER_MS = 400 // a held arrow key is one place, not forty
const mounted = new WeakMap()
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }

function inside(value) {
  return Math.min(1, Math.max(0, value))
}

function put(mark, place) {
  mark.hidden = !place
  if (!place) return
  mark.style.left = `${100 * place[0]}%`
  mark.style.top = `${100 * place[1]}%`
}

function dots(stage, places) {
  stage.querySelectorAll(".dot").forEach((dot) => dot.remove())
  for (const place of places) {
    const dot = document.createElement("span")
    dot.className = "mark dot"
    put(dot, place)
    stage.append(dot)
  }
}

function frames(svg, boxes) {
  const drawn = boxes.flatMap(([x0, y0, x1, y1]) => ["under", "over"].map((name) => {
    const rect = document.createElementNS("http://www.w3.org/2000/svg", "rect")
    rect.setAttribute("class", name)
    rect.setAttribute("x", x0)
    rect.setAttribute("y", y0)
    rect.setAttribute("width", x1 - x0)
    rect.setAttribute("height", y1 - y0)
    return rect
  }))
  svg.replaceChildren(...drawn)
}

export default function ({ data, parentElement, setStateValue }) {
  const find = (name) => parentElement.querySelector(name)
  const stage = find(".stage"), picture = find("img")
  let self = mounted.get(parentElement)
  if (!self) {
    self = { place: data.place, timer: 0 }
    mounted.set(parentElement, self)
  }
  if (!data.open) self.place = data.place
  picture.onload = () => {
    stage.style.setProperty("--aspect", picture.naturalWidth / picture.naturalHeight)
  }
  if (picture.getAttribute("src") !== data.src) picture.src = data.src
  picture.alt = data.alt
  find("figcaption").textContent = data.caption
  frames(find("svg"), data.boxes)
  dots(stage, data.crowd)
  put(find(".diamond"), data.model)
  put(find(".ring"), self.place)
  stage.classList.toggle("open", data.open)
  stage.tabIndex = data.open ? 0 : -1
  if (data.open) {
    stage.setAttribute("role", "application")
    stage.setAttribute("aria-label", data.label)
  } else {
    stage.removeAttribute("role")
    stage.removeAttribute("aria-label")
  }
  const tell = () => {
    clearTimeout(self.timer)
    self.timer = 0
    setStateValue("place", self.place)
  }
  const mark = (place) => {
    self.place = place
    put(find(".ring"), place)
    const [x, y] = (place ?? []).map((share) => Math.round(100 * share))
    find("[role=status]").textContent = place
      ? `Marked ${x} % from the left, ${y} % from the top.` : "No place is marked."
  }
  stage.onclick = (event) => {
    if (!data.open) return
    const box = picture.getBoundingClientRect()
    mark([
      inside((event.clientX - box.left) / box.width),
      inside((event.clientY - box.top) / box.height),
    ])
    tell()
  }
  stage.onkeydown = (event) => {
    if (!data.open) return
    if (event.key === "Escape" || event.key === "Delete") {
      mark(null)
    } else if (ARROWS[event.key]) {
      const by = event.shiftKey ? FINE : STEP
      const [x, y] = self.place ?? [0.5, 0.5]
      const [dx, dy] = ARROWS[event.key]
      mark([inside(x + by * dx), inside(y + by * dy)])
    } else return
    event.preventDefault()
    clearTimeout(self.timer)
    self.timer = setTimeout(tell, LATER_MS)
  }
  stage.onblur = () => self.timer && tell()
}
"""
_PICTURE = st.components.v2.component("lightbox_quiz_picture", html=_HTML, css=_STYLE, js=_SCRIPT)


class Marks(NamedTuple):
    """What lies on a picture, in fractions of its width and height: where a reader and where a
    model points, (x0, y0, x1, y1) around what is there, and where everybody points."""

    reader: Place | None = None
    model: Place | None = None
    boxes: Sequence[Box] = ()
    crowd: Sequence[Place] = ()


NONE = Marks()


def show(
    picture: Picture,
    key: str,
    caption: str = "",
    marks: Marks = NONE,
    to_point: bool = False,
) -> None:
    """A picture with what lies on it. to_point: another place can be chosen, which `pointed` then
    tells."""
    _PICTURE(
        key=key,
        data={
            "src": address(picture, key),
            "alt": picture.alt,
            "label": f"{picture.alt}. Tap the place you mean, or move the mark with the arrow "
            "keys; Escape takes it away.",
            "caption": caption,
            "place": marks.reader,
            "model": marks.model,
            "boxes": [list(box) for box in marks.boxes],
            "crowd": [list(place) for place in marks.crowd],
            "open": to_point,
        },
        on_place_change=lambda: None,
        width="stretch",
        height="content",
    )


def pointed(key: str, before: Place | None = None) -> Place | None:
    """The place that was chosen last under `key`; `before` where none was."""
    told = st.session_state.get(key) or {}
    return _place(told["place"]) if "place" in told else before


def address(picture: Picture, key: str) -> str:
    """Where the browser fetches a picture, once: in a message it would travel with every answer."""
    # Left to choose, Streamlit would make every PNG a JPEG, anew with every run.
    kind = "PNG" if picture.data.startswith(_PNG) else "JPEG"
    return image_to_url(picture.data, LayoutConfig("stretch"), False, "RGB", kind, key)


def _place(told: object) -> Place | None:
    """A place as the browser tells it; None where that makes no sense."""
    if not isinstance(told, list | tuple) or len(told) != 2:
        return None
    x, y = told
    if not all(isinstance(at, int | float) and 0 <= at <= 1 for at in (x, y)):
        return None
    return float(x), float(y)

"""A film before and after, one over the other, with a curtain to draw between them."""

from base64 import b64encode

import streamlit as st

_HTML = """
<figure>
  <div class="stage">
    <img class="before" draggable="false">
    <img class="after" draggable="false">
    <div class="edge"><div class="grip">&#8596;</div></div>
    <span class="said left"></span><span class="said right"></span>
  </div>
  <input type="range" min="0" max="100" value="50" step="1">
</figure>
"""

_STYLE = """
figure { margin: 0; font-family: var(--st-font); color: var(--st-text-color); }
.stage { position: relative; overflow: hidden; border-radius: var(--st-base-radius);
  cursor: ew-resize; touch-action: pan-y; user-select: none; background: #000; line-height: 0; }
img { width: 100%; height: auto; display: block; }
.after { position: absolute; inset: 0; height: 100%; }
.edge { position: absolute; top: 0; bottom: 0; width: 2px; margin-left: -1px; background: #fff;
  box-shadow: 0 0 0 1px #000; pointer-events: none; }
.grip { position: absolute; top: 50%; left: 1px; transform: translate(-50%, -50%); width: 28px;
  height: 28px; border-radius: 50%; background: #fff; color: #000; line-height: 28px;
  text-align: center; font-size: 16px; box-shadow: 0 0 0 1px #000; }
.said { position: absolute; top: 8px; padding: 0 8px; line-height: 24px; font-size: 14px;
  border-radius: 4px; background: #000c; color: #fff; pointer-events: none; }
.left { left: 8px; } .right { right: 8px; }
input { width: 100%; margin: 12px 0 4px; height: 20px; accent-color: var(--st-primary-color);
  cursor: ew-resize; }
input:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
"""

_SCRIPT = """
export default function ({ data, parentElement }) {
  const find = (name) => parentElement.querySelector(name)
  const stage = find(".stage"), range = find("input")
  for (const side of ["before", "after"]) {
    const picture = find("." + side)
    if (picture.src !== data[side]) picture.src = data[side]
    picture.alt = data[side + "Alt"]
  }
  find(".left").textContent = data.left
  find(".right").textContent = data.right
  range.setAttribute("aria-label", data.label)
  const draw = () => {
    const at = Number(range.value)
    find(".after").style.clipPath = `inset(0 0 0 ${at}%)`
    find(".edge").style.left = `${at}%`
    find(".left").style.visibility = at > 12 ? "visible" : "hidden"
    find(".right").style.visibility = at < 88 ? "visible" : "hidden"
    range.setAttribute("aria-valuetext", `${at} % ${data.left}, ${100 - at} % ${data.right}`)
  }
  const follow = (event) => {
    const box = stage.getBoundingClientRect()
    range.value = Math.round((100 * (event.clientX - box.left)) / box.width)
    draw()
  }
  range.oninput = draw
  stage.onpointerdown = (event) => {
    stage.setPointerCapture(event.pointerId)
    follow(event)
  }
  stage.onpointermove = (event) => event.buttons && follow(event)
  draw()
}
"""
_CURTAIN = st.components.v2.component("lightbox_curtain", html=_HTML, css=_STYLE, js=_SCRIPT)


def curtain(
    before: bytes, after: bytes, names: tuple[str, str], alts: tuple[str, str], width: int, key: str
) -> None:
    """Two JPEG pictures of one size, `width` px wide at most, the second under a curtain.

    The curtain is drawn on the picture by mouse or finger, or by its slider, which the keyboard
    moves too. names: what is written on each; alts: what each shows, in words.
    """
    _CURTAIN(
        key=key,
        data={
            "before": _address(before),
            "after": _address(after),
            "left": names[0],
            "right": names[1],
            "beforeAlt": alts[0],
            "afterAlt": alts[1],
            "label": f"Curtain between {names[0].lower()} and {names[1].lower()}",
        },
        width=width,
        height="content",
    )


def _address(picture: bytes) -> str:
    return "data:image/jpeg;base64," + b64encode(picture).decode()

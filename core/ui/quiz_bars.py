"""How a class answered, as bars light enough to be drawn anew with every answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

_STYLE = """
.bars { display: grid; gap: 0.45em; font-family: var(--st-font); color: var(--st-text-color);
  font-size: var(--size); line-height: 1.25; }
.name { display: flex; flex-wrap: wrap; gap: 0 0.5em; align-items: baseline; }
.note { font-size: 0.75em; padding: 0 0.45em; border: 1px solid currentColor;
  border-radius: 1em; white-space: nowrap; }
.line { display: flex; align-items: center; gap: 0.5em; line-height: 1; }
.track { flex: 1; height: 0.75em; background: var(--st-secondary-background-color);
  box-shadow: inset 0 0 0 1px var(--st-border-color); }
.bar { height: 100%; background: var(--colour); }
.first { --colour: #0072B2; }
.then { --colour: repeating-linear-gradient(135deg, #E69F00 0 6px, #7A5500 6px 10px); }
.count { min-width: 2em; font-variant-numeric: tabular-nums; text-align: right; }
.key { display: flex; flex-wrap: wrap; gap: 0.2em 1.2em; font-size: 0.8em; }
.key span { display: flex; align-items: center; gap: 0.4em; }
.key i { display: inline-block; width: 1.4em; height: 0.8em; background: var(--colour); }
"""

_SCRIPT = """
function part(name, text) {
  const found = document.createElement("div")
  found.className = name
  if (text !== undefined) found.textContent = text
  return found
}

function line(kind, count, all) {
  const whole = part("line"), track = part("track"), bar = part(`bar ${kind}`)
  bar.style.width = `${(100 * count) / Math.max(1, all)}%`
  track.append(bar)
  whole.append(track, part("count", count))
  return whole
}

export default function ({ data, parentElement }) {
  const bars = parentElement.querySelector(".bars")
  bars.style.setProperty("--size", data.large ? "1.25rem" : "1rem")
  bars.setAttribute("aria-label", data.alt)
  const all = data.bars.reduce((sum, { first }) => sum + first, 0)
  const drawn = data.bars.map((one) => {
    const row = part("row"), name = part("name", one.name)
    name.append(...one.notes.map((note) => part("note", note)))
    row.append(name, line("first", one.first, all))
    if (one.then !== null) row.append(line("then", one.then, all))
    return row
  })
  if (data.bars.some(({ then }) => then !== null)) {
    const key = part("key")
    for (const [kind, words] of [["first", "blind"], ["then", "after the model"]]) {
      const entry = document.createElement("span"), swatch = document.createElement("i")
      swatch.className = kind
      entry.append(swatch, words)
      key.append(entry)
    }
    drawn.push(key)
  }
  bars.replaceChildren(...drawn)
}
"""
_BARS = st.components.v2.component(
    "lightbox_quiz_bars", html="<div class='bars' role='img'></div>", css=_STYLE, js=_SCRIPT
)


@dataclass(frozen=True)
class Bar:
    """One answer: how many gave it blind, and how many stand by it after the model's reading, None
    where there is none yet; `notes` are short words beside its name."""

    name: str
    first: int
    then: int | None = None
    notes: tuple[str, ...] = ()


def show(bars: Sequence[Bar], key: str, *, large: bool = False) -> None:
    """The bars, one answer a row; large: to be read from the last row of a class."""
    _BARS(
        key=key,
        data={"bars": [vars(bar) for bar in bars], "alt": _alt(bars), "large": large},
        width="stretch",
        height="content",
    )


def _alt(bars: Sequence[Bar]) -> str:
    said = (
        f"{bar.name}{''.join(f', {note}' for note in bar.notes)}: {bar.first}"
        + (f" blind, {bar.then} after the model" if bar.then is not None else "")
        for bar in bars
    )
    return f"Answers of the class. {'; '.join(said)}"

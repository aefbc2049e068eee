"""The easel that every drawing stands on: tools, undo, zoom, and the canvas itself."""

from collections.abc import Callable, Sequence

import numpy as np
import streamlit as st

from core.drawing import Drawing
from core.masks import Stroke
from core.ui import canvas_picture, fabric, label_colours, sheet
from core.ui.browser_memory import Report
from core.ui.drawable import drawable
from core.ui.sheet import Sheet
from core.ui.subject import BRUSH, LINE, POLYGON, RECTANGLE, Subject
from core.ui.words import percent

MODES = {BRUSH: "freedraw", LINE: "line", RECTANGLE: "rect", POLYGON: "polygon"}
PAINT, ERASE = "Paint", "Erase"
PAINTING, ERASING = ("#56B4E9A0", "#56B4E960"), (fabric.ERASING, "#E69F0070")
THIN = 2  # px of canvas: the line round a box or an outline, which is no part of it
ZOOMS = (1, 2, 4, 8)
LARGEST = 720  # px of canvas on its longer side; the screen may allow less
SMALLEST = 200


def _nothing(*_) -> None:
    """What is done where nobody asked for anything."""


def current(key: str, sha256: str) -> Drawing:
    """The drawing on a film at canvas `key`, up to the last stroke that reached the server."""
    return sheet.of(key, sha256).whole


def replace(key: str, sha256: str, strokes: Sequence[Stroke]) -> None:
    """Put other strokes in place of the drawing, as one step that can be undone.

    For a mask that was suggested, uploaded or grown: in a callback, before easel(), or rerun.
    """
    take(key, sha256, lambda drawing: drawing.replaced(tuple(strokes)))


def take(key: str, sha256: str, step: Callable[[Drawing], Drawing]) -> None:
    """Take one step of the whole drawing's history, as `replace`."""
    now = sheet.of(key, sha256)
    sheet.keep(key, sha256, now.laid(step(now.whole)))


def cleared(drawing: Drawing) -> Drawing:
    """The drawing without its strokes, in one step."""
    return drawing.replaced(())


def easel(
    ground: np.ndarray,
    sha256: str,
    name: str,
    key: str,
    subject: Subject,
    report: Report,
    label: str = "",
    tools: str = "",
    changed: Callable[[], None] = _nothing,
    beneath: Callable[[Sheet], None] = _nothing,
) -> Drawing:
    """Draw on a film: the tools, the canvas, and how it is looked at. Returns the drawing.

    ground: (H, W) or (H, W, 3) uint8 as the film is displayed. sha256, name: of its file; the
    drawing belongs to the hash. key: names this canvas among the pages; its state keys begin with
    it. report: what the browser told, its room above all; until `recalled` stands in the sheet the
    ground is only shown. label: a key of LABELS that new paint gets. tools: as `key`, where several
    canvases share their tools. changed: called before any run in which the drawing is another one.
    beneath: writes below the canvas, given its sheet.
    Call it in a fragment: every stroke is a rerun.
    """
    shape = ground.shape[:2]
    now = sheet.of(key, sha256)
    above, place, words, looks = (st.container() for _ in range(4))
    with above:
        tool, erase, thickness = _tools(
            tools or key, key, sha256, now.whole, report.touch, subject, changed
        )
    with looks:
        view, window = look(ground, sha256, key, subject, report, now.whole)
    now = now.settled(view, erase, sheet.widget(key, sha256, now) not in st.session_state)
    sheet.keep(key, sha256, now)
    drawing = now.whole
    with place:
        mask = subject.mask(drawing.strokes, shape)
        picture = _picture(ground, now, mask, view, window, subject)
        if now.recalled:
            paint = label_colours.drawn(label) if label else PAINTING
            drawable(
                picture,
                view.size,
                MODES[tool],
                *(ERASING if erase else paint),
                thickness,
                sheet.widget(key, sha256, now),
                changed=lambda: _keep(key, sha256, changed),
            )
        else:
            # Until the browser tells what it kept, and how much room there is: a moment.
            st.image(picture, width=view.size[0], alt=f"{subject.picture} {name}".strip())
    with words:
        _words(mask, tool, erase, report.touch, subject)
        beneath(now)
    return drawing


def look(
    ground: np.ndarray,
    sha256: str,
    key: str,
    subject: Subject,
    report: Report,
    drawing: Drawing,
) -> tuple[fabric.View, tuple[int, int]]:
    """The part of the ground that is shown, and its grey levels shown black and white."""
    room = report.width or LARGEST
    if subject.looks:
        return _looks(key, sha256, ground, drawing, room)
    return _view(ground.shape[:2], 1, (0.5, 0.5), room), (0, 255)


def _picture(
    ground: np.ndarray,
    now: Sheet,
    mask: np.ndarray,
    view: fabric.View,
    window: tuple[int, int],
    subject: Subject,
) -> bytes:
    """What the canvas lies on. What is live is the widget's to show, unless it makes more than the
    strokes; `mask` is what all strokes make."""
    shape = ground.shape[:2]
    if subject.marks:
        marks = subject.marks(now.drawing.strokes, now.whole.strokes, shape)
        return canvas_picture.layered(ground, *marks, view, window, subject.table)
    if now.live and not subject.follows:
        mask = subject.mask(now.drawing.strokes, shape)
    return canvas_picture.picture(ground, mask, view, window, subject.table)


def _keep(key: str, sha256: str, changed: Callable[[], None]) -> None:
    """Keep what the widget told: it is forgotten where the run that follows shows no canvas."""
    sheet.keep(key, sha256, sheet.of(key, sha256))
    changed()


def _step(
    key: str, sha256: str, step: Callable[[Drawing], Drawing], changed: Callable[[], None]
) -> None:
    take(key, sha256, step)
    changed()


def _tools(
    tools: str,
    key: str,
    sha256: str,
    drawing: Drawing,
    touch: bool,
    subject: Subject,
    changed: Callable[[], None],
) -> tuple[str, bool, int]:
    """The tool, whether it erases, and the width of its line in px of canvas."""
    with st.container(horizontal=True, gap="small"):
        tool = st.segmented_control(
            "Tool",
            list(subject.hints),
            default=BRUSH,
            required=True,
            key=f"{tools}-tool",
            persist_state="session",
            help="  \n".join(f"**{tool}**: {hint}" for tool, hint in subject.hints.items())
            + "  \nEvery tool paints or erases, in the order in which you draw.",
        )
        size = st.slider(
            "Size",
            2,
            80,
            subject.pen,
            step=2,
            format="%d px",
            key=f"{tools}-size",
            persist_state="session",
            # Taken away it would move the canvas under the pointer.
            disabled=tool not in (BRUSH, LINE),
            help="Of the brush, in pixels of your screen"
            + ": zoom in for finer strokes on the film." * subject.looks,
            width=200,
        )
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        erase = st.segmented_control(
            "Paint or erase",
            [PAINT, ERASE],
            default=PAINT,
            required=True,
            key=f"{tools}-erase",
            persist_state="session",
            label_visibility="collapsed",
        )
        for label, icon, can, shortcut, step in (
            ("Undo", ":material/undo:", drawing.can_undo, "Ctrl+Z", Drawing.undone),
            ("Redo", ":material/redo:", drawing.can_redo, "Ctrl+Shift+Z", Drawing.redone),
            ("Clear", ":material/delete:", bool(drawing.strokes), None, cleared),
        ):
            st.button(
                label,
                icon=icon,
                key=f"{key}-{label.lower()}",
                disabled=not can,
                shortcut=None if touch else shortcut,
                on_click=_step,
                args=(key, sha256, step, changed),
            )
    return tool, erase == ERASE, size if tool in (BRUSH, LINE) else THIN


def _looks(
    key: str, sha256: str, grey: np.ndarray, drawing: Drawing, room: int
) -> tuple[fabric.View, tuple[int, int]]:
    """The part of the film that is shown, and its grey levels shown black and white."""
    with st.container(horizontal=True, vertical_alignment="top", gap="medium"):
        window = st.slider(
            "Brightness range",
            0,
            255,
            (0, 255),
            key=f"{key}-window-{sha256}",
            persist_state="session",
            help="The grey levels shown black and white. It changes what you see, not the film.",
            width=220,
        )
        zoom = st.segmented_control(
            "Zoom",
            ZOOMS,
            default=1,
            required=True,
            format_func=lambda zoom: f"{zoom}×",
            key=f"{key}-zoom-{sha256}",
            persist_state="session",
            help="Shows a part of the film larger. Strokes stay where they are on the film.",
        )
        centre = _last_drawn(drawing, grey.shape)
        at = [0.5, 0.5]
        for axis, label in enumerate(("Left to right", "Top to bottom") if zoom > 1 else ()):
            percent_along = st.slider(
                label,
                0,
                100,
                # The part that is shown has its middle there, or as near as the film's end allows.
                round(100 * float(np.clip((zoom * centre[axis] - 0.5) / (zoom - 1), 0, 1))),
                format="%d %%",
                key=f"{key}-part{axis}-{sha256}",
                persist_state="session",
                help="Which part of the film is shown.",
                width=160,
            )
            at[axis] = percent_along / 100
        view = _view(grey.shape, zoom, at, room)
        if zoom > 1:
            st.image(
                canvas_picture.overview(grey, view, 120),
                width="content",
                alt="The whole film, with a frame round the part that is shown",
            )
    return view, window


def _view(shape: tuple[int, int], zoom: int, at: Sequence[float], room: int) -> fabric.View:
    return fabric.part(shape, zoom, *at, (min(max(room, SMALLEST), LARGEST), LARGEST))


def _last_drawn(drawing: Drawing, shape: tuple[int, int]) -> np.ndarray:
    """The middle of the last stroke, as shares of the film's width and height; else the film's."""
    points = drawing.strokes[-1].points if drawing.strokes else ()
    if not len(points):
        return np.array([0.5, 0.5])
    return (points.min(0) + points.max(0)) / 2 / (shape[1], shape[0])


def _words(mask: np.ndarray, tool: str, erase: bool, touch: bool, subject: Subject) -> None:
    """What the drawing covers, and how to go on."""
    pixels = int(mask.sum())
    covered = "Nothing is drawn yet."
    if pixels:
        covered = (
            f"The {subject.drawn} covers {percent(pixels / mask.size, 1)} of the {subject.ground}"
            + f", {pixels:,} pixels" * subject.looks
            + "."
        )
    hint = subject.hints[tool] + erase * " What you mark orange is taken away."
    if touch and tool != BRUSH:
        hint = f"With a finger only the brush draws; {tool.lower()} wants a mouse."
    st.caption(f"{covered} {hint}")

"""The drawing canvas that all drawing pages share: tools, undo, zoom, and a draft that stays."""

from collections.abc import Callable, Sequence

import numpy as np
import streamlit as st

from core.drawing import Drawing
from core.masks import Stroke, keepable, to_json
from core.ui import browser_memory, canvas_picture, fabric, sheet
from core.ui.browser_memory import Report
from core.ui.drawable import drawable
from core.ui.sheet import Sheet
from core.ui.subject import BRUSH, FILM, LINE, POLYGON, RECTANGLE, Subject
from core.ui.words import percent, plain

MODES = {BRUSH: "freedraw", LINE: "line", RECTANGLE: "rect", POLYGON: "polygon"}
PAINT, ERASE = "Paint", "Erase"
COLOURS = {PAINT: ("#56B4E9A0", "#56B4E960"), ERASE: (fabric.ERASING, "#E69F0070")}
THIN = 2  # px of canvas: the line round a box or an outline, which is no part of it
ZOOMS = (1, 2, 4, 8)
LARGEST = 720  # px of canvas on its longer side; the screen may allow less
SMALLEST = 200
LOST = {  # why the browser does not keep a drawing
    "full": "This browser's storage has no room for it",
    "blocked": "This browser's storage is closed to this site",
    "long": "It has more strokes than can be read back, so take the PNG",
}


def current(key: str, sha256: str) -> Drawing:
    """The drawing on a film at canvas `key`, up to the last stroke that reached the server."""
    return sheet.of(key, sha256).whole


def replace(key: str, sha256: str, strokes: Sequence[Stroke]) -> None:
    """Put other strokes in place of the drawing, as one step that can be undone.

    For a mask that was suggested, uploaded or grown: in a callback, before canvas(), or rerun.
    """
    _take(key, sha256, lambda drawing: drawing.replaced(tuple(strokes)))


def canvas(
    ground: np.ndarray, sha256: str, name: str, key: str, subject: Subject = FILM
) -> Drawing:
    """Draw on a film: the tools, the canvas, and how it is looked at. Returns the drawing.

    ground: (H, W) or (H, W, 3) uint8 as the film is displayed. sha256, name: of its file; the
    drawing belongs to the hash. key: names this canvas among the pages; its state keys begin with
    it. subject: what is drawn on, if it is no film. Call it in a fragment: every stroke is a rerun.
    """
    shape = ground.shape[:2]
    memory = f"{key}-memory"
    report = browser_memory.report(memory, name)
    now = sheet.of(key, sha256)
    if report.film == sha256 and not now.recalled:
        now = now.recalling(report.drawing, sha256, shape)
    tools, place, words, looks = (st.container() for _ in range(4))
    with tools:
        tool, erase, thickness = _tools(key, sha256, now.whole, report.touch, subject)
    room, window = report.width or LARGEST, (0, 255)
    view = _view(shape, 1, (0.5, 0.5), room)
    if subject.looks:
        with looks:
            view, window = _looks(key, sha256, ground, now.whole, room)
    now = now.settled(view, erase, sheet.widget(key, sha256, now) not in st.session_state)
    sheet.keep(key, sha256, now)
    drawing = now.whole
    with place:
        mask = subject.mask(drawing.strokes, shape)
        laid = mask
        if now.live and not subject.follows:
            laid = subject.mask(now.drawing.strokes, shape)
        picture = canvas_picture.picture(ground, laid, view, window, subject.table)
        if now.recalled:
            colours = COLOURS[ERASE if erase else PAINT]
            widget = sheet.widget(key, sha256, now)
            drawable(picture, view.size, MODES[tool], *colours, thickness, widget)
        else:
            # Until the browser tells what it kept, and how much room there is: a moment.
            st.image(picture, width=view.size[0], alt=f"{subject.picture} {name}".strip())
    with words:
        _words(mask, tool, erase, report.touch, subject)
        if report.film == sha256:
            _draft(key, sha256, name, now, report, subject)
        keep = ""
        if drawing.strokes:
            fits = keepable(drawing.strokes)
            keep = to_json(drawing.strokes, shape, sha256) if fits else None
        browser_memory.remember(memory, key, sha256, name, keep if now.recalled else None)
    return drawing


def _tools(
    key: str, sha256: str, drawing: Drawing, touch: bool, subject: Subject
) -> tuple[str, bool, int]:
    """The tool, whether it erases, and the width of its line in px of canvas."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        tool = st.segmented_control(
            "Tool",
            list(subject.hints),
            default=BRUSH,
            required=True,
            key=f"{key}-tool",
            persist_state="session",
            help="  \n".join(f"**{tool}**: {hint}" for tool, hint in subject.hints.items())
            + "  \nEvery tool paints or erases, in the order in which you draw.",
        )
        erase = st.segmented_control(
            "Paint or erase",
            list(COLOURS),
            default=PAINT,
            required=True,
            key=f"{key}-erase",
            persist_state="session",
            label_visibility="collapsed",
        )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        size = st.slider(
            "Size of the brush",
            2,
            80,
            subject.pen,
            step=2,
            format="%d px",
            key=f"{key}-size",
            persist_state="session",
            # Taken away it would move the canvas under the pointer.
            disabled=tool not in (BRUSH, LINE),
            help="In pixels of your screen"
            + ": zoom in for finer strokes on the film." * subject.looks,
            width=240,
        )
        with st.container(horizontal=True, width="content", gap="small"):
            for label, icon, can, shortcut, step in (
                ("Undo", ":material/undo:", drawing.can_undo, "Ctrl+Z", Drawing.undone),
                ("Redo", ":material/redo:", drawing.can_redo, "Ctrl+Shift+Z", Drawing.redone),
                ("Clear", ":material/delete:", bool(drawing.strokes), None, _cleared),
            ):
                st.button(
                    label,
                    icon=icon,
                    key=f"{key}-{label.lower()}",
                    disabled=not can,
                    shortcut=None if touch else shortcut,
                    on_click=_take,
                    args=(key, sha256, step),
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
    if not drawing.strokes:
        return np.array([0.5, 0.5])
    points = drawing.strokes[-1].points
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


def _draft(key: str, sha256: str, name: str, now: Sheet, report: Report, subject: Subject) -> None:
    """What became of the draft that the browser keeps."""
    drawn, of_it = subject.drawn, f"{subject.drawn} of {plain(name)}" if name else subject.drawn
    if browser_memory.forgotten():
        st.caption(
            f":material/delete: This browser has forgotten your {drawn}s and keeps none until you "
            "reload the page: download the one you see before you leave."
        )
        return
    if now.untouched:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            said = f"Your {of_it} was restored from this browser."
            st.caption(f":material/history: {said}", width="content")
            st.button(
                "Discard it",
                key=f"{key}-discard",
                type="tertiary",
                on_click=_take,
                args=(key, sha256, _cleared),
            )
    if report.namesake and not now.whole.strokes:
        st.caption(
            f":material/info: This browser keeps a {drawn} for another film named {plain(name)}: "
            "it is not used here, because the two files differ."
        )
    if now.refused and not now.whole.strokes:
        st.caption(
            f":material/warning: The {of_it} that this browser kept cannot be read "
            "any more: draw it anew, or upload the one you downloaded."
        )
    problem = report.problem if keepable(now.whole.strokes) else "long"
    if problem:
        st.caption(
            f":material/warning: A reload loses this {drawn}: download it before you leave. "
            f"{LOST.get(problem, LOST['blocked'])}."
        )
    with st.popover("What this browser keeps", icon=":material/lock:", type="tertiary"):
        st.markdown(
            f"So that a reload does not lose a {drawn}, this browser keeps {subject.kept}. The "
            f"first visit after {browser_memory.MOST_DAYS} days drops it. No pixels are kept, and "
            "nothing on the server."
        )
        st.button(
            f"Forget my {drawn}s on this browser",
            icon=":material/delete_forever:",
            key=f"{key}-forget",
            help="Removes all that was drawn here, on every page. What is on the screen stays "
            "until you leave.",
            on_click=browser_memory.forget,
        )


def _take(key: str, sha256: str, step: Callable[[Drawing], Drawing]) -> None:
    """Take one step of the whole drawing's history."""
    now = sheet.of(key, sha256)
    sheet.keep(key, sha256, now.laid(step(now.whole)))


def _cleared(drawing: Drawing) -> Drawing:
    return drawing.replaced(())

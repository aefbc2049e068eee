"""The drawing canvas that all drawing pages share: tools, undo, zoom, and a draft that stays."""

from dataclasses import dataclass, field
from dataclasses import replace as changed

import numpy as np
import streamlit as st

from core.drawing import Drawing
from core.masks import BadMask, Stroke, from_json, rasterise, to_json
from core.ui import browser_memory, canvas_picture, fabric
from core.ui.drawable import drawable, drawn
from core.ui.words import percent, plain

BRUSH, LINE, RECTANGLE, POLYGON = "Brush", "Line", "Rectangle", "Polygon"
MODES = {BRUSH: "freedraw", LINE: "line", RECTANGLE: "rect", POLYGON: "polygon"}
PAINT, ERASE = "Paint", "Erase"
COLOURS = {PAINT: ("#56B4E9A0", "#56B4E960"), ERASE: ("#E69F00C0", "#E69F0070")}
ERASING = COLOURS[ERASE][0]
THIN = 2  # px of canvas: the line round a box or an outline, which is no part of it
ZOOMS = (1, 2, 4, 8)
LARGEST = 720  # px of canvas on the longer side
PHONE = 340  # px that every screen has
HINTS = {
    BRUSH: "Drag over the film. With a finger too.",
    LINE: "Drag from one end to the other: a straight stroke of the brush.",
    RECTANGLE: "Drag from one corner to the opposite one.",
    POLYGON: "Click each corner; a click on the first one closes it and fills it in.",
}


@dataclass(frozen=True)
class Sheet:
    """A drawing under way: `drawing` is laid into the picture, `live` was drawn over it since.

    view, erase: what the strokes that are live were drawn on and with. mount: the widget's
    number; a new one is an empty widget. recalled: whether the browser was asked for a drawing,
    restored: the revision at which it gave one.
    """

    drawing: Drawing = field(default_factory=Drawing)
    live: tuple[Stroke, ...] = ()
    view: fabric.View | None = None
    erase: bool = False
    mount: int = 0
    recalled: bool = False
    restored: int | None = None

    @property
    def whole(self) -> Drawing:
        """The drawing with what is live, each stroke a step of its own."""
        whole = self.drawing
        for stroke in self.live:
            whole = whole.added((stroke,))
        return whole

    def laid(self, drawing: Drawing) -> "Sheet":
        """The sheet with another drawing in its picture and an empty widget over it."""
        return changed(self, drawing=drawing, live=(), mount=self.mount + 1)


def current(key: str, sha256: str) -> Drawing:
    """The drawing on a film at canvas `key`, up to the last stroke that reached the server."""
    return _sheet(key, sha256).whole


def replace(key: str, sha256: str, strokes: tuple[Stroke, ...]) -> None:
    """Put other strokes in place of the drawing, as one step that can be undone.

    For a suggested or an uploaded mask; call it in a callback, before canvas(), or rerun after.
    """
    sheet = _sheet(key, sha256)
    _keep(key, sha256, sheet.laid(sheet.whole.replaced(strokes)))


def canvas(grey: np.ndarray, sha256: str, name: str, key: str) -> Drawing:
    """Draw on a film: the tools, the canvas, and how it is looked at. Returns the drawing.

    grey: (H, W) uint8 as the film is displayed. sha256, name: of its file; the drawing belongs
    to the hash. key: names this canvas among the pages; its state keys begin with it.
    Call it in a fragment: every stroke is a rerun.
    """
    report = browser_memory.recalled(f"{key}-memory", sha256)
    sheet = _recall(_sheet(key, sha256), report, sha256, grey.shape)
    tools, place, looks, words = (st.container() for _ in range(4))
    with tools:
        tool, erase, thickness = _tools(key, sha256, sheet.whole)
    with looks:
        view, window = _looks(key, sha256, grey, report.width if report else LARGEST)
    sheet = _settled(sheet, key, sha256, view, erase)
    _keep(key, sha256, sheet)
    whole = sheet.whole
    with place:
        under = rasterise(sheet.drawing.strokes, grey.shape)
        picture = canvas_picture.picture(grey, under, view, window)
        if sheet.recalled:
            colour, fill = COLOURS[ERASE if erase else PAINT]
            drawable(
                picture, view.size, MODES[tool], colour, fill, thickness, _mount(key, sha256, sheet)
            )
        else:
            # Until the browser tells what it kept, and how much room there is: a moment.
            st.image(picture, width=view.size[0], alt=f"X-ray film {name}")
    with words:
        _words(key, sha256, name, grey.shape, sheet, report, tool)
        kept = to_json(whole.strokes, grey.shape, sha256) if whole.strokes else ""
        browser_memory.remember(
            f"{key}-memory", key, sha256, name, kept if sheet.recalled else None
        )
    return whole


def _tools(key: str, sha256: str, drawing: Drawing) -> tuple[str, bool, int]:
    """The tool, whether it erases, and the width of its line in px of canvas."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        tool = st.segmented_control(
            "Tool",
            list(MODES),
            default=BRUSH,
            required=True,
            key=f"{key}-tool",
            persist_state="session",
            help="  \n".join(f"**{tool}**: {hint}" for tool, hint in HINTS.items()),
        )
        erase = st.segmented_control(
            "Paint or erase",
            list(COLOURS),
            default=PAINT,
            required=True,
            key=f"{key}-erase",
            persist_state="session",
            help="Every tool can do both. Strokes count in the order in which they are drawn.",
        )
    thickness = THIN
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        if tool in (BRUSH, LINE):
            thickness = st.slider(
                "Size of the brush",
                2,
                80,
                16,
                step=2,
                format="%d px",
                key=f"{key}-size",
                persist_state="session",
                help="In pixels of your screen: zoom in for finer strokes on the film.",
                width=240,
            )
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
                shortcut=shortcut,
                on_click=_step,
                args=(key, sha256, step),
            )
    return tool, erase == ERASE, thickness


def _looks(
    key: str, sha256: str, grey: np.ndarray, room: int
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
            width=260,
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
        at = [0.5, 0.5]
        if zoom > 1:
            for axis, label in enumerate(("Left to right", "Top to bottom")):
                at[axis] = (
                    st.slider(
                        label,
                        0,
                        100,
                        50,
                        format="%d %%",
                        key=f"{key}-{label[:4].strip().lower()}-{sha256}",
                        persist_state="session",
                        help="Which part of the film is shown.",
                        width=200,
                    )
                    / 100
                )
        side = max(PHONE, min(room, LARGEST))
        view = fabric.part(grey.shape, zoom, *at, (side, LARGEST))
        if zoom > 1:
            st.image(
                canvas_picture.overview(grey, view, 120),
                width="content",
                alt="The whole film, with a frame round the part that is shown",
            )
    return view, window


def _words(key, sha256, name, shape, sheet: Sheet, report, tool: str) -> None:
    """What the mask covers, and what became of the draft, in words."""
    mask = rasterise(sheet.whole.strokes, shape)
    pixels = int(mask.sum())
    hint = HINTS[tool]
    if report and report.touch and tool != BRUSH:
        hint = f"With a finger only the brush draws; {tool.lower()} wants a mouse or a pen."
    if pixels:
        share = percent(pixels / mask.size, 1)
        st.caption(f"The mask covers {share} of the film, {pixels:,} pixels. {hint}")
    else:
        st.caption(f"Nothing is drawn yet. {hint}")
    if sheet.restored is not None and sheet.restored == sheet.whole.revision:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(
                f":material/history: Your mask of {plain(name)} was restored from this browser."
            )
            st.button(
                "Discard it",
                key=f"{key}-discard",
                type="tertiary",
                on_click=_step,
                args=(key, sha256, _cleared),
            )
    if report and report.namesake and not sheet.whole.strokes:
        st.caption(
            f":material/info: This browser keeps a mask for another film named {plain(name)}; it "
            "is not used here, because the two files differ."
        )
    if report and report.problem == "full":
        st.caption(
            ":material/warning: This browser's storage is full, so a reload will lose this mask: "
            "download it, or clear this site's data."
        )
    elif report and report.problem:
        st.caption(
            ":material/warning: This browser keeps nothing for this site, so a reload will lose "
            "this mask: download it before you leave."
        )


def _sheet(key: str, sha256: str) -> Sheet:
    """The sheet as it is now, with what the widget told since."""
    sheet = st.session_state.get(f"{key}-sheet-{sha256}", Sheet())
    told = drawn(_mount(key, sha256, sheet))
    if sheet.view is None or told is None:
        return sheet
    return changed(sheet, live=fabric.strokes(told, sheet.view, ERASING))


def _keep(key: str, sha256: str, sheet: Sheet) -> None:
    st.session_state[f"{key}-sheet-{sha256}"] = sheet


def _mount(key: str, sha256: str, sheet: Sheet) -> str:
    """The widget's key: another one is an empty widget."""
    return f"{key}-canvas-{sha256}-{sheet.mount}"


def _settled(sheet: Sheet, key: str, sha256: str, view: fabric.View, erase: bool) -> Sheet:
    """The sheet ready for its widget: what is live joins the picture where the widget that holds
    it is gone (another page was open), shows another part, or now draws otherwise."""
    gone = _mount(key, sha256, sheet) not in st.session_state
    if sheet.view not in (None, view) or (sheet.live and (gone or sheet.erase != erase)):
        sheet = sheet.laid(sheet.whole)
    return changed(sheet, view=view, erase=erase)


def _recall(sheet: Sheet, report: browser_memory.Report | None, sha256: str, shape) -> Sheet:
    """The sheet with what the browser kept, the first time it tells, unless something is drawn."""
    if report is None or sheet.recalled:
        return sheet
    sheet = changed(sheet, recalled=True)
    if report.drawing is None or sheet.whole.revision:
        return sheet
    try:
        kept = from_json(report.drawing)
    except BadMask:
        return sheet
    if kept.sha256 != sha256 or tuple(kept.shape) != tuple(shape):
        return sheet
    sheet = sheet.laid(Drawing(kept.strokes))
    return changed(sheet, restored=sheet.drawing.revision)


def _step(key: str, sha256: str, step) -> None:
    """Take one step of the whole drawing's history."""
    sheet = _sheet(key, sha256)
    _keep(key, sha256, sheet.laid(step(sheet.whole)))


def _cleared(drawing: Drawing) -> Drawing:
    return drawing.replaced(())

"""Hands that press what is on a page, and draw on its canvas by mouse and by finger."""

import re

from playwright.sync_api import expect

from core.ui.fabric import MARGIN


def settled(page) -> None:
    """Wait until the page's script has run to its end: what is shown by then will stay there."""
    state = re.compile("notRunning")
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", state)


def press(page, name: str) -> None:
    """Press a button once the page has settled."""
    settled(page)
    page.get_by_role("button", name=name, exact=True).click()


def choose(page, label: str) -> None:
    """Click a label, of a choice or a switch, once the page has settled."""
    settled(page)
    page.get_by_text(label, exact=True).click()


def opened(page) -> None:
    """Wait until the canvas is there to be drawn on."""
    expect(canvas(page)).to_be_visible()
    settled(page)


def canvas(page):
    """The part of the canvas that catches the pointer."""
    return page.locator("canvas.upper-canvas").last


def on_screen(page, *places: tuple[float, float], part: tuple[int, int, int, int]) -> list:
    """Where places of the film are on the screen, while the canvas shows this part of it: left,
    top, width and height."""
    canvas(page).scroll_into_view_if_needed()
    box = canvas(page).bounding_box()
    scale = (box["height"] - 2 * MARGIN) / part[3]
    x0, y0 = box["x"] + MARGIN - part[0] * scale, box["y"] + MARGIN - part[1] * scale
    return [(x0 + x * scale, y0 + y * scale) for x, y in places]


def drag(page, *places, part) -> None:
    """Draw with the mouse through places of the film."""
    first, *others = on_screen(page, *places, part=part)
    page.mouse.move(*first)
    page.mouse.down()
    for place in others:
        page.mouse.move(*place, steps=8)
    page.mouse.up()


def swipe(page, *places, part) -> None:
    """Draw with a finger through places of the film."""
    first, *others = on_screen(page, *places, part=part)
    session = page.context.new_cdp_session(page)

    def send(kind: str, *at) -> None:
        points = [{"x": x, "y": y} for x, y in at]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    send("touchStart", first)
    for place in others:
        middle = ((first[0] + place[0]) / 2, (first[1] + place[1]) / 2)
        for at in (middle, place):
            send("touchMove", at)
        first = place
    send("touchEnd")


def remounted(page, act) -> None:
    """Do what lays the drawing into the picture, and wait for the empty widget."""
    settled(page)
    old = canvas(page).element_handle()
    act()
    page.wait_for_function("old => !old.isConnected", arg=old)
    expect(page.locator("canvas.upper-canvas")).to_have_count(1)
    opened(page)

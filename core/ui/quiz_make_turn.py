"""One quiz at a time is made on this server: the networks that read its films take much memory and
all cores, and the classes that answer just now need both."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

EVERY_S = 0.5
WAITING = "Another quiz is being made on this server: yours follows as soon as it is done."
_TURN = Lock()


@contextmanager
def turn(told: Callable[[str], object]) -> Iterator[None]:
    """Wait until nobody else makes a quiz; `told` is called with a sentence as long as somebody
    does. Where it calls Streamlit, a visitor who leaves waits no longer."""
    while not _TURN.acquire(timeout=EVERY_S):
        told(WAITING)
    try:
        yield
    finally:
        _TURN.release()

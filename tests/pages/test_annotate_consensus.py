"""What is told of a consensus, without a browser."""

from datetime import UTC, datetime

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.annotations import Film, Reader, Reading
from core.artefacts import Annotation
from core.masks import Stroke

NOON = datetime(2024, 5, 6, 12, tzinfo=UTC)
FILM = Film("a" * 64, "a.png", "png", (60, 80), None, NOON, Reader("Ann"), 1)


def reading(number: int) -> Reading:
    box = Stroke(np.array([[10.0, 10], [30 + number, 30]]), tool="rectangle", label="screw")
    said = Annotation((box,))
    state = {"status": "submitted", "saved_at": NOON, "blind": True, "reviewed_by": None}
    told = {"reason": "", "sent_back": False, "damaged": False}
    return Reading(
        number, FILM.sha256, Reader(str(number)), revision=1, annotation=said, **state, **told
    )


def page(readers):
    import streamlit as st

    from core.ui import cached_readings
    from tests.pages.test_annotate_consensus import FILM, reading

    found = cached_readings.agreed([reading(at) for at in range(readers)], FILM, "staple")
    st.session_state["found"] = (found.pixels, set(found.rates))


@pytest.mark.parametrize(("readers", "told"), [(2, False), (3, True)])
def test_rates_are_told_only_of_three_readers_or_more(readers, told):
    """Of two, many truths explain the masks as well: Warfield's estimate is not identifiable."""
    app = AppTest.from_function(page, kwargs={"readers": readers}, default_timeout=30).run()
    assert not app.exception
    pixels, rated = app.session_state["found"]
    assert pixels["screw"] and rated == ({"screw"} if told else set())

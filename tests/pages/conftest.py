"""The pages without a browser, on toy models in a folder of their own."""

from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.settings import CHECKOUT
from tests.toy_models import publish

HANG_S = 60
POINTS = [
    {"name": name, "threshold": at, "sensitivity": 0.9, "specificity": 0.8, "ppv": 0.6, "n": 4}
    for name, at in (("Sensitivity at least 95 %", 0.25), ("Youden", 0.5))
]
PREDICTIONS = "image,label,not fractured,fractured\na,1,.1,.9\nb,1,.7,.3\nc,0,.4,.6\nd,0,.9,.1\n"


@pytest.fixture(autouse=True)
def checkpoints(tmp_path, monkeypatch) -> Path:
    """The checkpoints the app uses: one toy, with predictions and without a gate; no packs."""
    st.cache_data.clear()  # all AppTests are one session to it
    root = tmp_path / "checkpoints"
    monkeypatch.setenv("LIGHTBOX_CHECKPOINTS", str(root))
    monkeypatch.setenv("LIGHTBOX_DATA", str(tmp_path / "data"))
    folder = publish(root, operating_points=POINTS)
    (folder / "predictions.csv").write_text(PREDICTIONS)
    return root


@pytest.fixture
def gate(checkpoints):
    """Give the toy a gate that lets everything or nothing pass: `gate(opened)`."""

    def gate(opened: bool) -> None:
        nothing = np.zeros((1, 8), np.float32)
        np.savez(
            checkpoints / "fracture/toy/gate.npz",
            mean=nothing,
            basis=nothing[None],
            spread=np.ones((1, 1)),
            residual=np.ones(1),
            threshold=np.inf if opened else -1.0,
        )

    return gate


@pytest.fixture
def visit():
    """Open a page as a visitor who follows an address: `visit("fracture", sample="...")`."""

    def visit(room: str, **query: str) -> AppTest:
        app = AppTest.from_file(str(CHECKOUT / "Home.py"), default_timeout=HANG_S)
        app.run()
        app.query_params.update(query)
        return app if room == "start" else app.switch_page(f"pages/{room}.py").run()

    return visit

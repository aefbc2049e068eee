"""Where a network starts from: nothing, timm's hub, weights, a published model, or another run."""

from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from core import jobs, training_files
from core.models import catalogue
from core.settings import Settings
from core.trainer import Trainer
from core.ui import train_data

TITLES = {
    "scratch": "From scratch",
    "hub": "Weights from ImageNet",
    "weights": "A weights file",
    "model": "A published model",
    "run": "Another run",
}
WORDS = {
    "scratch": "Random weights: everything is learned from these data.",
    "hub": "Weights that learned everyday photographs (ImageNet), downloaded from the hub of the "
    "library timm by the machine that trains.",
    "weights": "The backbone's weights from a file, where they fit it.",
    "model": "All its weights. A classifier's backbone, head and input size come with it.",
    "run": "The best weights of a run whose network is the same; of several, their mean.",
}
_BRING = "A file of yours …"


def choose(settings: Settings, trainer: Trainer) -> tuple[Mapping[str, object], str]:
    """The options that say where the network starts, and what is still to be chosen, or ""."""
    start = st.segmented_control(
        "Where the network starts",
        trainer.starts,
        default=trainer.starts[0],
        required=True,
        format_func=TITLES.get,
        key=f"train-{trainer.name}-start",
        persist_state="session",
        label_visibility="collapsed",
    )
    st.caption(WORDS[start])
    if start == "hub":
        return {"pretrained": True}, ""
    if start == "weights":
        weights = _weights(settings, f"train-{trainer.name}-weights")
        return {"weights": weights}, "" if weights else "Choose a weights file to start from."
    if start == "model":
        return _model(settings, trainer)
    if start == "run":
        return _run(settings, trainer)
    return {}, ""


def _weights(settings: Settings, key: str) -> Path | None:
    found = training_files.weights(settings.data)
    options = [*found, _BRING]
    if st.session_state.get(key) not in options:
        st.session_state.pop(key, None)
    name = st.selectbox(
        "Weights",
        options,
        key=key,
        persist_state="session",
        help="The .safetensors, .pt and .pth files in this server's data folder, LIGHTBOX_DATA.",
    )
    if name != _BRING:
        return training_files.under(settings.data, name)
    return train_data.bring(
        settings,
        f"{key}-brought",
        "A file of weights",
        ".safetensors",
        training_files.check_weights,
        "It holds numbers alone. A .pt may hold code, so none is taken from a browser. Put a file "
        "that is too large for this into the data folder.",
    )


def _model(settings: Settings, trainer: Trainer) -> tuple[Mapping[str, object], str]:
    titles = {card.name: card.title for card in catalogue(settings.checkpoints, trainer.task)}
    if not titles:
        return {}, f"No model of this kind ({trainer.task}) is published: start from elsewhere."
    name = st.selectbox(
        "Model",
        list(titles),
        format_func=lambda name: f"{titles.get(name, name)} ({name})",
        key=f"train-{trainer.name}-model",
        persist_state="session",
    )
    return {"from_model": name}, ""


def _run(settings: Settings, trainer: Trainer) -> tuple[Mapping[str, object], str]:
    runs = {
        job.id: job.folder
        for job in jobs.read_jobs(settings.runs)
        if job.trainer == trainer.name and (job.folder / "best.pt").exists()
    }
    if not runs:
        return {}, "No run of this kind has weights yet: start from elsewhere."
    names = st.multiselect(
        "Runs",
        list(runs),
        default=list(runs)[:1],
        key=f"train-{trainer.name}-run",
        persist_state="session",
    )
    if not names:
        return {}, "Choose the runs to start from."
    return {"from_run": [runs[name] for name in names]}, ""

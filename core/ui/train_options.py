"""The options of a trainer as widgets."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path

import streamlit as st

from core import training_files
from core.models import catalogue
from core.options import Option
from core.settings import Settings
from core.trainer import Trainer
from core.trainer_options import DATA, LEARNING, MACHINE, NETWORK, PUBLISHING, START
from core.ui.words import plain

# Asked for by other parts of the form.
ELSEWHERE = ("data", "keep_out", "weights", "pretrained", "from_model", "from_run")
GROUPS = (DATA, START, NETWORK, LEARNING, MACHINE, PUBLISHING)
# What comes with the weights of a published classifier.
BUILT = ("backbone", "head", "size", "same_padding")
LABELS = {
    "allow_leak": "Score a leaking split",
    "also": "Also learn from",
    "batch": "Batch size",
    "compile": "Compile the step",
    "crop": "Crop, px",
    "critics_from": "Critics join in epoch",
    "ema": "EMA",
    "freeze": "Learn the head alone",
    "from_side": "First side, px",
    "frozen": "Frozen backbone of",
    "last": "Keep the last weights",
    "num_nodes": "Machines",
    "phantoms": "Share of phantoms",
    "pleasing": "Weight of pleasing critics",
    "rate": "Learning rate",
    "side": "Side, px",
    "size": "Input size, px",
    "source": "Where the data are from",
    "started_from": "What the start is",
    "steps": "Steps an epoch",
}
# Offered; any other name of the library timm can be typed.
BACKBONES = (
    "mobilenetv2_100",
    "mobilenetv3_large_100",
    "efficientnet_b0",
    "resnet18",
    "resnet50",
    "densenet121",
    "convnext_tiny",
)
OWN_BACKBONES = {"fracture": ("simple_cnn",), "severity": ("plain_cnn",)}
_WEIGHTS = ("eyes",)  # paths of weights; others are packs


def ask(settings: Settings, trainer: Trainer, built: bool = False) -> dict[str, object]:
    """The widgets of all options, those that matter first; their values by name, unchecked.

    built: the network is a published classifier's, so that nothing of it is asked.
    """
    passed = {*ELSEWHERE, *(BUILT if built else ())}
    asked = [o for o in trainer.options if not o.hidden and o.name not in passed]
    values = _row(settings, trainer, [option for option in asked if option.first])
    if "backbone" in values:
        st.caption(_parts(trainer))
    others = [option for option in asked if not option.first]
    with st.expander("More options", icon=":material/tune:", key=f"train-{trainer.name}-more"):
        for group in GROUPS:
            if of_group := [option for option in others if option.group == group]:
                st.markdown(f"**{group}**")
                values |= _row(settings, trainer, of_group)
    return values


def _parts(trainer: Trainer) -> str:
    """What a backbone is, and a head where there is a choice."""
    words = (
        "The backbone is the network that finds features in a picture: a larger one learns more, "
        "is slower and wants more data. Any name of the library timm can be typed."
    )
    if "head" in trainer.defaults:
        words += f" The head answers from them: {trainer.option('head').help}."
    return plain(words)


def _row(settings: Settings, trainer: Trainer, options: Iterable[Option]) -> dict[str, object]:
    """Options side by side; those of which several may be chosen have all the width."""
    wide = [option for option in options if option.many]
    values = {option.name: _widget(settings, trainer, option) for option in wide}
    with st.grid(3, min_column_width=150, vertical_alignment="bottom"):
        for option in options:
            if option not in wide:
                values[option.name] = _widget(settings, trainer, option)
    return values


def label(option: Option) -> str:
    """What an option is called on the page."""
    return LABELS.get(option.name) or option.name.replace("_", " ").capitalize()


def _widget(settings: Settings, trainer: Trainer, option: Option) -> object:
    default = trainer.defaults[option.name]
    about = {
        "label": label(option),
        "key": f"train-{trainer.name}-{option.name}",
        "help": _help(option),
        "persist_state": "session",
    }
    if option.kind is bool:
        return st.toggle(value=bool(default), **about)
    if option.choices or option.model_of or option.kind is Path:
        return _choice(_known(settings, option), default, option, about)
    if option.kind in (int, float):
        return _number(option, default, about)
    if option.name == "backbone":
        names = dict.fromkeys((default, *BACKBONES, *OWN_BACKBONES.get(trainer.name, ())))
        return st.selectbox(options=list(names), index=0, accept_new_options=True, **about)
    text = st.text_input(value=default or "", max_chars=200, **about).strip()
    return text or None


def _known(settings: Settings, option: Option) -> Iterable[str]:
    """What an option may be chosen from."""
    if option.choices:
        return option.choices
    if option.model_of:
        return [card.name for card in catalogue(settings.checkpoints, option.model_of)]
    find = training_files.weights if option.name in _WEIGHTS else training_files.packs
    return [str(settings.data / name) for name in find(settings.data)]


def _choice(known: Iterable[str], default: object, option: Option, about: Mapping) -> object:
    options = list(known)
    shown = (lambda path: Path(path).name) if option.kind is Path else str
    if option.many:
        first = [each for each in default or () if each in options]
        if option.choices:
            return st.pills(options=options, selection_mode="multi", default=first, **about)
        return st.multiselect(options=options, default=first, format_func=shown, **about)
    if default is None and option.required and options:
        default = options[0]
    index = options.index(default) if default in options else None
    return st.selectbox(
        options=options,
        index=index,
        placeholder="None chosen",
        format_func=shown,
        **about,
    )


def _number(option: Option, default: float | None, about: Mapping) -> float | None:
    kind, whole = option.kind, option.kind is int
    return st.number_input(
        min_value=kind(option.low),
        max_value=kind(option.high),
        value=None if default is None else kind(default),
        step=1 if whole else _step(option, default),
        format="%d" if whole else "%g",
        placeholder="not given" if default is None else f"{default:g}",
        **about,
    )


def _step(option: Option, default: float | None) -> float:
    """A digit of the default, counted from the nearer end of what is allowed."""
    near = min(default - option.low, option.high - default) if default else 0.0
    return 10.0 ** math.floor(math.log10(near)) if near > 0 else (option.high - option.low) / 100


def _help(option: Option) -> str:
    told = [option.help] if option.low is None else [option.help, option.allowed]
    return " ".join(f"{part[:1].upper()}{part[1:]}." for part in told)

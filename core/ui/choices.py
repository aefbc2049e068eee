"""What a visitor chooses on a page that reads films, kept while other pages are visited."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import streamlit as st

from core.models import ModelCard
from core.ui import chosen, link, origin
from core.ui.gallery import Exhibit
from core.ui.words import interval, score

SAMPLE, FILES, WORKLIST = "Sample film", "Your own films", "From a worklist"
OPEN = "annotate-open"  # (code, reader's name, whether verified) of the worklist that is open


@dataclass(frozen=True)
class Room:
    """A page's own choices: the session's keys for its sample and its model, the model to begin
    with, the metric that tells how good one is, and the further names in the page's address."""

    name: str
    sample: str
    model: str
    default_model: str
    metric: str
    metric_name: str
    extras: tuple[str, ...] = ()
    several: bool = True  # of the visitor's own films at a time
    worklists: bool = False  # whether it takes films of one, too


FRACTURE = Room("fracture", "sample", "model", "mobilenetv2", "auroc", "AUROC", ("threshold",))
SEVERITY = Room(
    "severity", "knee", "grader", "mobilenetv2", "qwk", "weighted kappa", ("side", "target")
)
INPAINT = Room(
    "inpaint",
    "repair",
    "painter",
    "context_encoder",
    "psnr_hardware_model",
    "PSNR",
    several=False,
    worklists=True,
)


class Named(Protocol):
    """What a visitor chooses to read or to fill a film: a model's card, or a method."""

    name: str
    title: str
    version: str


def sources(room: Room) -> list[str]:
    """Where its films may come from: from a worklist only while one is open."""
    return [SAMPLE, FILES, *[WORKLIST] * (room.worklists and OPEN in st.session_state)]


def threshold_key(card: Named) -> str:
    """Each model keeps a threshold of its own: their probabilities spread differently."""
    return f"threshold-{card.name}"


def default_threshold(card: ModelCard) -> float:
    """The threshold of a card's balanced operating point."""
    return card.balanced.threshold if card.balanced else 0.5


def prepare(
    cards: Sequence[Named], gallery: Mapping[str, Exhibit], room: Room = FRACTURE
) -> list[str]:
    """Set every choice: kept, asked for by the address, or the default; say what was unknown, and
    what became of the model that was chosen."""
    state = st.session_state
    names = {card.name: card for card in cards}
    first = room.default_model if room.default_model in names else cards[0].name
    sample = next(iter(gallery))
    for key, value in {"source": SAMPLE, room.sample: sample}.items():
        state.setdefault(key, value)
    if state["source"] not in sources(room):
        state["source"] = SAMPLE
    if state[room.sample] not in gallery:
        state[room.sample] = sample
    if "target" in room.extras:
        state.setdefault("target", "called")
    before = state.get(room.model)
    chosen.follow(room.model, cards, first)
    for card in cards if "threshold" in room.extras else ():
        _set_threshold(card, before if card.name == state[room.model] else None)
    asked, unknown = link.asked(room.name, _now(names[state[room.model]], room)), []
    if "sample" in asked:
        state["source"] = SAMPLE
        if asked["sample"] in gallery:
            state[room.sample] = asked["sample"]
        else:
            unknown.append("The link names a sample film that is not here; another one is shown.")
    if "model" in asked:
        if asked["model"] in names:
            state[room.model] = asked["model"]
        else:
            unknown.append("The link names a model that is not here; another one is used.")
    for name in room.extras:
        if name in asked and not _follow(name, asked, names[state[room.model]], room):
            unknown.append(f"The link's {name} was left out; {_INSTEAD[name]} is used.")
    return unknown + chosen.told(room.model)


def say(sentences: Sequence[str]) -> None:
    """Show what `prepare` says; the place is taken even while it is empty, so that a canvas below
    stays where it is."""
    with st.container():
        for sentence in sentences:
            st.warning(sentence, icon=":material/warning:")


def _set_threshold(card: ModelCard, before: str | None) -> None:
    """Keep the visitor's threshold, unless another model is published under this name now.

    before: the name that the model may have had until now.
    """
    state, key = st.session_state, threshold_key(card)
    if state.get(f"{key}-of") != card.version:
        state.pop(key, None)
        was = f"threshold-{before}"
        if state.get(f"{was}-of") == card.version and was in state:
            state[key] = state[was]
    state[f"{key}-of"] = card.version
    state.setdefault(key, default_threshold(card))


_INSTEAD = {
    "threshold": "the model's own",
    "side": "another one",
    "target": "the called grade",
}


def _follow(name: str, asked: Mapping[str, str], card: ModelCard, room: Room) -> bool:
    """Set one further choice as the address asks; False where it asks for nothing that exists."""
    if name == "threshold":
        threshold = _share(asked["threshold"])
        if threshold is None or asked.get("model", card.name) != card.name:
            return False
        st.session_state[threshold_key(card)] = threshold
        return True
    known = {"side": ("left", "right"), "target": (*card.classes, "called")}[name]
    if asked[name] in known:
        st.session_state[name] = asked[name]
    return asked[name] in known


def write_link(card: Named, room: Room = FRACTURE) -> None:
    """Make the page's address reopen the present sample, model and further choices."""
    state = st.session_state
    sample = state[room.sample] if state["source"] == SAMPLE else None
    extras = {name: state.get(_key(name, card)) for name in room.extras}
    if "threshold" in extras:
        extras["threshold"] = f"{extras['threshold']:.6f}"
    link.write(room.name, {"sample": sample, "model": card.name, **extras}, _now(card, room))


def choose_model(cards: Sequence[ModelCard], room: Room = FRACTURE) -> ModelCard:
    """The model chooser, with how good the chosen one is."""
    names = {card.name: card for card in cards}

    def label(name: str) -> str:
        card = names[name]
        metric = card.metrics.get(room.metric)
        good = f" · {room.metric_name} {score(metric.value)}" if metric else ""
        return card.title + good + origin.few(card) * bool(good)

    name = st.selectbox(
        "Model", list(names), format_func=label, key=room.model, persist_state="session"
    )
    card = names[name]
    metric = room.metric_name[:1].upper() + room.metric_name[1:]
    st.caption(f"{metric} {interval(card.metrics.get(room.metric))}. {origin.measured(card)}")
    return card


def _now(card: Named, room: Room) -> tuple:
    state = st.session_state
    extras = (state.get(_key(name, card)) for name in room.extras)
    return state["source"], state[room.sample], card.name, *extras


def _key(extra: str, card: Named) -> str:
    return threshold_key(card) if extra == "threshold" else extra


def _share(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value <= 1 else None

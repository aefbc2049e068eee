"""Compare on a labelled set: models measured on the same films, one against another, and what a
threshold costs."""

from collections.abc import Mapping, Sequence

import streamlit as st

from core.labelled import DISEASES, BadSet
from core.models import BadModel, ModelCard, catalogue
from core.set_measures import MEASURES
from core.settings import Settings
from core.ui import (
    compare_set_bring,
    compare_set_duel,
    compare_set_kinds,
    compare_set_pictures,
    compare_set_standing,
    compare_set_threshold,
    origin,
)
from core.ui.compare_choices import names, offer, say_no_models, titles
from core.ui.compare_set_data import Subject, comparable, validation
from core.ui.compare_set_figures import choose_format
from core.ui.words import percent, plain

VALIDATION, OWN = "Validation films", "Labelled films of yours"
DATA, PART, MODELS = "compare-set-data", "compare-set-part", "compare-set-{}-models"
TASK = "compare-set-task"
PARTS = {
    "standing": ("How good", compare_set_standing.show),
    "kinds": ("On which films", compare_set_kinds.show),
    "duel": ("One against another", compare_set_duel.show),
    "threshold": ("What a threshold costs", compare_set_threshold.show),
}

NAMED = {  # in the address: where it is kept, and what it may be of a task
    "curve": (compare_set_standing.CURVE, lambda task: compare_set_standing.CURVES),
    "measure": (compare_set_kinds.MEASURE, MEASURES.get),
    "only": (compare_set_duel.ONLY, lambda task: compare_set_duel.SIDES),
}
SHARES = {
    "threshold": compare_set_threshold.THRESHOLD,
    "prevalence": compare_set_threshold.PREVALENCE,
}


def show(settings: Settings, task: str) -> None:
    """The view "A labelled set" of the Compare page; `task` is fracture, severity or lesion."""
    st.session_state[TASK] = task
    cards = catalogue(settings.checkpoints, task)
    if not cards:
        say_no_models(task)
        return
    source, chosen = _choose(cards, task)
    if not chosen:
        st.info("Choose one model or more, and they are compared here.")
        return
    try:
        if source == OWN:
            subject = compare_set_bring.choose(settings, task, chosen)
        else:
            subject = _published(settings, chosen)
    except (BadSet, BadModel) as error:
        st.error(plain(error.reason), icon=":material/error:")
        return
    if subject is None:
        return
    _said(subject)
    state = st.session_state
    if state.get(PART) not in PARTS:
        state[PART] = "standing"
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        st.segmented_control(
            "Question",
            list(PARTS),
            format_func=lambda part: PARTS[part][0].replace("films", origin.seen(task)),
            required=True,
            key=PART,
            persist_state="session",
        )
        choose_format()
    PARTS[state[PART]][1](subject, list(titles(chosen).values()))


def _choose(cards: Sequence[ModelCard], task: str) -> tuple[str, list[ModelCard]]:
    """Where the films come from, and the models."""
    key, known = MODELS.format(task), {card.name: card for card in cards}
    offer(key, list(known), comparable(cards) or list(known), "models")
    source = st.segmented_control(
        "Data",
        [VALIDATION, OWN],
        format_func=lambda one: one.replace("films", origin.seen(task)),
        default=VALIDATION,
        required=True,
        key=DATA,
        persist_state="session",
        help="The predictions that came with the models; or a folder or zip of yours, read now.",
    )
    chosen = st.multiselect(
        "Models",
        list(known),
        format_func=titles(cards).get,
        key=key,
        persist_state="session",
        placeholder="Choose models",
    )
    return source, [known[name] for name in chosen]


def _published(settings: Settings, cards: Sequence[ModelCard]) -> Subject:
    labelled = validation(settings, cards)

    def pictures(places: Sequence[int]) -> list[bytes | None]:
        names = [labelled.images[at] for at in places]
        return compare_set_pictures.thumbnails(settings, labelled.task, names)

    return Subject(labelled, False, pictures)


def _said(subject: Subject) -> None:
    """How many films of what, and what that means for the numbers."""
    labelled, films = subject.labelled, origin.seen(subject.labelled.task)
    n, positive = len(labelled), int(labelled.positives.sum())
    groups = len(set(labelled.groups))
    words = (
        f"**n = {n:,}** {films}{f' in {groups:,} groups' if groups < n else ''}, {positive:,} "
        f"({percent(positive / n)}) {labelled.disease.name}: {plain(labelled.data)}."
    )
    if subject.own:
        words += " A link to this page does not carry them."
    else:
        words += (
            " No model learned from them, but each model's best epoch, calibration and thresholds "
            "were chosen on them, so the numbers are somewhat favourable."
        )
    st.markdown(words)


def choices() -> dict[str, str]:
    """The choices that the address keeps, of what was shown last: `models`, `part`, and those of
    `curve`, `by`, `measure`, `pair`, `only`, `threshold` and `prevalence` that the part uses."""
    state = st.session_state
    task, part = state.get(TASK), state.get(PART, "standing")
    models = state.get(MODELS.format(task))
    if not models:
        return {}
    kept = {"models": ",".join(models), "part": part}

    def of(key: str):
        return state.get(key.format(task))

    if part == "standing":
        kept["curve"] = of(compare_set_standing.CURVE)
    if part == "kinds":
        kept |= {"by": of(compare_set_kinds.BY), "measure": of(compare_set_kinds.MEASURE)}
    if part == "duel" and of(compare_set_duel.FIRST):
        kept["pair"] = f"{of(compare_set_duel.FIRST)},{of(compare_set_duel.SECOND)}"
        kept["only"] = of(compare_set_duel.ONLY)
    if part == "threshold" and of(compare_set_threshold.MODEL):
        kept["pair"] = of(compare_set_threshold.MODEL)
        for name, key in SHARES.items():
            if of(key) is not None:
                kept[name] = f"{of(key):.6g}"
    return {name: choice for name, choice in kept.items() if choice}


def follow(asked: Mapping[str, str]) -> list[str]:
    """Take from the address what `choices` put into it, before `show`, and return a sentence for
    each thing that cannot be used; `show` says which models are not here. `task` is the address's.
    """
    state, unknown = st.session_state, []
    task = asked.get("task", "fracture")
    task = task if task in DISEASES else "fracture"
    if "models" in asked:
        state[MODELS.format(task)] = names(asked["models"])
        state[DATA] = VALIDATION
    if "part" in asked:
        if asked["part"] in PARTS:
            state[PART] = asked["part"]
        else:
            unknown.append("The link's part is not here; how good the models are is shown.")
    if "by" in asked:
        state[compare_set_kinds.BY.format(task)] = state[compare_set_kinds.ASKED] = asked["by"]
    for name, (key, known) in NAMED.items():
        if asked.get(name) in known(task):
            state[key.format(task)] = asked[name]
        elif name in asked:
            unknown.append(f"The link's {name} was left out; another one is shown.")
    pair = asked.get("pair", "").split(",")
    if len(pair) == 2:
        state[compare_set_duel.FIRST.format(task)] = pair[0]
        state[compare_set_duel.SECOND.format(task)] = pair[1]
    elif pair[0]:
        state[compare_set_threshold.MODEL.format(task)] = pair[0]
    for name in SHARES.keys() & asked.keys():
        share = _share(asked[name])
        if share is None:
            unknown.append(f"The link's {name} was left out; another one is used.")
        else:
            state[SHARES[name].format(task)] = share
    return unknown


def _share(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value <= 1 else None

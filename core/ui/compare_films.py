"""Films side by side as every model of a task sees them, those first on which models disagree."""

from collections.abc import Mapping, Sequence
from functools import partial

import streamlit as st

from core.models import BadModel, ModelCard, catalogue
from core.settings import Settings
from core.ui import cached, compare_ranking, compare_readings, gallery, source
from core.ui.choices import FILES, default_threshold
from core.ui.compare_choices import names, offer, say_no_models, titles
from core.ui.compare_readings import Readings
from core.ui.compare_verdicts import CALLED, Grades, Verdicts
from core.ui.source import Entry
from core.ui.words import plain

SAMPLES = "Sample films"
SOURCE, POINT, ONE, TARGET = (
    "compare-source",
    "compare-threshold",
    "compare-one-threshold",
    "compare-target",
)
ANYWAY = "compare-anyway"
SAME = "The same for all"
BALANCED = "Youden"
BEGIN_WITH = 4  # samples
EXHIBITS = {"fracture": gallery.fractures, "severity": gallery.knees}
FOREIGN = {"fracture": "bone X-rays", "severity": "whole knees"}


class Films:
    """The films of one task, "fracture" or "severity"."""

    def __init__(self, task: str) -> None:
        self.task = task
        self.samples, self.models = f"compare-{task}-samples", f"compare-{task}-models"

    def choices(self) -> dict[str, str | None]:
        """As `compare_choices.Desk`."""
        state = st.session_state
        own = state.get(SOURCE) == FILES
        told = {
            "sample": None if own else ",".join(state.get(self.samples, ())),
            "models": ",".join(state.get(self.models, ())),
        }
        if self.task == "severity":
            return told | {"target": state.get(TARGET)}
        point = state.get(POINT)
        return told | {"threshold": f"{state[ONE]:.3f}" if point == SAME else point}

    def follow(self, asked: Mapping[str, str]) -> list[str]:
        """As `compare_choices.Desk`."""
        state, unknown = st.session_state, []
        for name, key in (("sample", self.samples), ("models", self.models)):
            if name in asked:
                state[key] = names(asked[name])
        if "sample" in asked:
            state[SOURCE] = SAMPLES
        if self.task == "severity" and "target" in asked:
            if asked["target"] in (CALLED, *map(str, range(5))):
                state[TARGET] = asked["target"]
            else:
                unknown.append("The link's target was left out; the called grade is used.")
        if self.task == "fracture" and "threshold" in asked:
            _follow_threshold(asked["threshold"])
        return unknown

    def show(self, settings: Settings) -> None:
        """As `compare_choices.Desk`."""
        cards = catalogue(settings.checkpoints, self.task)
        if not cards:
            say_no_models(self.task)
            return
        exhibits = EXHIBITS[self.task](settings.data)
        left, right = st.columns([3, 2], gap="medium")
        with right:
            chosen = self._models(cards)
            task = _grades() if self.task == "severity" else _verdicts(chosen)
        with left:
            entries = self._entries(exhibits)
        if not entries or not chosen:
            st.info("Choose films and models above, and their verdicts appear here.")
            return
        keeper = _keeper(cards)
        foreign = st.container()
        anyway = st.session_state.get(ANYWAY, False)
        readings = compare_readings.read(self.task, entries, chosen, keeper, anyway)
        with foreign:
            self._left_out(readings, anyway)
        if readings.reads and readings.cards:
            compare_ranking.show(self.task, readings, task, keeper)

    def _models(self, cards: Sequence[ModelCard]) -> list[ModelCard]:
        by_name, told = {card.name: card for card in cards}, titles(cards)
        offer(self.models, list(by_name), list(by_name), "models")
        chosen = st.multiselect(
            "Models",
            list(by_name),
            format_func=told.get,
            key=self.models,
            persist_state="session",
            placeholder="Choose models",
        )
        return [card for card in cards if card.name in chosen]

    def _entries(self, exhibits: Mapping[str, gallery.Exhibit]) -> list[Entry]:
        st.session_state.setdefault(SOURCE, SAMPLES)
        st.segmented_control(
            "Films",
            [SAMPLES, FILES],
            key=SOURCE,
            required=True,
            persist_state="session",
            width="stretch",
        )
        if st.session_state[SOURCE] == FILES:
            found = source.uploads()
            st.caption("A link reopens the models and the threshold, not your own films.")
            return found
        offer(self.samples, list(exhibits), list(exhibits)[:BEGIN_WITH], "sample films")
        slugs = st.multiselect(
            "Samples",
            list(exhibits),
            format_func=lambda slug: exhibits[slug].title,
            key=self.samples,
            persist_state="session",
            placeholder="Choose films",
        )
        return [_sample(slug, exhibits[slug]) for slug in slugs]

    def _left_out(self, readings: Readings, anyway: bool) -> None:
        """Say which models and films say nothing, and why."""
        for fault in readings.faults:
            st.warning(f"A model is left out. {fault}", icon=":material/error:")
        for name, reason in readings.unread:
            st.warning(reason, title=plain(name), icon=":material/broken_image:")
        if readings.foreign:
            st.warning(
                f"Left out, as they do not look like {FOREIGN[self.task]}: "
                f"{plain(', '.join(readings.foreign))}.",
                icon=":material/help:",
            )
        if readings.foreign or anyway:
            st.toggle(
                "Show their verdicts anyway",
                key=ANYWAY,
                persist_state="session",
                help="The gate of the best model says that they lie further from the training "
                "films than 99 in 100 real ones, so a verdict would mean nothing.",
            )


def _follow_threshold(text: str) -> None:
    """An operating point by its name, or one threshold for all models, 0 to 1."""
    state = st.session_state
    try:
        value = float(text)
    except ValueError:
        state[POINT] = text
        return
    state[POINT] = SAME if 0 <= value <= 1 else text
    if state[POINT] == SAME:
        state[ONE] = value


def _verdicts(cards: Sequence[ModelCard]) -> Verdicts:
    """Let the visitor choose what is called a fracture."""
    state = st.session_state
    points = dict.fromkeys(point.name for card in cards for point in card.operating_points)
    offered = [*sorted(points, key=lambda name: name != BALANCED), SAME]
    state.setdefault(ONE, 0.5)
    state.setdefault(POINT, offered[0])
    if state[POINT] not in offered:
        st.warning("The threshold that was asked for is not here; another one is used.")
        state[POINT] = offered[0]
    point = st.selectbox(
        "Threshold",
        offered,
        format_func=lambda name: name if name == SAME else f"{name}, each model's own",
        key=POINT,
        persist_state="session",
        help="From this probability on a film is called fractured. Youden's weighs sensitivity and "
        "specificity alike.",
    )
    one = st.slider(
        "One threshold for all models",
        0.0,
        1.0,
        step=0.001,
        format="percent",
        key=ONE,
        persist_state="session",
        disabled=point != SAME,
    )
    return Verdicts({card.name: one if point == SAME else _at(card, point) for card in cards})


def _at(card: ModelCard, point: str) -> float:
    own = {each.name: each.threshold for each in card.operating_points}
    return own.get(point, default_threshold(card))


def _grades() -> Grades:
    st.session_state.setdefault(TARGET, CALLED)
    target = st.selectbox(
        "Heatmaps explain",
        [CALLED, *map(str, range(5))],
        format_func=lambda k: "The grade that each model calls" if k == CALLED else f"Grade {k}",
        key=TARGET,
        persist_state="session",
        help="What on this film speaks for that grade.",
    )
    return Grades(target)


def _sample(slug: str, exhibit: gallery.Exhibit) -> Entry:
    return Entry(slug, exhibit.filename, partial(gallery.file, slug, exhibit), exhibit.truth)


def _keeper(cards: Sequence[ModelCard]) -> cached.Gatekeeper | None:
    try:
        return cached.gatekeeper(cards)
    except BadModel as error:
        st.warning(f"Whether a film is one for these models cannot be checked. {error.reason}")
        return None

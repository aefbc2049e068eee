"""What the severity page keeps between reruns, in each visitor's session alone."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from core import joint, question
from core.cams import TorchCams
from core.classify import Grading, embeddings, grade_knees
from core.joint import Joint, NoJoint
from core.knees import Box, Knee, find_knees
from core.models import ModelCard
from core.ui import cached
from core.ui.film import Film


def find(film: Film, inverted: bool, keeper: cached.Gatekeeper | None) -> list[Knee]:
    """The knees on a film; without a gate the whole film counts as one."""
    if keeper is None:
        height, width = film.grey.shape
        return [Knee(None, Box(0, 0, width, height))]
    return _find(film.sha256, inverted, keeper.card.version, film, keeper)


@st.cache_data(max_entries=64, scope="session", show_spinner="Looking for the knee")
def _find(sha256: str, inverted: bool, model_version: str, _film: Film, _keeper) -> list[Knee]:
    network = cached.model(_keeper.card)

    def distance(crops: list[np.ndarray]) -> np.ndarray:
        return _keeper.gate.distance(embeddings(crops, network))

    return find_knees(_film.shown(inverted), distance, _keeper.gate.threshold)


def cut(film: Film, knee: Knee) -> Film:
    """The part of a film that shows one knee, as a film of its own."""
    sha256 = "-".join(map(str, (film.sha256, *knee.box)))
    return replace(film, sha256=sha256, grey=knee.box.of(film.grey))


def grading(knee: Film, inverted: bool, card: ModelCard) -> Grading:
    """What a model says of one knee. Raises BadModel."""
    return _grading(knee.sha256, inverted, card.version, knee, card)


@st.cache_data(max_entries=64, scope="session", show_spinner=False)
def _grading(sha256: str, inverted: bool, model_version: str, _knee: Film, _card) -> Grading:
    return grade_knees([_knee.shown(inverted)], cached.model(_card))[0]


def joint_of(knee: Film, inverted: bool) -> Joint | NoJoint:
    """The joint of one knee, or why there is none."""
    return _joint(knee.sha256, inverted, knee)


@st.cache_data(max_entries=64, scope="session", show_spinner=False)
def _joint(sha256: str, inverted: bool, _knee: Film) -> Joint | NoJoint:
    try:
        return joint.find_joint(_knee.shown(inverted))
    except NoJoint as error:
        return error


@dataclass(frozen=True)
class KneeReading:
    """What a batch keeps of one knee on a film; the spaces are in mm where the scale is known."""

    side: str | None
    grade: int
    probabilities: tuple[float, ...]
    expected: float
    spaces_px: dict[str, float | None]
    spaces_mm: dict[str, float | None]


def readings(
    label: cached.Label,
    inverted: bool,
    card: ModelCard,
    keeper: cached.Gatekeeper | None,
    film: Callable[[], Film],
) -> list[KneeReading]:
    """What a model says of the knees on a labelled film, without pictures. Raises BadModel."""
    gate = keeper.card.version if keeper else ""
    return _readings(label.sha256, inverted, card.version, gate, card, keeper, film)


@st.cache_data(max_entries=cached.MOST_ROWS, scope="session", show_spinner=False)
def _readings(
    sha256: str, inverted: bool, model_version: str, gate_version: str, _card, _keeper, _film
) -> list[KneeReading]:
    film = _film()
    return [
        _reading(knee.side, cut(film, knee), inverted, _card)
        for knee in find(film, inverted, _keeper)
    ]


def _reading(side: str | None, knee: Film, inverted: bool, card: ModelCard) -> KneeReading:
    said, found = grading(knee, inverted, card), joint_of(knee, inverted)
    gaps = {} if isinstance(found, NoJoint) else {"left": found.left, "right": found.right}
    in_px = {place: gap.width_px for place, gap in gaps.items()}
    in_mm = {place: joint.millimetres(px, knee.spacing_mm) for place, px in in_px.items()}
    chances = tuple(map(float, said.probabilities))
    return KneeReading(side, said.grade, chances, said.expected, in_px, in_mm)


def heat(
    knee: Film, inverted: bool, card: ModelCard, reading: Grading, method: str | None, grade: int
) -> np.ndarray:
    """Heat for a grade over one knee: the model's own, or by a method of the library.

    Raises BadModel.
    """
    if method is None:
        return reading.heat(grade)
    return _heat(knee.sha256, inverted, card.version, method, grade, knee, card)


@st.cache_data(max_entries=64, scope="session", show_spinner=False)
def _heat(sha256: str, inverted: bool, model_version: str, method: str, grade: int, _knee, _card):
    return _cams(_card.version, _card).heat(_knee.shown(inverted), method, grade)


@st.cache_resource(max_entries=1, show_spinner="Loading torch for this heatmap: a few seconds")
def _cams(model_version: str, _card: ModelCard) -> TorchCams:
    return TorchCams.of_card(_card)


def without(knee: Film, inverted: bool, mask: np.ndarray, card: ModelCard) -> Grading:
    """What a model says of a knee when the (H, W) bool mask's part is hidden. Raises BadModel."""
    key = hashlib.sha256(np.packbits(mask)).hexdigest()
    return _without(knee.sha256, inverted, key, card.version, mask, knee, card)


@st.cache_data(max_entries=64, scope="session", show_spinner=False)
def _without(sha256, inverted, mask_sha256, model_version, _mask, _knee, _card) -> Grading:
    hidden = question.hide(_knee.shown(inverted), _mask)
    return grade_knees([hidden], cached.model(_card))[0]


def erasing(
    knee: Film, inverted: bool, card: ModelCard, reading: Grading, heat: np.ndarray, grade: int
) -> question.EraseCurve:
    """How the probability of a grade falls as the hottest places are erased. Raises BadModel."""
    key = hashlib.sha256(heat.tobytes()).hexdigest()
    return _erasing(knee.sha256, inverted, card.version, key, grade, knee, card, reading, heat)


@st.cache_data(max_entries=32, scope="session", show_spinner="Erasing and grading again")
def _erasing(sha256, inverted, model_version, heat_sha256, grade, _knee, _card, _reading, _heat):
    network = cached.model(_card)
    return question.erase_curve(_knee.shown(inverted), network, _reading, _heat, grade)

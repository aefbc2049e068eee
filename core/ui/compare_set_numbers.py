"""What is computed of a labelled set, kept so that no draw of the bootstrap is made twice.

Numbers of published validation films are kept for everybody, those of films that a visitor brings
in that visitor's session alone.
"""

import numpy as np
import streamlit as st

from core import contest as duel
from core import resampling, set_measures
from core.labelled import LabelledSet
from core.models import Metric
from core.ui.compare_set_data import Subject

MOST = 48


def weights(labelled: LabelledSet) -> np.ndarray:
    """(1000, N) draws of the groups."""
    return _weights(structure(labelled.groups))


def structure(groups: np.ndarray) -> bytes:
    """Which of (N,) films belong together, without a word of what their groups are called: the
    draws of sets alike in this are the same, and a visitor's patients are named in no key."""
    return np.unique(groups.astype(str), return_inverse=True)[1].astype(np.int32).tobytes()


@st.cache_resource(max_entries=6, show_spinner=False)
def _weights(groups: bytes) -> np.ndarray:
    return resampling.group_weights(np.frombuffer(groups, np.int32))


def measured(subject: Subject) -> list[dict[str, Metric]]:
    """The measures of every model, in the set's order."""
    kept = _own_measured if subject.own else _measured
    return kept(subject.labelled.version, subject.labelled)


def _all_measured(version: str, _labelled: LabelledSet) -> list[dict[str, Metric]]:
    drawn = weights(_labelled)
    return [set_measures.measured(_labelled, each, drawn) for each in _labelled.readings]


def parts(subject: Subject, title: str) -> list[set_measures.Part]:
    """The measures of every model by the values of an attribute."""
    kept = _own_parts if subject.own else _parts
    return kept(subject.labelled.version, title, subject.labelled)


def _all_parts(version: str, title: str, _labelled: LabelledSet) -> list[set_measures.Part]:
    return set_measures.parts(_labelled, title, weights(_labelled))


def contest(subject: Subject, first: int, second: int) -> duel.Contest:
    """Two models of the set, by their places, against each other."""
    kept = _own_contest if subject.own else _contest
    return kept(subject.labelled.version, first, second, subject.labelled)


def _any_contest(version: str, first: int, second: int, _labelled: LabelledSet) -> duel.Contest:
    readings = _labelled.readings
    return duel.contest(_labelled, readings[first], readings[second], weights(_labelled))


_public = st.cache_data(max_entries=MOST, show_spinner="Drawing the films a thousand times")
_private = st.cache_data(
    max_entries=MOST, scope="session", show_spinner="Drawing the films a thousand times"
)
_measured, _own_measured = _public(_all_measured), _private(_all_measured)
_parts, _own_parts = _public(_all_parts), _private(_all_parts)
_contest, _own_contest = _public(_any_contest), _private(_any_contest)

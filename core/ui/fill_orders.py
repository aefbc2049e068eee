"""What a visitor has had filled, and the masks used on each film, for as long as the session."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import streamlit as st

from core.masks import Stroke, rasterise
from core.ui.cached_fills import Hole, Method

REFUSED = "inpaint-refused"
MOST = 24  # films whose last fill and mask are kept


@dataclass(frozen=True, eq=False)
class Order:
    """One fill that was asked for; the pixels are worked out anew where they are no longer kept.

    mask_sha256, method, method_sha256, inverted, grain: what it was asked for with.
    """

    strokes: tuple[Stroke, ...]
    shape: tuple[int, int]
    mask_sha256: str
    method: str
    method_sha256: str
    inverted: bool
    grain: bool
    at: datetime

    @classmethod
    def now(
        cls, strokes: tuple[Stroke, ...], hole: Hole, method: Method, inverted: bool, grain: bool
    ) -> "Order":
        """An order made at this moment."""
        return cls(
            strokes,
            hole.mask.shape,
            hole.sha256,
            method.name,
            method.sha256,
            inverted,
            grain,
            datetime.now(UTC),
        )

    @property
    def hole(self) -> Hole:
        """The mask that was asked for."""
        return Hole(rasterise(self.strokes, self.shape), self.mask_sha256)

    def asks_for(self, hole: Hole, method: Method) -> bool:
        """Whether it is for this mask and this method."""
        return self.mask_sha256 == hole.sha256 and self._is_by(method)

    def filler(self, methods: Mapping[str, Method]) -> Method | None:
        """The method that filled it, though it may be called otherwise by now; None when it is no
        longer there."""
        named = methods.get(self.method)
        if named and self._is_by(named):
            return named
        return next((method for method in methods.values() if self._is_by(method)), named)

    def _is_by(self, method: Method) -> bool:
        """A network is told by its file, which keeps through a change of its name."""
        if self.method_sha256:
            return self.method_sha256 == method.sha256
        return self.method == method.name

    def changes(self, hole: Hole, method: Method, inverted: bool, grain: bool) -> list[str]:
        """What is no longer as it was asked for, in words."""
        return [
            word
            for word, same in (
                ("the mask", self.mask_sha256 == hole.sha256),
                ("the method", self._is_by(method)),
                ("the polarity", self.inverted == inverted),
                ("the grain", self.grain == grain),
            )
            if not same
        ]


def keep(sha256: str, order: Order) -> None:
    """Keep the last order of a film, which was filled."""
    _keep("inpaint-orders", sha256, order)
    st.session_state.pop(REFUSED, None)


def last(sha256: str) -> Order | None:
    """The last order of a film."""
    return st.session_state.get("inpaint-orders", {}).get(sha256)


def refuse(sha256: str, order: Order, reason: str) -> None:
    """Keep an order that could not be filled, with one sentence on why."""
    st.session_state[REFUSED] = (sha256, order, reason)


def refusal(sha256: str, hole: Hole, method: Method) -> str | None:
    """Why this is not filled; forgotten for good once the film, the mask or the method is another.

    It outlives the run of the press: strokes and what the browser tells make others at any time.
    """
    film, order, reason = st.session_state.get(REFUSED, (None, None, None))
    if order is None:
        return None
    if film == sha256 and order.asks_for(hole, method):
        return reason
    del st.session_state[REFUSED]
    return None


@dataclass(frozen=True, eq=False)
class Used:
    """The mask that was last drawn on a film of this name and (height, width) `shape`."""

    name: str
    shape: tuple[int, int]
    strokes: tuple[Stroke, ...]


def use(sha256: str, used: Used) -> None:
    """Remember the mask of a film, the latest last."""
    _keep("inpaint-masks", sha256, used)


def reusable(sha256: str, shape: tuple[int, int]) -> Used | None:
    """The mask that was last drawn on another film of the same size."""
    kept = st.session_state.get("inpaint-masks", {})
    fitting = [used for film, used in kept.items() if film != sha256 and used.shape == shape]
    return fitting[-1] if fitting else None


def _keep(name: str, sha256: str, value: object) -> None:
    kept = dict(st.session_state.get(name, {}))
    kept.pop(sha256, None)
    kept[sha256] = value
    st.session_state[name] = dict(list(kept.items())[-MOST:])

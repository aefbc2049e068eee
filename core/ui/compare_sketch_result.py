"""What every generator painted of one outline: the pictures, what classifiers take them for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from core import disagreement
from core.export import stamp
from core.lesions import CODES, SIDE
from core.models import BadModel, ModelCard
from core.sketchers import noise, one_hot
from core.ui import cached_sketches
from core.ui.batch import as_csv
from core.ui.compare_choices import titles
from core.ui.linked_pictures import Picture, Row, linked_pictures
from core.ui.sketch_orders import NAMES
from core.ui.words import percent, plain

SYNTHETIC = "Synthetic: these pictures show no patient."


@dataclass(frozen=True, eq=False)
class Painting:
    """A picture (128, 128, 3) uint8 by a generator, of a seed, or of none where it takes no noise;
    `said` (J, 7) is what each of J classifiers takes it for."""

    card: ModelCard
    seed: int | None
    picture: np.ndarray
    said: np.ndarray


def show(
    cards: Sequence[ModelCard],
    judges: Sequence[ModelCard],
    mask: np.ndarray,
    code: str,
    seeds: Sequence[int],
) -> None:
    """Let generators paint the lesion in `mask`, (128, 128) bool, with a diagnosis and a variant
    for each seed, and classifiers read the pictures."""
    asked, paintings = _painted(cards, judges, mask, code, seeds)
    if paintings:
        _compare(cards, asked, paintings, mask, code)


def _painted(
    cards: Sequence[ModelCard],
    judges: Sequence[ModelCard],
    mask: np.ndarray,
    code: str,
    seeds: Sequence[int],
) -> tuple[list[ModelCard], list[Painting]]:
    """The classifiers that could be asked, and every generator's pictures; who cannot answer is
    named."""
    drawn = []
    for card in cards:
        varies = bool(card.details.get("noise"))
        given = list(seeds) if varies else list(seeds)[:1]
        labels = np.tile(one_hot(code), (len(given), 1))
        try:
            found = cached_sketches.draw(card, mask, labels, noise(given))
        except BadModel as error:
            st.warning(f"A generator is left out. {error.reason}", icon=":material/error:")
            continue
        drawn += [
            (card, seed if varies else None, picture)
            for seed, picture in zip(given, found.pictures, strict=True)
        ]
    if not drawn:
        return [], []
    pictures = np.stack([picture for _, _, picture in drawn])
    asked, said = [], []
    for judge in judges:
        try:
            said.append(cached_sketches.judged(judge, pictures))
            asked.append(judge)
        except BadModel as error:
            st.warning(f"A classifier is left out. {error.reason}", icon=":material/error:")
    chances = np.stack(said, 1) if said else np.zeros((len(drawn), 0, len(CODES)))
    return asked, [Painting(*of, row) for of, row in zip(drawn, chances, strict=True)]


def _compare(
    cards: Sequence[ModelCard],
    judges: Sequence[ModelCard],
    paintings: Sequence[Painting],
    mask: np.ndarray,
    code: str,
) -> None:
    """A row for each generator, what the classifiers take its pictures for, and a table."""
    told, asked = titles(cards), titles(judges)
    count = "1 picture" if len(paintings) == 1 else f"{len(paintings)} pictures"
    st.subheader(f"{count} of one outline: {NAMES[code]}", anchor=False)
    sketch = np.repeat(np.where(mask, 255, 40).astype(np.uint8)[..., None], 3, 2)
    outline = Picture(sketch, "The outline", (f"{SIDE} × {SIDE} pixels",), "The filled outline")
    rows = []
    for card in cards:
        own = [painting for painting in paintings if painting.card is card]
        note = "" if card.details.get("noise") else "It takes no noise: one picture, no variants."
        if own:
            made = [_picture(each, told[card.name], asked, judges, code) for each in own]
            rows.append(Row(told[card.name], note, (outline, *made)))
    linked_pictures(rows, "lightbox-compare-sketch")
    _table(cards, judges, paintings, code)


def _picture(
    painting: Painting,
    title: str,
    asked: Mapping[str, str],
    judges: Sequence[ModelCard],
    code: str,
) -> Picture:
    lines = tuple(
        f"{asked[judge.name]}: {_taken_for(chances, code)}"
        for judge, chances in zip(judges, painting.said, strict=True)
    )
    seed = "No seed" if painting.seed is None else f"Seed {painting.seed}"
    called = painting.said.argmax(1)
    word = "Classifiers disagree" if len(set(called)) > 1 else ""
    alt = f"Synthetic picture of a skin lesion: {NAMES[code]}, by {title}, {seed.lower()}"
    return Picture(stamp(painting.picture), seed, ("Synthetic: no patient", *lines), alt, word=word)


def _taken_for(chances: np.ndarray, code: str) -> str:
    """What a classifier's (7,) probabilities mean for a picture that was to show `code`."""
    top = CODES[int(chances.argmax())]
    agrees = "agrees" if top == code else "disagrees"
    return f"{agrees}, {NAMES[top].lower()} {percent(chances.max())}"


def _table(
    cards: Sequence[ModelCard],
    judges: Sequence[ModelCard],
    paintings: Sequence[Painting],
    code: str,
) -> None:
    """How many pictures of each generator every classifier agrees with."""
    told, asked = titles(cards), titles(judges)
    called = np.stack([painting.said.argmax(1) for painting in paintings])
    right = called == CODES.index(code)
    rows = []
    for card in cards:
        own = np.array([painting.card is card for painting in paintings])
        if own.any():
            agreed = {
                f"{plain(asked[judge.name])} agrees": f"{right[own, at].sum()} of {own.sum()}"
                for at, judge in enumerate(judges)
            }
            rows.append({"Generator": plain(told[card.name]), **agreed})
    st.table(pd.DataFrame(rows), hide_index=True, alt="How often each classifier agrees")
    st.download_button(
        "Download results (CSV)",
        partial(_csv, judges, paintings, code),
        "lightbox-compare-sketch.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
        help="A line for each picture and classifier.",
    )
    split = int((disagreement.differing_pairs(called) > 0).sum())
    between = (
        f"The classifiers call {split} of {len(paintings)} pictures differently. "
        if len(judges) > 1
        else ""
    )
    st.caption(
        f"{SYNTHETIC} {between}n = {len(paintings)} pictures of one outline: a picture that a "
        "classifier recognises shows that two networks agree, not what the diagnosis looks like. "
        "How good each generator is on many is on the Sketch page."
    )


def _csv(judges: Sequence[ModelCard], paintings: Sequence[Painting], code: str) -> bytes:
    return as_csv(
        [
            {
                "generator": painting.card.name,
                "seed": "" if painting.seed is None else painting.seed,
                "asked for": code,
                "classifier": judge.name,
                "taken for": CODES[int(chances.argmax())],
                **{
                    f"p({each})": round(float(p), 4) for each, p in zip(CODES, chances, strict=True)
                },
            }
            for painting in paintings
            for judge, chances in zip(judges, painting.said, strict=True)
        ]
    )

"""Pitfall: grades that need no joint."""

from collections.abc import Mapping, Sequence

import streamlit as st

from core import exhibits
from core.exhibits import joint_hidden
from core.joint import Joint, NoJoint
from core.models import ModelCard, catalogue
from core.question import hide
from core.settings import Settings
from core.ui import (
    cached_knees,
    exhibit_asked,
    exhibit_charts,
    gallery,
    grade_charts,
    knee_pictures,
)
from core.ui.film import Film
from core.ui.words import interval, percent, plain, score

TITLE = "The grade that needs no joint"
QUESTION = (
    "A network grades knees nearly as well as a reader: what does it say where the joint is hidden?"
)
SO_WHAT = (
    "A network that is asked for a grade gives one, often a sure one, where nothing is left to be "
    "graded: it has no way to say that it cannot see. Agreement with readers does not show what a "
    "grade rests on; hiding the joint does, and hiding as much elsewhere tells the two apart."
)
WAYS = {
    "Part of the joint": "part of the joint hidden",
    "As much elsewhere": "as much as the joint hidden elsewhere",
    "All but the joint": "all but the joint hidden",
}
PART, ELSEWHERE, ONLY = WAYS
MEASURES = {
    "kappa": "Weighted kappa",
    "accuracy": "Accuracy",
    "stays": "Grades that stay",
    "sure": "Called at 50 % or more",
}


def show(settings: Settings) -> None:
    """What is hidden, what every grader then says of a knee, and what its grades were worth on
    the validation knees."""
    cards = catalogue(settings.checkpoints, "severity")
    way = st.segmented_control("Hide", list(WAYS), key="joint-way", default=PART, required=True)
    amount = st.select_slider(
        "How much of the joint is hidden",
        joint_hidden.AMOUNTS,
        1.0,
        format_func=lambda share: f"{share:.0%}",
        key="joint-amount",
        disabled=way != PART,
        help="Of its height: 100 % covers the joint space and the edges of both bones, 200 % as "
        "much again of the bones. It is filled in from its surroundings, smoothly.",
    )
    condition = {PART: str(amount), ELSEWHERE: joint_hidden.ELSEWHERE, ONLY: joint_hidden.ONLY}[way]
    if cards:
        _live(settings, cards, condition, WAYS[way])
    else:
        st.info(
            "No model that grades knees is published here, so none can be asked: restore the "
            "folder checkpoints/severity. The numbers below are of those that came with Lightbox."
        )
    st.subheader("On the validation knees", anchor=False)
    _numbers(exhibits.measured("joint_hidden", cards), condition, amount if way == PART else None)


def _live(settings: Settings, cards: Sequence[ModelCard], condition: str, done: str) -> None:
    left, right = st.columns([2, 3], gap="medium")
    with left:
        entry = exhibit_asked.choose("Knee", _knees(settings), "joint-knee")
        knee = exhibit_asked.read(entry)
        found = knee and cached_knees.joint_of(knee, knee.negative)
        if isinstance(found, NoJoint):
            st.info(f"There is no joint to hide. {found.reason}", icon=":material/straighten:")
        if not isinstance(found, Joint):
            return
        mask = joint_hidden.masks(knee.grey.shape, found)[condition]
        hidden = hide(knee.shown(knee.negative), mask)
        st.image(
            knee_pictures.picture(hidden, None, 0.0, None),
            width="stretch",
            alt=f"The knee with {done}",
            caption=f"What the models are shown: {percent(float(mask.mean()))} of it is filled in.",
        )
    with right:
        _bars(cards, knee, mask)


def _knees(settings: Settings):
    """The knees of the severity page that show one knee each, upright."""
    known = gallery.knees(settings.data)
    return {slug: exhibit for slug, exhibit in known.items() if slug != "both-knees"}


def _bars(cards: Sequence[ModelCard], knee: Film, mask) -> None:
    inverted = knee.negative
    said = exhibit_asked.every(
        cards,
        lambda card: (
            cached_knees.grading(knee, inverted, card),
            cached_knees.without(knee, inverted, mask, card),
        ),
    )
    for card, (before, after) in said:
        stays = "stays" if before.grade == after.grade else "changes"
        st.markdown(
            f"**{card.title}**: grade {before.grade} with all in view, grade {after.grade} now; "
            f"it {stays}."
        )
        grade_charts.bars(
            {"All in view": before.probabilities, "Now": after.probabilities},
            f"joint-bars-{card.name}",
            200,
        )
    if said:
        st.caption("Probability of every grade, calibrated. This film only, n = 1.")


def _numbers(cards: Sequence[ModelCard], condition: str, amount: float | None) -> None:
    names = joint_hidden.models()
    titles = exhibit_asked.titled(names, cards)
    measure = st.segmented_control(
        "Measure",
        list(MEASURES),
        format_func=MEASURES.get,
        default="kappa",
        required=True,
        key="joint-measure",
    )
    table = {name: _answers(name) for name in names}
    _curves(table, titles, measure, amount)
    shown = {"Nothing": joint_hidden.CONDITIONS[0]}
    shown |= {_told(amount, condition): condition} if amount != 0 else {}
    rows = [
        {
            "Model": title,
            "Hidden": told,
            MEASURES[measure]: interval(getattr(answer, measure)),
            "Called 0 / 1 / 2 / 3 / 4": " / ".join(map(str, answer.called)),
        }
        for name, title in zip(names, titles, strict=True)
        for told, answer in ((told, table[name][which]) for told, which in shown.items())
    ]
    st.table(rows, hide_index=True, alt="What the grades are worth with nothing and a part hidden")
    _headline(titles[0], table[names[0]])
    one = table[names[0]][condition]
    st.caption(
        f"{one.n} of the {joint_hidden.films()} validation knees (OAI), those whose joint is "
        f"found, of {one.patients} patients; 95 % intervals by a bootstrap over patients. Kappa "
        "is quadratically weighted: 1 is perfect, 0 is chance. Asked were the models that came "
        "with Lightbox."
    )


def _told(amount: float | None, condition: str) -> str:
    if amount is None:
        return "As much elsewhere" if condition == joint_hidden.ELSEWHERE else "All but the joint"
    return f"{percent(amount)} of the joint"


def _headline(title: str, answers: Mapping[str, joint_hidden.Answers]) -> None:
    seen, gone, elsewhere = (
        answers[which] for which in (joint_hidden.CONDITIONS[0], "1.0", joint_hidden.ELSEWHERE)
    )
    st.markdown(
        f"Without the joint the weighted kappa of {plain(title)} falls from "
        f"{score(seen.kappa.value)} to **{score(gone.kappa.value)}**, and with as much hidden "
        f"elsewhere it is {score(elsewhere.kappa.value)}: its grades do rest on the joint. But it "
        f"grades all the same: {gone.called[4]} of {gone.n} knees without a joint are called grade "
        f"4 (with the joint {seen.called[4]}), and **{percent(gone.sure.value)}** get their grade "
        "at 50 % or more. What is filled in smoothly looks like a closed joint."
    )


@st.cache_data(show_spinner="Counting")
def _answers(name: str) -> dict[str, joint_hidden.Answers]:
    return {which: joint_hidden.answers(name, which) for which in joint_hidden.CONDITIONS}


def _curves(table, titles: Sequence[str], measure: str, amount: float | None) -> None:
    """A measure of every model as more of the joint is hidden; the chosen amount is marked."""
    figure = exhibit_charts.empty(360)
    shares, told = joint_hidden.AMOUNTS, []
    for at, (title, answers) in enumerate(zip(titles, table.values(), strict=True)):
        values = [getattr(answers[str(share)], measure) for share in shares]
        exhibit_charts.band(figure, shares, [v.low for v in values], [v.high for v in values], at)
        figure.add_scatter(
            x=shares,
            y=[value.value for value in values],
            name=title,
            mode="lines+markers",
            line={
                "dash": exhibit_charts.DASHES[at],
                "width": 2,
                "color": exhibit_charts.colour(at),
            },
            marker={
                "symbol": exhibit_charts.SYMBOLS[at],
                "size": [14 if share == amount else 7 for share in shares],
            },
            hovertemplate="%{x:.0%} hidden: %{y:.3f}<extra></extra>",
        )
        chosen = values[shares.index(1.0 if amount is None else amount)]
        told.append(f"{title} {interval(values[0])} in full view, {interval(chosen)} so")
    figure.update_layout(
        xaxis={
            "title": "Hidden, in heights of the joint",
            "tickformat": ".0%",
            "tickvals": shares,
        },
        yaxis={"title": MEASURES[measure], "range": [-0.05, 1.02]},
    )
    exhibit_charts.draw(
        figure, "joint-curve", f"{MEASURES[measure]} as more is hidden. {'; '.join(told)}"
    )

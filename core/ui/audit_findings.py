"""What an audit found, by weight, with pictures of the first cases side by side."""

from collections.abc import Mapping

import streamlit as st

from core.audit import Audit, Finding, Item, Weight
from core.audit.examples import MOST
from core.audit.layouts import NO_LABELS
from core.audit.report import not_looked_for
from core.ui.words import plain

ICONS = {
    Weight.STOPS: ":material/block:",
    Weight.LOOK: ":material/search:",
    Weight.KNOW: ":material/info:",
}
MEANS = {
    Weight.STOPS: "A number measured on these pictures would be worth nothing until it is mended.",
    Weight.LOOK: "It may spoil training or a score: open the pictures and decide.",
    Weight.KNOW: "Usual, and to be told to whoever reads a score.",
}
LISTED = 500  # cases in a table; the files to download have all
LAYOUTS = (
    "`manifest.csv` (image_id, fractured, split, group) and `images/`",
    "FracAtlas as published (`dataset.csv`)",
    "folders `fractured` and `not fractured` (or `normal`), under `train`, `val`, `test` or none",
    "knees in folders `0` to `4`, their files named by patient",
    "`labels.csv` or `HAM10000_metadata.csv` (image_id, dx, lesion_id) and pictures of skin",
)


def summary(result: Audit) -> None:
    """How many pictures were looked at, how they were read, and how much was found."""
    listing = result.listing
    with st.grid(4, min_column_width=140):
        st.metric("Pictures", f"{len(listing.entries):,}")
        for weight in Weight:
            st.metric(weight, f"{len(result.of(weight)):,}", help=MEANS[weight])
    splits = f", in the splits {plain(', '.join(listing.splits))}" if listing.splits else ""
    st.caption(f"**{plain(listing.name)}**, read as {plain(listing.layout)}{splits}.")
    if listing.layout == NO_LABELS:
        _unlabelled(result)


def findings(result: Audit, pictures: Mapping[str, bytes]) -> None:
    """Every finding, the gravest first; then what was looked for and not found."""
    for weight in Weight:
        found = result.of(weight)
        if not found:
            continue
        st.subheader(f"{ICONS[weight]} {weight}", anchor=False, help=MEANS[weight])
        for finding in found:
            _finding(finding, pictures)
    if not result.findings:
        st.success("Nothing was found amiss.", icon=":material/check_circle:")
    _rest(result)


def _unlabelled(result: Audit) -> None:
    named = list(result.listing.unknown or {})
    told = ""
    if named:
        some = ", ".join(f"“{plain(name)}”" for name in named[:8])
        more = f" and {len(named) - 8} more" if len(named) > 8 else ""
        told = f"No folder is named like a class that is known here ({some}{more}). "
    offered = (
        " Switch on “Folders are labels” to take their names for labels."
        if result.listing.folders
        else ""
    )
    st.info(
        f"{told}These pictures have no labels, so what needs labels was left out: label conflicts, "
        f"class balance, and what gives a label away.{offered}",
        icon=":material/label_off:",
    )


def _finding(finding: Finding, pictures: Mapping[str, bytes]) -> None:
    with st.container(border=True):
        st.markdown(f"**{plain(finding.sentence)}**")
        st.markdown(plain(finding.advice))
        shown = [i for i in finding.items[:MOST] if any(name in pictures for name in i.names)]
        if shown:
            with st.container(horizontal=True, gap="medium"):
                for item in shown:
                    _case(item, pictures)
        if any(item.names and item not in shown for item in finding.items):
            _table(finding)
        elif any(item.note not in finding.sentence for item in finding.items if not item.names):
            _notes(finding)


def _case(item: Item, pictures: Mapping[str, bytes]) -> None:
    with st.container(width="content", gap="xxsmall"):
        with st.container(horizontal=True, gap="xsmall", width="content"):
            for name in item.names:
                if name in pictures:
                    st.image(pictures[name], width=130, alt=f"{name}, {item.note}")
        names = plain(" and ".join(_short(name) for name in item.names))
        st.caption("  \n".join(filter(None, [names, plain(item.note)])), width=270)


def _short(name: str) -> str:
    return name.rpartition("/")[2]


def _table(finding: Finding) -> None:
    with st.expander(f"Names of {_counted(finding)}"):
        columns = ("Picture", "Other picture")
        rows = [
            dict(zip(columns, item.names, strict=False)) | {"Note": item.note}
            for item in finding.items[:LISTED]
        ]
        st.dataframe(rows, hide_index=True, alt=finding.sentence)


def _notes(finding: Finding) -> None:
    with st.expander(_counted(finding).capitalize()):
        st.markdown("\n".join(f"- {plain(item.note)}" for item in finding.items[:LISTED]))


def _counted(finding: Finding) -> str:
    n = len(finding.items)
    return f"all {n:,}" if n <= LISTED else f"{LISTED} of {n:,}"


def _rest(result: Audit) -> None:
    if result.clean:
        st.subheader(":material/check_circle: Looked for and not found", anchor=False)
        st.markdown("\n".join(f"- {plain(sentence)}" for sentence in result.clean))
    if result.skipped:
        st.subheader(":material/remove_circle: Not looked for", anchor=False)
        lines = [
            f"- {plain(', '.join(titles).capitalize())}: {plain(reason)}."
            for reason, titles in not_looked_for(result)
        ]
        st.markdown("\n".join(lines))


def layouts() -> None:
    """Which layouts tell labels, splits and patients."""
    with st.expander("Which folders and tables are read", icon=":material/folder_open:"):
        st.markdown("\n".join(f"- {layout}" for layout in LAYOUTS))
        st.caption(
            "Anything else is audited as pictures without labels, or with the names of their "
            "folders for labels where you switch that on."
        )

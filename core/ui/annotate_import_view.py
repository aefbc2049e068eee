"""Annotations into a worklist: what a file says is shown film by film, and then taken in."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import streamlit as st

from core.annotations import Film, Reader, Reading, Refused, Store, StoreError, Worklist
from core.artefacts import LABELS, Annotation, label_masks
from core.exchange.incoming import ENDINGS, BadImport, Imported, read
from core.exchange.parcel import MAX_PARCEL
from core.ui import presses
from core.ui.words import plain

ASKED, OUTCOMES = "annotate-import-asked", "annotate-import-outcomes"
EVERY = ""  # the choice of a film: the file tells
NAMELESS = "Nobody named"


@dataclass(frozen=True, eq=False)
class Plan:
    """What becomes of one film's annotation. taken: whether it is stored; said: in words."""

    film: Film
    annotation: Annotation
    taken: bool
    said: str


def show(store: Store, worklist: Worklist, reader: Reader) -> None:
    """Upload a file, look at what it would do, do it. Raises StoreError."""
    st.subheader("Import", anchor=False)
    st.markdown(
        "What was exported here, and COCO, YOLO, CSV, masks and DICOM segmentations of the same "
        "films. It becomes a new revision of **your own** reading; what you drew before stays in "
        "its history."
    )
    _outcomes(worklist)
    films = store.films(worklist)
    upload, which = st.columns([3, 2], gap="medium")
    with which:
        sha256 = st.selectbox(
            "Film",
            [EVERY, *(film.sha256 for film in films)],
            format_func=lambda sha256: _titles(films).get(sha256, "As the file says"),
            key="annotate-import-film",
            help="A mask and a YOLO file do not tell which film they are of.",
        )
    with upload:
        turn = st.session_state.setdefault("annotate-import-turn", 0)
        file = st.file_uploader(
            f"Zip (up to {MAX_PARCEL // 2**20} MB), JSON, CSV, TXT, PNG or DICOM (64 MB)",
            type=list(ENDINGS),
            max_upload_size=MAX_PARCEL // 2**20,
            key=f"annotate-import-{turn}",  # another key empties it
        )
    if file is None:
        return
    wanted = [film for film in films if sha256 in (EVERY, film.sha256)]
    data = file.getvalue()
    found = _read(
        hashlib.sha256(data).hexdigest(),
        file.name,
        tuple(film.sha256 for film in wanted),
        data,
        wanted,
        partial(store.film_data, worklist),
    )
    if isinstance(found, str):
        st.error(found, icon=":material/error:")
        return
    chosen = _of_one(found, reader)
    plans = _plans(store, worklist, reader, wanted, chosen)
    _preview(plans)
    for notice in dict.fromkeys(each.notice for each in chosen if each.notice):
        st.warning(notice, icon=":material/rule:")
    taken = [plan for plan in plans if plan.taken]
    st.button(
        f"Take in {len(taken)} of {len(plans)} film{'s' * (len(plans) != 1)}",
        icon=":material/upload:",
        type="primary",
        key="annotate-import-take",
        disabled=not taken,
        on_click=presses.press,
        args=(ASKED, worklist.code),
    )
    for _ in presses.waiting(ASKED, worklist.code):
        with presses.doing(ASKED, worklist.code):
            done = _take(store, worklist, reader, taken)
        st.session_state[OUTCOMES] = (worklist.code, done)
        st.session_state["annotate-import-turn"] = turn + 1
        st.rerun()


@st.cache_data(max_entries=2, scope="session", show_spinner="Reading the file")
def _read(
    data_sha256: str, name: str, films: tuple, _data: bytes, _films: list[Film], _film_data
) -> list[Imported] | str:
    """What the file says, or the sentence on why it is refused."""
    try:
        return read(_data, name, _films, _film_data)
    except BadImport as error:
        return error.reason


def _titles(films: Sequence[Film]) -> dict[str, str]:
    return {film.sha256: f"{film.number}. {film.name}" for film in films}


def _of_one(found: Sequence[Imported], reader: Reader) -> list[Imported]:
    """The annotations of one of the readers in the file, chosen where there are several."""
    whose = list(dict.fromkeys((each.reader, each.verified) for each in found))
    own, chosen = (reader.name, reader.verified), whose[0]
    if len(whose) > 1:
        chosen = st.selectbox(
            "Whose readings",
            whose,
            index=whose.index(own) if own in whose else 0,
            format_func=_title,
            key="annotate-import-whose",
            help="The file holds readings of several readers; one is taken in, as yours.",
        )
    return [each for each in found if (each.reader, each.verified) == chosen]


def _title(whose: tuple[str, bool]) -> str:
    name, verified = whose
    return f"{name or NAMELESS}{' (signed in)' * verified}"


def _plans(
    store: Store,
    worklist: Worklist,
    reader: Reader,
    films: Sequence[Film],
    found: Sequence[Imported],
) -> list[Plan]:
    """What would become of every film in the file, in the order of the worklist."""
    own = {each.sha256: each for each in store.readings(worklist) if each.reader == reader}
    plans = []
    for film in films:
        of_film = [each.annotation for each in found if each.sha256 == film.sha256]
        if not of_film:
            continue
        annotation = _joined(of_film)
        reading = own.get(film.sha256)
        if reading and reading.status in ("submitted", "reviewed"):
            plans.append(Plan(film, annotation, False, _closed(reading.status)))
            continue
        revision = reading.revision if reading else 0
        said = f"{_what(annotation, film)}: becomes your reading"
        if revision:
            said += f" in place of revision {revision}, which stays in its history"
        plans.append(Plan(film, annotation, True, f"{said}."))
    return plans


def _joined(annotations: Sequence[Annotation]) -> Annotation:
    """Files such as masks hold a label each: their strokes together are one annotation."""
    return Annotation(
        tuple(stroke for each in annotations for stroke in each.strokes),
        "\n".join(dict.fromkeys(each.comment for each in annotations if each.comment)),
        all(each.nothing for each in annotations),
    )


def _closed(status: str) -> str:
    if status == "reviewed":
        return "Left out: your reading was accepted, so it is not changed any more."
    return "Left out: you have submitted your reading; reopen it under Read first."


def _what(annotation: Annotation, film: Film) -> str:
    if annotation.nothing:
        return "No artefact"
    found = label_masks(annotation.strokes, film.shape)
    labels = ", ".join(f"{LABELS[label]} {int(mask.sum()):,} px" for label, mask in found.items())
    return labels or ("A comment alone" if annotation.comment else "Nothing")


def _preview(plans: Sequence[Plan]) -> None:
    st.markdown("**What it would do**")
    st.markdown(
        "\n".join(
            f"- {':material/check:' if plan.taken else ':material/block:'} "
            f"**{plan.film.number}. {plain(plan.film.name)}**: {plain(plan.said)}"
            for plan in plans
        )
    )


def _take(
    store: Store, worklist: Worklist, reader: Reader, plans: Sequence[Plan]
) -> list[tuple[bool, str]]:
    """Store what is planned; what became of each film, in a sentence."""
    done, bar = [], st.progress(0.0, "Taking in")
    for at, plan in enumerate(plans):
        bar.progress(at / len(plans), f"Film {at + 1} of {len(plans)}")
        name = f"{plan.film.number}. {plan.film.name}"
        try:
            now = store.begin(worklist, plan.film.sha256, reader)
            saved = _saved(store, now, plan.annotation, reader)
        except StoreError as error:
            done.append((False, f"{name}: {error.reason}"))
        else:
            done.append((True, f"{name}: revision {saved.revision} of your reading."))
    bar.empty()
    store.record(worklist, reader, "import", films=sum(ok for ok, _ in done))
    return done


def _saved(store: Store, now: Reading, annotation: Annotation, reader: Reader) -> Reading:
    if now.damaged:
        raise Refused("Your reading is damaged: open it under Read and restore it first.")
    return store.save(now, now.revision, annotation, imported=True, by=reader)


def _outcomes(worklist: Worklist) -> None:
    code, done = st.session_state.get(OUTCOMES, ("", []))
    if code != worklist.code or not done:
        return
    with st.container(border=True):
        st.markdown(
            "**Taken in**\n"
            + "\n".join(
                f"- {':material/check:' if ok else ':material/error:'} {plain(sentence)}"
                for ok, sentence in done
            )
        )
        st.button(
            "Close",
            icon=":material/close:",
            type="tertiary",
            key="annotate-import-close",
            on_click=st.session_state.pop,
            args=(OUTCOMES,),
        )

"""A labelled folder or zip that a visitor brings, scored in the session alone."""

import hashlib
import time
from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from core import film_zip
from core.archive import Archive, BadPack
from core.film_zip import BadZip
from core.images import display_name
from core.labelled import BadSet, check_labels
from core.labelled_cards import told_apart
from core.labelled_pack import KNOWN, MOST_FILMS, Found, LabelledFilm, find
from core.labelled_scoring import Said, collected, copies, read_all, unread
from core.models import ModelCard
from core.settings import Settings
from core.training_files import BadFile
from core.ui import cached, origin, train_data
from core.ui.compare_set_data import Subject, stamps
from core.ui.words import plain, span

ZIP, FOLDER, SERVER = "A zip", "A folder", "In the data folder"
SOURCE, SPLIT, SAID = "compare-set-source", "compare-set-split", "compare-set-said"
ASKED = "compare-set-asked"  # which pack of the data folder may be read
LIKELY = {"fracture": "frac", "severity": "knee", "lesion": "lesion"}
SPLITS = {
    "": "All",
    "val": "Validation",
    "test": "Test",
    "auto_test": "Test, cut out by a program",
    "train": "Training",
}


def choose(settings: Settings, task: str, cards: Sequence[ModelCard]) -> Subject | None:
    """Let the visitor bring labelled films and read them with the models; None until there are
    some. Raises BadSet, and BadModel where a model cannot be opened."""
    films = origin.seen(task)
    source = st.segmented_control(
        "Where they come from",
        [ZIP, FOLDER, SERVER],
        default=ZIP,
        required=True,
        key=SOURCE,
        persist_state="session",
        help=f"Folders named after {KNOWN[task]}; or any folders with a table labels.csv whose "
        "columns are image and label, and group where several belong to one patient. Further "
        "columns of few different words are compared by.",
    )
    brought = _bring(settings, task, source)
    if brought is None:
        st.info(f"Bring {films} with their labels, and every model reads them here.")
        return None
    archive, key = brought
    found, apart = _found(key, task, stamps(cards), archive, list(cards))
    chosen = _choose_split(found, f"{SPLIT}-{task}", apart)
    check_labels(task, [film.label for film in chosen])
    return _scored(archive, chosen, task, cards, f"{task}-{key}", source == SERVER)


def _bring(settings: Settings, task: str, source: str) -> tuple[Archive, str] | None:
    """What was brought, and a key that stands for it. Raises BadSet."""
    try:
        if source == SERVER:
            path = train_data.found(settings, f"compare-set-{task}-pack", LIKELY[task])
            if path is None:
                return None
            key = f"{path}-{path.stat().st_mtime_ns}"
            return _opened(key, path), key
        return _zip() if source == ZIP else _folder()
    except (BadZip, BadFile) as error:
        raise BadSet(error.reason) from None
    except (BadPack, OSError):
        raise BadSet("The pack cannot be read: choose it again, or unpack it again.") from None


def _zip() -> tuple[Archive, str] | None:
    file = st.file_uploader("A zip of labelled pictures, up to 64 MB", "zip", key="compare-set-zip")
    st.caption(PRIVACY)
    if file is None:
        return None
    key = f"{file.file_id}-{file.size}"
    return _unpacked(key, file.name, file.getvalue), key


def _folder() -> tuple[Archive, str] | None:
    files = st.file_uploader(
        "A folder of labelled pictures, with the folders in it",
        accept_multiple_files="directory",
        key="compare-set-folder",
    )
    st.caption(PRIVACY)
    if not files:
        return None
    if len(files) > film_zip.MAX_MEMBERS or sum(f.size for f in files) > film_zip.MAX_UNPACKED:
        raise BadSet(
            f"The folder holds more than {film_zip.MAX_MEMBERS:,} files or "
            f"{film_zip.MAX_UNPACKED // 2**20} MB: choose one with fewer films."
        )
    names = hashlib.sha256("".join(file.file_id for file in files).encode()).hexdigest()
    return Archive("folder", {file.name: file.getvalue() for file in files}), names


@st.cache_resource(max_entries=1, scope="session", show_spinner="Opening the zip")
def _unpacked(key: str, name: str, _load) -> Archive:
    return Archive(display_name(name), dict(film_zip.unpack(_load(), name)))


@st.cache_resource(max_entries=1, scope="session", show_spinner=False)
def _opened(key: str, _path: Path) -> Archive:
    return Archive(_path)


@st.cache_resource(max_entries=1, scope="session", show_spinner=False)
def _found(
    key: str, task: str, stamped: tuple, _archive: Archive, _cards: list[ModelCard]
) -> tuple[Found, bool]:
    """The films, and whether their splits were told by what the models were validated on."""
    found = find(_archive, task)
    apart = told_apart(found, _cards)
    return apart, apart is not found


PRIVACY = (
    "Kept in this session's memory alone, and gone with it. Research and teaching only: remove "
    "names from films first."
)


def _choose_split(found: Found, key: str, apart: bool) -> list[LabelledFilm]:
    """The films of one split, and what is to be known of them. apart: see `_found`."""
    splits = found.splits
    if st.session_state.get(key) not in splits:
        st.session_state[key] = next(iter(splits))
    split = next(iter(splits))
    if len(splits) > 1:
        split = st.segmented_control(
            "Split",
            list(splits),
            format_func=lambda name: f"{SPLITS.get(name, name)}, {splits[name]:,}",
            key=key,
            required=True,
            persist_state="session",
            help="Films that a model learned from say nothing of how good it is on others.",
        )
    chosen = found.of(split)
    if apart:
        st.caption(
            "The pack tells no splits. Validation: what these models were validated on, known by "
            "name and label. Training: all others, which may be what they learned from."
        )
    if split == "train":
        st.warning(
            "Published models learned from films of training splits like this one: on them every "
            "score is too good.",
            icon=":material/warning:",
        )
    elif not apart:
        st.caption("Whether a model learned from some of them is not known here.")
    if len(chosen) < splits[split]:
        st.caption(
            f"Of {splits[split]:,} an even {len(chosen):,} are read: no more than {MOST_FILMS} at "
            "a time."
        )
    if found.unlabelled:
        named = ", ".join(f"“{plain(name[:40])}”" for name in found.unknown[:6])
        st.warning(
            f"Left out for want of a label that is a class: {found.unlabelled:,}"
            f"{f' ({named})' if named else ''}.",
            icon=":material/label_off:",
        )
    return chosen


def _scored(
    archive: Archive,
    films: list[LabelledFilm],
    task: str,
    cards: Sequence[ModelCard],
    key: str,
    asks: bool,
) -> Subject | None:
    """Read the films that are not read yet, with a progress bar, and return the set. asks: before
    it begins to read; None until it may."""
    said, bar = _said(key), st.empty()
    models = f"{len(cards)} {'model' if len(cards) == 1 else 'models'}"
    if wanted := unread(films, cards, said):
        if asks and st.session_state.get(ASKED) != key:
            bar.button(
                f"Read {len(wanted):,} with {models}",
                icon=":material/play_arrow:",
                key="compare-set-read",
                on_click=st.session_state.update,
                args=({ASKED: key},),
            )
            return None
        bar.progress(0.0, f"Opening {models}")
        opened = [cached.model(card) for card in cards]  # held here: the cache keeps fewer open
        started = time.monotonic()
        for done, more in read_all(archive, films, task, opened, said):
            left = span((time.monotonic() - started) / done * more)
            bar.progress(
                done / (done + more),
                f"Read {done:,} of {done + more:,} with {models}; about {left} left",
            )
    bar.empty()
    labelled = collected(films, task, display_name(archive.path.name), cards, said)
    if skipped := [film for film in films if film.path in said.skipped]:
        with st.expander(f"{len(skipped):,} could not be read", icon=":material/broken_image:"):
            for film in skipped[:20]:
                st.markdown(f"{plain(display_name(film.name))}: {plain(said.skipped[film.path])}")
    _say_copies(*copies(films, said))
    read = [film.path for film in films if film.path not in said.skipped]
    return Subject(labelled, True, lambda places: [said.thumbnails.get(read[at]) for at in places])


def _say_copies(count: int, contradicting: int) -> None:
    if not count:
        return
    words = "One is a copy of another" if count == 1 else f"{count:,} are copies of others"
    if contradicting:
        of_them = "" if count == 1 else f"{contradicting:,} of them "
        words += f", {of_them}under another label"
    st.warning(
        f"{words}: copies count as one group, and the page Audit names them.",
        icon=":material/file_copy:",
    )


def _said(key: str) -> Said:
    """What was read of the pack in hand so far; of another one nothing is kept."""
    held, said = st.session_state.get(SAID, ("", None))
    if held != key:
        said = Said()
        st.session_state[SAID] = key, said
    return said

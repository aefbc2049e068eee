"""Films into a worklist and out of it: many files at once, zips, samples; each refusal named."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import streamlit as st

from core.annotation_records import Film, Reader, Refused, Worklist
from core.annotations import Store
from core.clean_film import clean
from core.film_zip import BadZip, unpack
from core.images import BadImage, display_name
from core.repair_samples import repair_gallery
from core.ui import annotate_store, cached, film
from core.ui.source import ENDINGS, MOST_BYTES, MOST_FILES, within_limits
from core.ui.words import plain

SAMPLES = (
    "screwed-knee",
    "plated-knee",
    "dicom-screws",
    "wired-knee",
    "plated-forearm",
    "bare-knee",
)
SAMPLES_TITLE = "Sample films (synthetic)"
SAMPLES_ABOUT = (
    f"A worklist of {len(SAMPLES)} drawn films, a DICOM file among them: screws, plates and wires "
    "to mark, and a knee without any."
)
_TURN, _DONE, _WANTED, _TOLD = (
    f"annotate-{name}" for name in ("turn", "done", "samples", "outcomes")
)


PRIVACY = (
    "Remove names from the pictures first: what is burned into the pixels stays in them. Films are "
    "kept as copies without DICOM identifiers and other metadata."
)


@dataclass(frozen=True)
class Outcome:
    """What became of a file. said: "" where it was simply added."""

    name: str
    added: bool
    said: str = ""


def add(store: Store, worklist: Worklist, reader: Reader) -> None:
    """The place to add films to a worklist. Raises StoreError."""
    turn = st.session_state.setdefault(_TURN, 0)
    files = st.file_uploader(
        "X-rays: PNG, JPEG, TIFF, BMP or DICOM (.dcm), or a zip of them, up to 64 MB each",
        type=[*ENDINGS, "zip"],
        accept_multiple_files=True,
        key=f"annotate-files-{turn}",  # another key empties it
        help="A zip may hold 500 films and 200 MB. The same file is added once.",
    )
    st.caption(PRIVACY)
    kept = files[: within_limits([file.size for file in files])]
    if kept or st.session_state.get(_WANTED) == worklist.code:
        _take_in(store, worklist, reader, kept, len(files) - len(kept))
        st.session_state[_TURN] = turn + 1
        st.rerun()


def news(worklist: Worklist) -> None:
    """What became of the files that were added last, where there is anything to say of them."""
    outcomes = st.session_state.get(_TOLD, {}).get(worklist.code)
    if not outcomes:
        return
    count = sum(outcome.added for outcome in outcomes)
    said = {0: "No film was added", 1: "1 film was added"}.get(count, f"{count} films were added")
    lines = [f"- **{plain(o.name)}**: {plain(o.said)}" for o in outcomes if o.said]
    if not lines:
        st.toast(f"{said}.", icon=":material/check:")
        del st.session_state[_TOLD]
        return
    with st.container(border=True):
        with st.container(horizontal=True, horizontal_alignment="distribute"):
            st.markdown(f"**{said}**, and this is to be said of the files:", width="content")
            st.button(
                "Close",
                icon=":material/close:",
                type="tertiary",
                on_click=st.session_state.pop,
                args=(_TOLD,),
            )
        with st.container(height=240 if len(lines) > 8 else "content", border=False):
            st.markdown("\n".join(lines))


def want_samples(worklist: Worklist) -> None:
    """Add the samples to a worklist with the run that follows."""
    st.session_state[_WANTED] = worklist.code


def remove(store: Store, worklist: Worklist, item: Film, reader: Reader) -> None:
    """The way to remove a film, for who may; asks before it does."""
    if reader not in (item.added_by, worklist.created_by):
        return
    st.markdown("**Remove it from the worklist**")
    sure = st.checkbox(
        "Delete all readings of this film, too", key=f"annotate-sure-{worklist.code}-{item.sha256}"
    )
    st.button(
        "Remove this film",
        icon=":material/delete:",
        disabled=not sure,
        on_click=annotate_store.attempt,
        args=(_remove, store, worklist, item, reader),
    )


def _remove(store: Store, worklist: Worklist, item: Film, reader: Reader) -> None:
    store.remove_film(worklist, item.sha256, reader)
    forget(item)


def shown(store: Store, worklist: Worklist, item: Film) -> film.Film | BadImage:
    """The film to look at, decoded once, under the identity of the file that was uploaded.

    Raises StoreError.
    """
    found = cached.film(_key(item), item.name, partial(store.film_data, worklist, item.sha256))
    if isinstance(found, BadImage):
        return found
    return replace(found, sha256=item.sha256, name=item.name)


def forget(item: Film) -> None:
    """Let go of the pixels that this session keeps of a film."""
    cached.film.clear(_key(item), item.name, None)


def _key(item: Film) -> str:
    return f"worklist-{item.sha256}"


def _take_in(
    store: Store, worklist: Worklist, reader: Reader, files: Sequence, left_over: int
) -> None:
    """Add the films of all files. A run that is stopped on the way goes on with the next one."""
    done: dict[str, Outcome] = st.session_state.setdefault(_DONE, {})
    bar = st.progress(0.0, "Reading the files")
    entries = list(_entries(files, st.session_state.get(_WANTED) == worklist.code))
    for at, (key, name, load) in enumerate(entries):
        bar.progress(at / len(entries), f"Adding film {at + 1} of {len(entries)}")
        if key not in done:
            done[key] = _added(store, worklist, reader, name, load)
    bar.empty()
    outcomes = [done[key] for key, *_ in entries]
    if left_over:
        outcomes.append(
            Outcome(
                f"{left_over} more files",
                False,
                f"at most {MOST_FILES} files and {MOST_BYTES // 2**20} MB come at once: add them "
                "now.",
            )
        )
    st.session_state[_TOLD] = {worklist.code: outcomes}
    st.session_state[_DONE] = {}
    st.session_state.pop(_WANTED, None)


def _entries(files: Sequence, samples: bool) -> Iterator[tuple]:
    """A key, a name and what loads the bytes, of every film; for a refused zip the reason loads."""
    for file in files:
        if not file.name.lower().endswith(".zip"):
            yield file.file_id, file.name, file.getvalue
            continue
        try:
            members = unpack(file.getvalue(), file.name)
        except BadZip as error:
            yield file.file_id, file.name, partial(_refuse, error)
            continue
        for path, data in members:
            yield f"{file.file_id}/{path}", path, partial(bytes, data)
    if samples:
        by_slug = {sample.slug: sample for sample in repair_gallery()}
        for slug in SAMPLES:
            yield slug, by_slug[slug].filename, by_slug[slug].data


def _refuse(error: BadZip) -> bytes:
    raise error


def _added(store: Store, worklist: Worklist, reader: Reader, name: str, load) -> Outcome:
    name = display_name(name)
    try:
        added = store.add_film(worklist, clean(load(), name), reader)
    except (BadImage, BadZip, Refused) as error:
        return Outcome(name, False, error.reason)
    if added.already:
        same = "" if added.film.name == name else f", as {added.film.name}"
        return Outcome(name, False, f"already here{same}: film {added.film.number}.")
    if added.namesake:
        return Outcome(
            name,
            True,
            f"added as film {added.film.number}. Another film of this name is here, and the two "
            "files differ: readings of that one do not belong to this one.",
        )
    return Outcome(name, True)

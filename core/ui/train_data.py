"""The data that a run learns from: a pack found on the server, a zip that is brought, or finished
masks of a worklist."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from core import training_files
from core.annotations import Reader, Store
from core.settings import Settings
from core.trainer import Trainer
from core.training_files import BadFile
from core.training_pack import pack
from core.ui import annotate_lists, annotate_store, identity, presses
from core.ui.annotate_training_view import WHICH
from core.ui.annotate_zips import size
from core.ui.words import plain

FOUND, BROUGHT, MARKED = "In the data folder", "A zip of yours", "Marked on Annotate"
# How packs are likely to be called; what one really holds is found out by the check.
LIKELY = {"fracture": "frac", "moblg": "frac", "severity": "knee", "inpaint": "knee"}
LIKELY |= {"lesion": "lesion", "segment": "lesion", "sketch": "lesion"}
MASKS = "training-pack"
KEPT = "Kept as `uploads/{name}` in this server's `LIGHTBOX_HOME` until somebody deletes it there."


def choose(settings: Settings, trainer: Trainer) -> Path | None:
    """The pack to learn from; None where none is chosen yet."""
    st.caption(plain(trainer.data))
    key = f"train-{trainer.name}-data"
    if trainer.name == "artefact":
        return _from(settings, key, [MARKED, FOUND, BROUGHT], MASKS)
    return _from(settings, key, [FOUND, BROUGHT], LIKELY.get(trainer.name, trainer.name))


def choose_keep_out(settings: Settings, key: str) -> tuple[Path | None, bool]:
    """The pack of masks whose films are kept out, if there is one, and whether one is wanted."""
    wanted = st.toggle(
        "Keep out films that readers marked",
        key=key,
        persist_state="session",
        help="Films that carry a mark in a pack of finished masks are not learned from: a network "
        "that saw metal would paint it.",
    )
    if not wanted:
        return None, False
    return _from(settings, f"{key}-pack", [MARKED, FOUND, BROUGHT], MASKS), True


def bring(
    settings: Settings,
    key: str,
    label: str,
    ending: str,
    check: Callable[[bytes], None],
    help: str,
) -> Path | None:
    """A file that a visitor brings, kept on the server for the runs that use it.

    key: the session's; ending: what its name must end in; check: raises BadFile. The file stays
    chosen when its widget is gone for a while.
    """
    told = f"{key}-kept"
    file = st.file_uploader(
        label,
        ending.removeprefix("."),
        key=key,
        help=help,
        on_change=lambda: st.session_state.pop(told, None),
    )
    if file is not None and told not in st.session_state:
        try:
            data = file.getvalue()
            check(data)
            path = training_files.keep(settings.home, data, ending)
            st.session_state[told] = path, f"{plain(file.name)}, {size(data)}."
        except BadFile as error:
            st.session_state[told] = None, error.reason
    path, said = st.session_state.get(told, (None, ""))
    if path is None:
        if said:
            st.error(plain(said), icon=":material/broken_image:")
        return None
    if not path.exists():
        st.warning("The file was deleted on the server: bring it again.")
        return None
    st.caption(f"{said} {KEPT.format(name=path.name)}")
    return path


def _from(settings: Settings, key: str, sources: list[str], likely: str) -> Path | None:
    source = st.segmented_control(
        "Where the pack comes from",
        sources,
        default=sources[0],
        required=True,
        key=f"{key}-source",
        persist_state="session",
        label_visibility="collapsed",
    )
    if source == FOUND:
        return found(settings, f"{key}-found", likely)
    if source == BROUGHT:
        return bring(
            settings,
            f"{key}-brought",
            "A zip of films",
            ".zip",
            training_files.check_zip,
            "Laid out as a pack that is taken here. Remove names from films first.",
        )
    with annotate_store.told():
        return _marked(settings, f"{key}-marked")


def found(settings: Settings, key: str, likely: str) -> Path | None:
    """A pack in the data folder; one that is called likely is chosen at first."""
    packs = training_files.packs(settings.data)
    if not packs:
        st.info(
            "No pack lies in this server's data folder, `LIGHTBOX_DATA`: put a zip or a folder of "
            "films there, or bring a zip.",
            icon=":material/folder_off:",
        )
        return None
    if st.session_state.get(key) not in packs:
        st.session_state.pop(key, None)  # it is gone from the folder
    name = st.selectbox(
        "Pack",
        packs,
        index=next((at for at, name in enumerate(packs) if likely in name.lower()), None),
        placeholder="Choose a pack",
        key=key,
        persist_state="session",
        help="The zips and folders in this server's data folder, LIGHTBOX_DATA.",
    )
    return training_files.under(settings.data, name) if name else None


def _marked(settings: Settings, key: str) -> Path | None:
    """A pack that is made of a worklist's finished masks. Raises StoreError."""
    if not identity.mount():
        return None  # until the browser has told what it opened: a moment
    store, reader = annotate_store.store(), identity.reader()
    known = annotate_lists.offered(store)
    if reader is None or not known:
        st.info(
            "This browser has not opened a worklist yet: open one on the Annotate page, and it is "
            "offered here.",
            icon=":material/edit_note:",
        )
        st.page_link("pages/annotate.py", label="Go to Annotate", icon=":material/edit_note:")
        return None
    if st.session_state.get(key) not in known:
        st.session_state.pop(key, None)  # it was left, or deleted
    with st.container(horizontal=True, vertical_alignment="bottom"):
        code = st.selectbox(
            "Worklist",
            list(known),
            format_func=lambda code: known.get(code, code),
            key=key,
            persist_state="session",
            width=320,
        )
        which = st.segmented_control(
            "Masks of",
            list(WHICH),
            default="accepted",
            required=True,
            format_func=WHICH.get,
            key=f"{key}-which",
            persist_state="session",
        )
    made, asked, order = f"{key}-made", f"{key}-asked", (code, which)
    st.button(
        "Make the pack",
        icon=":material/folder_zip:",
        key=f"{key}-make",
        on_click=presses.press,
        args=(asked, code),
    )
    for _ in presses.waiting(asked, code):
        with presses.doing(asked, code), st.spinner("Making the pack"):
            st.session_state[made] = order, *_made(settings, store, reader, order)
    for_order, path, said = st.session_state.get(made, (None, None, ""))
    if for_order != order:
        st.caption(
            "A mask for each label: the consensus, else what more than half of the readers marked. "
            "Making the pack counts as looking at others' readings, as an export does."
        )
        return None
    if path is None or not path.exists():
        st.warning(said, icon=":material/error:")
        return None
    st.caption(f"{said} {KEPT.format(name=path.name)}")
    return path


def _made(
    settings: Settings, store: Store, reader: Reader, order: tuple[str, str]
) -> tuple[Path | None, str]:
    """Where the pack of a worklist lies, and what it is; or None, and why there is none."""
    code, which = order
    try:
        data = pack(store, store.worklist(code), which, reader)
        path = training_files.keep(settings.home, data, ".zip")
    except ValueError as error:  # BadFile is one
        return None, str(error)
    return path, f"{WHICH[which]}, {size(data)}. It names no reader."

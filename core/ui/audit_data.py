"""What is audited: the synthetic example, a pack in the data folder, or what a visitor brings."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from core.archive import BadPack
from core.audit import Audit, Listing, audit, example, list_pictures
from core.audit.examples import thumbnails
from core.audit.intake import Loose, Zipped
from core.audit.layouts import MOST_PICTURES
from core.film_zip import BadZip, check
from core.images import display_name
from core.settings import Settings
from core.ui import presses, train_data
from core.ui.source import ENDINGS, MOST_BYTES, MOST_FILES, PRIVACY, within_limits
from core.ui.train_paths import named
from core.ui.words import plain

EXAMPLE, FOUND = "Synthetic example", "In the data folder"
OWN, FOLDER = "Zip or films of yours", "Folder of yours"
MOST_UNPACKED = 2 * 2**30  # bytes; they are read one by one
ASKED, DONE = "audit-asked", "audit-done"  # of the session: presses, and what was found last
MOST_LOOSE = 3000  # files of a folder
EVERY_S = 0.3  # between two movements of the progress bar


@dataclass(frozen=True)
class Order:
    """What a visitor chose. own: it is theirs (or made up), so that a report may show pictures."""

    key: str
    open: Callable[[], Listing]
    own: bool
    at_once: bool = False


@dataclass(frozen=True, eq=False)
class Done:
    """An audit, and thumbnails of its examples by name (JPEG)."""

    result: Audit
    pictures: dict[str, bytes]


def choose(settings: Settings) -> Order | None:
    """What is to be audited; None where nothing is chosen yet."""
    source = st.segmented_control(
        "What is audited",
        [EXAMPLE, FOUND, OWN, FOLDER],
        default=EXAMPLE,
        required=True,
        key="audit-source",
        persist_state="session",
        label_visibility="collapsed",
    )
    if source == EXAMPLE:
        return _example()
    if source == FOUND:
        path = train_data.found(settings, "audit-found", likely="\n")  # in no name: none at first
        labels = _folder_labels()
        if path is None:
            return None
        return Order(f"{path}-{labels}", lambda: list_pictures(path, None, labels), own=False)
    return _own() if source == OWN else _folder()


def run(order: Order, settings: Settings) -> Done | None:
    """The audit of what was chosen: made when it is asked for, and kept until another is. None,
    with a sentence on the page, before that and where there can be none."""
    if order.at_once:
        return _of_example()
    st.button(
        "Audit",
        icon=":material/fact_check:",
        type="primary",
        on_click=presses.press,
        args=(ASKED, order.key),
    )
    place = st.empty()
    for _ in presses.waiting(ASKED, order.key):
        with presses.doing(ASKED, order.key):
            st.session_state[DONE] = order.key, _audited(order, settings, place)
    key, done = st.session_state.get(DONE, ("", None))
    if key != order.key:
        st.info("Press Audit: a thousand films take some seconds.")
        return None
    if isinstance(done, str):
        st.error(plain(done), icon=":material/error:")
        return None
    return done


def _audited(order: Order, settings: Settings, place) -> Done | str:
    """The audit, or a sentence why there is none; its progress shows in a place of the page."""
    last = 0.0

    def tell(done: int, of: int) -> None:
        nonlocal last
        if done == of:
            place.progress(1.0, "Comparing the pictures with each other")
        elif time.monotonic() - last > EVERY_S:
            last = time.monotonic()
            place.progress(done / of, f"Looking at picture {done + 1:,} of {of:,}")

    try:
        listing = order.open()
        result = audit(listing, tell)
        return Done(result, thumbnails(listing, result))
    except BadZip as error:
        return error.reason
    except BadPack as error:
        return named(str(error), settings)
    except OSError:
        return "The pack cannot be opened: look whether it is still in the data folder, and whole."
    finally:
        place.empty()


def _example() -> Order:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            "A small pack of synthetic radiographs with faults planted in it, to see what an audit "
            "finds.",
            width="content",
        )
        with st.popover("What was planted", icon=":material/psychology_alt:"):
            st.markdown("\n".join(f"- {fault}" for fault in example.PLANTED))
    return Order("example", _open_example, own=True, at_once=True)


def _open_example() -> Listing:
    return list_pictures(Path(example.NAME), example.files())


@st.cache_resource(max_entries=1, show_spinner="Auditing the synthetic example")
def _of_example() -> Done:
    listing = _open_example()
    result = audit(listing)
    return Done(result, thumbnails(listing, result))


def _folder_labels() -> bool:
    return st.toggle(
        "Folders are labels",
        key="audit-folders",
        persist_state="session",
        help="Where no known layout tells labels, take the name of the folder that a picture lies "
        "in for its label. Folders called train, val or test are splits.",
    )


def _own() -> Order | None:
    files = st.file_uploader(
        "A zip of films, or films: PNG, JPEG, TIFF, BMP or DICOM (.dcm), up to 64 MB each",
        ["zip", *ENDINGS],
        accept_multiple_files=True,
        key="audit-files",
        help=f"A zip may hold {MOST_PICTURES:,} pictures, and a manifest or folders that tell "
        "their labels and splits; films that are chosen one by one have neither.",
    )
    st.caption(PRIVACY)
    zips = [file for file in files if file.name.lower().endswith(".zip")]
    labels = bool(zips) and _folder_labels()  # films that are chosen one by one have no folders
    if not files:
        return None
    if zips and len(files) > 1:
        st.warning("Bring one zip or several films, not both: the splits of two zips are not told.")
        return None
    if zips:
        (file,) = zips
        return Order(f"{file.file_id}-{labels}", lambda: _open_zip(file, labels), own=True)
    kept = files[: within_limits([file.size for file in files])]
    if len(kept) < len(files):
        st.warning(
            f"At most {MOST_FILES} files and {MOST_BYTES // 2**20} MB are audited one by one: only "
            f"the first {len(kept)} of {len(files)} are, so bring the others in a zip."
        )
    loose = Loose([(file.name, file.getvalue) for file in kept])
    key = " ".join(file.file_id for file in kept)
    return Order(key, lambda: list_pictures(Path("your files"), loose), own=True)


def _folder() -> Order | None:
    files = st.file_uploader(
        "A folder of films, with what lies in it",
        [*ENDINGS, "csv"],
        accept_multiple_files="directory",
        key="audit-folder",
        help="With the folders inside it, and a manifest, that tell labels and splits.",
    )
    st.caption(PRIVACY)
    labels = _folder_labels()
    if not files:
        return None
    if len(files) > MOST_LOOSE or sum(file.size for file in files) > MOST_BYTES:
        st.warning(
            f"The folder holds more than {MOST_LOOSE:,} files or {MOST_BYTES // 2**20} MB: bring "
            "a part of it, or a zip."
        )
        return None
    top = files[0].name.partition("/")[0] if "/" in files[0].name else "your folder"
    loose = Loose([(file.name.removeprefix(f"{top}/"), file.getvalue) for file in files])
    key = f"{' '.join(file.file_id for file in files)}-{labels}"
    return Order(key, lambda: list_pictures(Path(display_name(top)), loose, labels), own=True)


def _open_zip(file, labels: bool) -> Listing:
    """Raises BadZip or BadPack."""
    data = file.getvalue()
    check(data, file.name, 2 * MOST_PICTURES, MOST_UNPACKED)
    return list_pictures(Path(file.name), Zipped(data, file.name), labels)

"""Where a film comes from: the gallery, the visitor's own files, or a worklist."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate

import numpy as np
import streamlit as st

from core.images import BadImage
from core.ui import cached, gallery
from core.ui.choices import FRACTURE, SAMPLE, WORKLIST, Room, sources
from core.ui.film import Film

MOST_FILES, MOST_BYTES = 200, 512 * 2**20  # in one batch
PRIVACY = (
    "Remove names and other identifiers first. The pixels stay in the memory of this server until "
    "your session ends; nothing is written to disk."
)
ENDINGS = ["png", "jpg", "jpeg", "tif", "tiff", "bmp", "dcm"]


@dataclass(frozen=True, eq=False)
class Start:
    """A mask (H, W) bool that a worklist has of a film, and whose it is, in words."""

    mask: np.ndarray
    whose: str


@dataclass(frozen=True)
class Entry:
    """A file to read; `load` returns its bytes or raises OSError; `truth` is known of samples.

    `key` names the file for as long as the session lasts. `sha256` is that of the film's own file
    where `load` returns a copy without its identifiers; `gone` is said when `load` fails; `start`
    is the mask that its worklist has for it.
    """

    key: str
    name: str
    load: Callable[[], bytes]
    truth: str | None = None
    sha256: str | None = None
    gone: str = "The data pack that holds this film is gone: choose another film."
    start: Start | None = None

    def film(self) -> Film | BadImage:
        """What is in the file, or why nothing is. Decodes it unless that was done lately."""
        try:
            found = cached.film(self.key, self.name, self.load)
        except OSError:
            return BadImage(self.gone)
        if self.sha256 and isinstance(found, Film):
            return replace(found, sha256=self.sha256)
        return found


def choose(exhibits: Mapping[str, gallery.Exhibit], room: Room = FRACTURE) -> list[Entry]:
    """Let the visitor pick a sample or upload: none before they do, and several only of their own
    and where the room reads several."""
    st.segmented_control(
        "Film",
        sources(room),
        key="source",
        required=True,
        persist_state="session",
        width="stretch",
    )
    if st.session_state["source"] == SAMPLE:
        return _sample(exhibits, room)
    if st.session_state["source"] == WORKLIST:
        return _worklist()
    return uploads() if room.several else upload()


def _sample(exhibits: Mapping[str, gallery.Exhibit], room: Room) -> list[Entry]:
    slug = st.selectbox(
        "Sample",
        list(exhibits),
        format_func=lambda slug: exhibits[slug].title,
        key=room.sample,
        persist_state="session",
    )
    exhibit = exhibits[slug]
    st.caption(exhibit.description)
    return [Entry(slug, exhibit.filename, partial(gallery.file, slug, exhibit), exhibit.truth)]


def _worklist() -> list[Entry]:
    # Takes the database's library along, which most visitors do without.
    from core.ui import worklist_films

    entry = worklist_films.choose()
    return [entry] if entry else []


def uploads() -> list[Entry]:
    """Let the visitor bring several films of their own, within the limits of one batch."""
    files = st.file_uploader(
        "X-rays: PNG, JPEG, TIFF, BMP or DICOM (.dcm), up to 64 MB each",
        type=ENDINGS,
        accept_multiple_files=True,
        key="files",
    )
    st.caption(PRIVACY)
    kept = files[: within_limits([file.size for file in files])]
    if len(kept) < len(files):
        st.warning(
            f"A batch holds at most {MOST_FILES} files and {MOST_BYTES // 2**20} MB: only the "
            f"first {len(kept)} of {len(files)} are read, so read the others in another batch."
        )
    return [Entry(file.file_id, file.name, file.getvalue) for file in kept]


def upload() -> list[Entry]:
    """Let the visitor bring one film of their own."""
    file = st.file_uploader(
        "X-ray: PNG, JPEG, TIFF, BMP or DICOM (.dcm), up to 64 MB", type=ENDINGS, key="file"
    )
    st.caption(PRIVACY)
    return [Entry(file.file_id, file.name, file.getvalue)] if file else []


def within_limits(sizes: Sequence[int]) -> int:
    """How many of the first files, of these sizes in bytes, one batch may hold."""
    return sum(total <= MOST_BYTES for total in accumulate(sizes[:MOST_FILES]))

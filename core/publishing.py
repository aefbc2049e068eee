"""What may be done to a model that was published from a run here: named anew, noted on, withdrawn.

The card of such a model names its run. The models that came with Lightbox name none, and nothing
here touches them.
"""

import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from core.annotation_records import plain_line
from core.jobs.records import write_json
from core.models import BadModel, ModelCard, catalogue

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")
ASIDE, FORGOTTEN_S = ".aside", 3600  # no change of a model takes that long
MOST_NAME, MOST_TITLE, MOST_SUMMARY, MOST_NOTES = 60, 80, 300, 2000


def require_free(root: Path, task: str, name: str, run: str) -> None:
    """See whether `run` may publish under a name: a new one, or one that it published under before.

    Raises BadModel.
    """
    require_name(name)
    folder = root / task / name
    if not folder.exists():
        return
    try:
        before = ModelCard.read(folder).details.get("run")
    except BadModel:
        before = None
    if before is None or before != run:
        whose = f"the run {before}" if before else "another source"
        raise BadModel(
            f"There is another {task} model named {name}, from {whose}: choose another name."
        )


def require_name(name: str) -> None:
    """Raises BadModel unless `name` can be that of a folder on any machine."""
    if not NAME.fullmatch(name):
        raise BadModel(
            f"A model's name has up to {MOST_NAME} letters (a to z), digits, hyphens and "
            f"underscores, and begins with a letter or a digit: {plain_line(name)[:MOST_NAME]!r} "
            "does not."
        )


def checked_words(name: str, title: str, summary: str) -> dict[str, str]:
    """What a card says of a model that is called so; its name stands for a title that is missing.

    Raises BadModel when the name cannot be or the words are too many.
    """
    require_name(name)
    words = {"name": name, "title": plain_line(title) or name, "summary": plain_line(summary)}
    for what, most in (("title", MOST_TITLE), ("summary", MOST_SUMMARY)):
        if len(words[what]) > most:
            raise BadModel(f"The {what} has {len(words[what]):,} characters: use at most {most:,}.")
    return words


def made_here(root: Path) -> list[ModelCard]:
    """The cards of the models that were published from runs, the newest first."""
    cards = [card for card in catalogue(root) if card.details.get("run")]
    return sorted(cards, key=lambda card: str(card.details.get("date")), reverse=True)


def rename(card: ModelCard, name: str, title: str, summary: str) -> ModelCard:
    """Give a model another name, title and summary, and return its card.

    All its files go along. Whoever looks meanwhile finds the model under one name or under both.
    Raises BadModel when it was not published here, the words do not fit, or the name is taken.
    """
    now = _current(card)
    words = checked_words(name, title, summary)
    if name == card.folder.name:
        return _rewritten(now, words)
    target = card.folder.with_name(name)
    if target.exists():
        raise BadModel(f"There is another {card.task} model named {name}: choose another name.")
    with _writing(card), _aside(target.parent) as aside:
        copy = Path(shutil.copytree(card.folder, aside / name))
        write_json(copy / "card.json", now.details | words)
        os.rename(copy, target)
        os.rename(card.folder, aside / card.folder.name)
    return ModelCard.read(target)


def write_notes(card: ModelCard, text: str) -> ModelCard:
    """Keep up to 2,000 characters of plain text on a model in its card, and return that.

    Raises BadModel when it was not published here or the text is too long.
    """
    lines = [plain_line(line) for line in text.strip().splitlines()]
    notes = "\n".join(lines)
    if len(notes) > MOST_NOTES:
        raise BadModel(f"The notes have {len(notes):,} characters: use at most {MOST_NOTES:,}.")
    return _rewritten(_current(card), {"notes": notes})


def unpublish(card: ModelCard) -> None:
    """Take a model out of the catalogue for good; the run that it came from stays.

    Raises BadModel when it was not published here.
    """
    folder = _current(card).folder
    with _writing(card), _aside(folder.parent) as aside:
        os.rename(folder, aside / folder.name)


def _current(card: ModelCard) -> ModelCard:
    """The card as it is now, of a model that was published here."""
    if not card.folder.is_dir():
        raise BadModel(f"The model {card.name} is gone: somebody renamed or unpublished it.")
    now = ModelCard.read(card.folder)
    if not now.details.get("run"):
        raise BadModel(
            f"The model {card.name} was not published from a run here, so it can be changed from "
            "a shell alone."
        )
    return now


def _rewritten(card: ModelCard, changes: Mapping[str, str]) -> ModelCard:
    with _writing(card):
        write_json(card.folder / "card.json", card.details | changes)
    return ModelCard.read(card.folder)


@contextmanager
def _aside(task: Path) -> Iterator[Path]:
    """A folder that nobody sees, for as long as a model is changed; what was left of one where
    that was cut off goes, too."""
    for left in task.glob(f".*{ASIDE}"):
        with suppress(FileNotFoundError):
            if time.time() - left.stat().st_mtime > FORGOTTEN_S:
                shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=task, prefix=".", suffix=ASIDE) as aside:
        yield Path(aside)


@contextmanager
def _writing(card: ModelCard) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BadModel(
            f"The model {card.name} could not be changed ({error.strerror or error}): see that "
            "the folder of published models can be written and has room."
        ) from None

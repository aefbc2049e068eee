"""The published model that a run starts from.

The run keeps its card: by the time it goes on, somebody may have renamed, replaced or withdrawn
the model.
"""

from pathlib import Path

from core.jobs.records import write_json
from core.models import ModelCard, find
from trainers.progress import first_process

FROM_MODEL = "from_model"


def parent(run: Path, checkpoints: Path, task: str, name: str) -> ModelCard:
    """The card of the model that a run starts from, or has started from. Raises BadModel."""
    kept = run / FROM_MODEL
    if has_learned(run) and (kept / "card.json").exists():
        card = ModelCard.read(kept)
        if card.name == name:
            return card
    return find(checkpoints, task, name)


def keep(card: ModelCard, run: Path) -> None:
    """Keep the card in the run's folder; of several processes the first one does."""
    if first_process():
        (run / FROM_MODEL).mkdir(parents=True, exist_ok=True)
        write_json(run / FROM_MODEL / "card.json", card.details)


def has_learned(run: Path) -> bool:
    """Has the run weights of its own to go on from, so that none are read elsewhere?"""
    return (run / "last.pt").exists()

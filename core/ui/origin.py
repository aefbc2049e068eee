"""What a model has seen, in a sentence: the films that it learned from and was measured on."""

from core.models import FEW, ModelCard
from core.ui.words import plain

LESIONS = ("sketch", "lesion", "segment")  # tasks whose networks see pictures of skin, not films


def seen(task: str) -> str:
    """What the networks of a task learn from and are measured on."""
    return "pictures" if task in LESIONS else "films"


def few(card: ModelCard) -> str:
    """What follows a number that was measured on few films: " on 8 films"; else nothing."""
    return f" on {card.measured_on:,} {seen(card.task)}" if card.measured_on < FEW else ""


def measured(card: ModelCard) -> str:
    """How much a model was measured on; nothing of one that was not."""
    n, films = card.measured_on, f"validation {seen(card.task)}"
    if not n:
        return ""
    if n < FEW:
        return f"Measured on no more than {n:,} {films}, so it may be much better or worse."
    return f"Measured on {n:,} {films}."


def learned(card: ModelCard) -> str | None:
    """What a model learned from that was trained here; None of those that came with Lightbox."""
    if not card.details.get("run"):
        return None
    data, films = card.details.get("training_data", {}), seen(card.task)
    return (
        f"It was trained here, on {data.get('n', 0):,} {films} "
        f"({plain(str(data.get('name', 'source not stated')))}), and measured on "
        f"{card.measured_on:,}, so of anything unlike them it knows nothing."
    )

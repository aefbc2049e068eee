"""What a published classifier says of pictures of skin lesions."""

import numpy as np

from core.classify import softmax, tempered
from core.lesions import network_input
from core.models import Model, Outputs

BATCH = 64  # pictures at a time, so that a thousand need no more memory than these


def probabilities(model: Model, squares: np.ndarray) -> np.ndarray:
    """Pictures (N, 128, 128, 3) uint8 → (N, 7) probabilities of `core.lesions.CODES`, calibrated.

    They speak as if all seven diagnoses were equally common, which they are on no one's skin.
    """
    logits = np.concatenate([found.logits for found in _read(model, squares)])
    return tempered(softmax(logits), model.card.temperature)


def embeddings(model: Model, squares: np.ndarray) -> np.ndarray:
    """Pictures (N, 128, 128, 3) uint8 → (N, E) what the network's last layer reads of them, by
    which two sets of pictures can be compared."""
    return np.concatenate([found.embedding for found in _read(model, squares)])


def _read(model: Model, squares: np.ndarray) -> list[Outputs]:
    return [
        model.predict(network_input(squares[begin : begin + BATCH]))
        for begin in range(0, len(squares), BATCH)
    ]

"""The numbers behind the exhibits of the Pitfalls page, computed anew from the data packs."""

from collections.abc import Iterable

from core.models import Model
from core.networks import torchvision_operators  # noqa: F401  (must precede any import of timm)


def versions(models: Iterable[Model]) -> list[dict[str, str]]:
    """Rows that tell these models from others that are published under their names later."""
    return [{"model": model.card.name, "version": model.card.version} for model in models]

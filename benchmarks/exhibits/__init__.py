"""The numbers behind the exhibits of the Pitfalls page, computed anew from the data packs."""

from core.networks import torchvision_operators  # noqa: F401  (must precede any import of timm)

"""The torch modules, one family a file: the only part of `core` that imports torch at the top."""

from core.networks import torchvision_operators  # noqa: F401  (must precede any import of timm)

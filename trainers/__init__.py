"""Command lines that learn a model and publish it. They run without Streamlit."""

from core.networks import torchvision_operators  # noqa: F401  (must precede any import of lightning)

"""Pieces of pages: the only part of core that imports streamlit."""

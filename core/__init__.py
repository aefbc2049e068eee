"""The library: NumPy in, NumPy out. It never imports Streamlit (core.ui excepted)."""

"""Command lines that learn a model and publish it. They run without Streamlit."""

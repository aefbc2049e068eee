"""What the figures of the exhibits have in common."""

import streamlit as st

DASHES = ("solid", "dash", "dot", "dashdot")
SYMBOLS = ("circle", "square", "diamond", "cross")
PATTERNS = ("", "/", "x", ".")


def empty(height: int = 340):
    """A figure without content."""
    from plotly.graph_objects import Figure  # takes long to import; the words must not wait

    return Figure(
        layout={
            "height": height,
            "colorway": st.get_option("theme.chartCategoricalColors"),
            "margin": {"l": 10, "r": 10, "t": 10, "b": 10},
            "legend": {"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0},
        }
    )


def colour(at: int) -> str:
    """The theme's colour of the series with this number."""
    colours = st.get_option("theme.chartCategoricalColors")
    return colours[at % len(colours)]


def band(figure, x, low, high, at: int) -> None:
    """A shaded range around the series with this number."""
    red, green, blue = (int(colour(at)[k : k + 2], 16) for k in (1, 3, 5))
    figure.add_scatter(
        x=[*x, *reversed(x)],
        y=[*high, *reversed(low)],
        fill="toself",
        mode="lines",
        line={"width": 0},
        fillcolor=f"rgba({red}, {green}, {blue}, 0.2)",
        hoverinfo="skip",
        showlegend=False,
    )


def draw(figure, key: str, alt: str) -> None:
    """Show a figure; `alt` says in words what it shows."""
    st.plotly_chart(figure, key=key, alt=alt, config={"displayModeBar": False})

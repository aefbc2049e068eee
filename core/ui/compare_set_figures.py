"""The frame of every figure on a labelled set: colours and dashes of the models, and the button
that downloads it as a picture."""

import streamlit as st

FORMAT = "compare-set-format"
FORMATS = {"png": "PNG", "svg": "SVG"}
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
SYMBOLS = ("circle", "square", "diamond", "cross", "triangle-up", "x")
PATTERNS = ("", "/", "x", ".", "-", "|")
FONT = "Helvetica, Arial, sans-serif"  # a downloaded picture cannot bring the page's own along
GREY = "#808080"  # seen on both themes
PNG_SCALE = 3  # dots a pixel, enough for a slide


def empty(height: int):
    """A figure without content."""
    from plotly.graph_objects import Figure  # takes long to import; the page must not wait

    return Figure(
        layout={
            "height": height,
            "font": {"family": FONT},
            "colorway": st.get_option("theme.chartCategoricalColors"),
            "margin": {"l": 10, "r": 40, "t": 10, "b": 10},  # right: room for the camera
            "legend": {"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0},
        }
    )


def square(height: int, x_title: str, y_title: str):
    """A figure of two shares, both from 0 to 100 %."""
    axis = {"range": [-0.02, 1.02], "tickformat": ".0%", "constrain": "domain", "zeroline": False}
    figure = empty(height)
    figure.update_layout(xaxis={**axis, "title": x_title}, yaxis={**axis, "title": y_title})
    return figure


def colour(at: int) -> str:
    """The colour of the model, or series, with this number."""
    colours = st.get_option("theme.chartCategoricalColors")
    return colours[at % len(colours)]


def line(at: int) -> dict:
    """How the curve of the model with this number is drawn: by colour and by dash."""
    return {"color": colour(at), "dash": DASHES[at % len(DASHES)], "width": 2}


def marker(at: int, size: int = 9) -> dict:
    """How a point of the model with this number is drawn: by colour and by shape."""
    return {"color": colour(at), "symbol": SYMBOLS[at % len(SYMBOLS)], "size": size}


def choose_format() -> None:
    """Let the visitor choose what the figures are downloaded as."""
    st.segmented_control(
        "Picture format",
        list(FORMATS),
        format_func=FORMATS.get,
        default="png",
        required=True,
        key=FORMAT,
        persist_state="session",
        help="The camera above each figure downloads it: PNG for slides, SVG for print, which "
        "stays sharp at any size.",
    )


def draw(figure, key: str, alt: str) -> None:
    """Show a figure with the button that downloads it; `alt` says in words what it shows."""
    form = st.session_state.get(FORMAT, "png")
    picture = {"format": form, "filename": f"lightbox-{key}"}
    if form == "png":
        picture["scale"] = PNG_SCALE
    st.plotly_chart(
        figure,
        key=f"compare-set-{key}-{form}",
        alt=alt,
        config={
            "displayModeBar": True,
            "displaylogo": False,
            "modeBarButtons": [["toImage"]],
            "toImageButtonOptions": picture,
        },
    )

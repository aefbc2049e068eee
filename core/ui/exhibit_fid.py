"""Pitfall: a Fréchet distance of a few pictures."""

import streamlit as st

from core.exhibits import fid
from core.exhibits.fid import FEATURES, Distances
from core.settings import Settings
from core.ui import exhibit_charts

TITLE = "A distance of 32 pictures"
QUESTION = (
    "A generator's FID on one batch of 32 pictures is 619: is that bad, and would another 32 say "
    "the same?"
)
SO_WHAT = (
    "A Fréchet distance of few pictures is mostly the error of its own estimate, and in other "
    "features it is another number with another scale. Compare distances only where network, layer "
    "and number of pictures are the same, and print beside them what real pictures score."
)
FEATURE_TITLES = {
    "imagenet_pooled": "ImageNet network, pooled features (1,280)",
    "imagenet_logits": "ImageNet network, logits (1,000)",
    "lesion_mobilenetv2": "Our lesion/mobilenetv2, pooled features (1,280)",
    "lesion_resnet18": "Our lesion/resnet18, pooled features (512)",
}
TICKS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000]
PICTURES = {
    "cgan_seed": "Conditional GAN, the first idea",
    "cgan_half": "Conditional GAN with half the noise",
    "cgan": "Conditional GAN",
    "other_real": "Real photos of other lesions",
}


def show(settings: Settings) -> None:
    """The number of pictures, the features, the distances, and the curve."""
    features = st.selectbox(
        "Measured in",
        FEATURES,
        format_func=FEATURE_TITLES.get,
        key="fid-features",
        help="FID as published uses the pooled features of an Inception network, before its last "
        "layer; logits come after it.",
    )
    found = {name: fid.distances()[features, name] for name in PICTURES}
    counts = [one.n for one in found["cgan"]]
    n = st.select_slider("Number of pictures of either kind", counts, value=32, key="fid-n")
    at = counts.index(n)
    with st.container(horizontal=True, gap="medium"):
        for name, title in PICTURES.items():
            mean, spread = _written(found[name][at].mean), _spread(found[name][at])
            st.metric(title, mean, help=spread, width="content")
    _figure(found, at)
    st.markdown(_said(found, at))
    _caption(counts[-1], len(found["cgan"][0].draws))


def _written(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _spread(distances: Distances) -> str:
    if len(distances.draws) == 1:
        return f"All {distances.n} pictures: a single draw."
    low, high = map(_written, distances.spread)
    return f"From {low} to {high} in {len(distances.draws)} draws of {distances.n}."


def _figure(found: dict[str, list[Distances]], at: int) -> None:
    """Distance against the number of pictures, both on log axes, with the range of the draws."""
    figure = exhibit_charts.empty(400)
    for series, (name, title) in enumerate(PICTURES.items()):
        counts = [one.n for one in found[name]]
        lows, highs = zip(*(one.spread for one in found[name]), strict=True)
        exhibit_charts.band(figure, counts, lows, highs, series)
        figure.add_scatter(
            x=counts,
            y=[one.mean for one in found[name]],
            name=title,
            mode="lines+markers",
            line={
                "dash": exhibit_charts.DASHES[series],
                "width": 2,
                "color": exhibit_charts.colour(series),
            },
            marker={
                "symbol": exhibit_charts.SYMBOLS[series],
                "size": [14 if k == at else 7 for k in range(len(counts))],
            },
            hovertemplate="%{x} pictures: %{y:.4g}<extra></extra>",
        )
    figure.add_vline(counts[at], line={"dash": "dot", "color": "gray"})
    figure.update_layout(
        xaxis={"title": "Pictures of either kind", "type": "log", "tickvals": counts},
        yaxis={"title": "Fréchet distance (lower is nearer)", "type": "log", "tickvals": TICKS},
    )
    told = "; ".join(f"{title} {_written(found[n][at].mean)}" for n, title in PICTURES.items())
    exhibit_charts.draw(
        figure, "fid-curve", f"Mean Fréchet distance of {counts[at]} pictures: {told}"
    )


def _said(found: dict[str, list[Distances]], at: int) -> str:
    """What the chosen number of pictures does to two comparisons, in sentences."""
    real, ours = found["other_real"], found["cgan"]
    n, draws, most = real[at].n, len(real[at].draws), real[-1].n
    if draws == 1:
        return (
            f"Of all {most} pictures, real photos are {_written(real[at].mean)} away from other "
            f"real photos, which is the floor, and our generator's {_written(ours[at].mean)}."
        )
    better, worse = sorted(("cgan", "cgan_half"), key=lambda name: found[name][-1].mean)
    turned = [fid.turned(*pair) for pair in zip(found[better], found[worse], strict=True)]
    names = f"“{PICTURES[better]}” and “{PICTURES[worse]}”"
    if turned[at]:
        order = f"The order of {names} is turned in **{turned[at]} of {draws}**."
    else:
        often = max(turned)
        counts = [one.n for one in found[better]]
        order = f"Of so many, the order of {names} holds in every draw" + (
            f"; of {counts[turned.index(often)]}, it is turned in **{often} of {draws}**."
            if often
            else "."
        )
    return (
        f"Of {n} pictures, our generator's come out nearer to real photos than **other real photos "
        f"do in {fid.turned(real[at], ours[at])} of {draws} draws**; of all {most} the real ones "
        f"are much nearer, {_written(real[-1].mean)} to {_written(ours[-1].mean)}. {order}"
    )


def _caption(most: int, draws: int) -> None:
    st.caption(
        f"Measured on the {most} validation lesions of HAM10000 that have a sketch and a "
        f"diagnosis: each number of pictures was drawn {draws} times, the same lesions for every "
        "line, and what is painted from their sketches is compared with the photos that they were "
        "traced on; the band goes from the smallest to the largest draw. Real photos are compared "
        "with as many of other lesions of the same diagnoses. The ImageNet network is a "
        "MobileNetV2, as Inception's weights are not at hand, so none of these numbers is "
        "comparable with a published FID."
    )
    st.markdown(
        "The two projects with a generator measured on batches of 32 pictures, in the 1,000 logits "
        "of Inception: **619** in the notebook of the skin lesions and **560** in its report, "
        "**691** for knees. These numbers are theirs; nobody can tell from them which generator is "
        "better."
    )
